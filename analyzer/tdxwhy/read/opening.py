"""Open what a log is kept in, a file, a pipe, plain or compressed, and give its bytes in blocks of bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tdxwhy.errors import TdxwhyError
from tdxwhy.read.expand import compression_of, expanded
from tdxwhy.records import Loss, Place

BLOCK = 1 << 20
_CHUNK = 1 << 14
# A log shrinks to a twentieth, seldom to a hundredth. What grows more than this is made to exhaust its reader.
_FREE, _RATIO = 256 << 20, 300


class Opened:
    """A source of bytes: `head` is its beginning, `blocks()` gives all of it, `losses` tells afterwards what was lost."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.name = name
        self.losses: list[Loss] = []
        self._stream, self._taken = stream, 0
        first = self._take(BLOCK)
        self.compression = compression_of(first)
        self._parts = self._expanded(first) if self.compression else self._rest(first)
        self.head = self._gathered()

    def blocks(self) -> Iterator[bytes]:
        """Yield the bytes, block by block, up to the end or to where the input breaks."""
        block, made = self.head, 0
        while block:
            made += len(block)
            yield block
            if self.compression and made > _FREE and made > self._taken * _RATIO:
                self._lose("rest of an input that expands beyond measure")
                return
            block = self._gathered()

    def _gathered(self) -> bytes:
        parts, missing = [], BLOCK
        for part in self._parts:
            parts.append(part)
            missing -= len(part)
            if missing <= 0:
                break
        return b"".join(parts)

    def _rest(self, first: bytes) -> Iterator[bytes]:
        while first:
            yield first
            first = self._take(BLOCK)

    def _expanded(self, first: bytes) -> Iterator[bytes]:
        chunks = (block[start : start + _CHUNK] for block in self._rest(first) for start in range(0, len(block), _CHUNK))
        try:
            yield from expanded(self.compression, chunks)
        except Exception as error:  # noqa: BLE001 - each library has its own, and all of them mean that the input broke off
            self._lose(f"rest of a {self.compression} stream that is cut or broken ({type(error).__name__})")

    def _take(self, size: int) -> bytes:
        parts, missing = [], size
        while missing and (part := self._stream.read(missing)):
            parts.append(part)
            missing -= len(part)
        self._taken += size - missing
        return b"".join(parts)

    def _lose(self, what: str) -> None:
        self.losses.append(Loss(what, 1, Place(self.name)))


def open_path(path: Path) -> BinaryIO:
    """Open a file, or say in one line why not."""
    try:
        if path.is_dir():
            raise TdxwhyError(f"{path}: is a directory")
        return path.open("rb")
    except OSError as error:
        raise TdxwhyError(f"{path}: {(error.strerror or 'cannot be opened').lower()}") from error
