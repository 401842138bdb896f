"""Open what a log is kept in, a file, a pipe, plain or compressed, and give its bytes in blocks of bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from io import BufferedIOBase, RawIOBase
from mmap import mmap
from os import PathLike

from tdxwhy.errors import TdxwhyError, reason
from tdxwhy.files import reading
from tdxwhy.hints import Any, BinaryIO, cast
from tdxwhy.read.expand import compression_of, expanded, whole
from tdxwhy.read.text import BLOCK
from tdxwhy.records import Loss, Place

_CHUNK = 1 << 14
# pipe(7): the default of /proc/sys/fs/pipe-max-size.
_PIPE = 1 << 20
# A log shrinks to a twentieth, seldom to a hundredth. What grows more than this is made to exhaust its reader.
_FREE, _RATIO = 256 << 20, 300


class Opened:
    """A source of bytes: `head` is its beginning, `readinto` gives all of it, `losses` tells afterwards what was lost."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.name = name
        self.losses: list[Loss] = []
        self._stream, self._taken, self._made = stream, 0, 0
        _widen(stream)
        first = self._take(BLOCK)
        self.compression = compression_of(first)
        content = whole(self.compression, first, BLOCK) if self.compression and len(first) < BLOCK else None
        self._parts: Iterator[bytes] = (
            self._expanded(first) if self.compression and content is None else iter((first if content is None else content,))
        )
        self.head = self._gathered()
        self._pending = memoryview(self.head)

    def readinto(self, buffer: memoryview) -> int:
        """Fill a buffer with what comes next, up to the end or to where the input breaks; return how much it is."""
        filled = 0
        while filled < len(buffer):
            if not self._pending:
                if not self.compression:
                    return filled + self._filled(buffer[filled:])
                self._pending = memoryview(next(self._parts, b""))
                if not self._pending:
                    break
            size = min(len(self._pending), len(buffer) - filled)
            buffer[filled : filled + size] = self._pending[:size]
            self._pending, filled = self._pending[size:], filled + size
        self._made += filled
        if self._made > _FREE and self._made > self._taken * _RATIO:
            self._lose("rest of an input that expands beyond measure")
            self._pending, self._parts = memoryview(b""), iter(())
        return filled

    def blocks(self) -> Iterator[bytes]:
        """Yield all of it in pieces."""
        buffer = paged(BLOCK)
        while size := self.readinto(buffer):
            yield bytes(buffer[:size])

    def _gathered(self) -> bytes:
        parts, missing = [], BLOCK
        for part in self._parts:
            parts.append(part)
            missing -= len(part)
            if missing <= 0:
                break
        return b"".join(parts)

    def _expanded(self, first: bytes) -> Iterator[bytes]:
        try:
            yield from expanded(self.compression, self._chunks(first))
        except Exception as error:  # noqa: BLE001 - each library has its own, and all of them mean that the input broke off
            self._lose(f"rest of a {self.compression} stream that is cut or broken ({type(error).__name__})")

    def _chunks(self, block: bytes) -> Iterator[bytes]:
        while block:
            yield from (block[start : start + _CHUNK] for start in range(0, len(block), _CHUNK))
            block = self._take(BLOCK)

    def _take(self, size: int) -> bytes:
        parts, missing = [], size
        while missing and (part := self._stream.read(missing)):
            parts.append(part)
            missing -= len(part)
        self._taken += size - missing
        return b"".join(parts)

    def _filled(self, buffer: memoryview) -> int:
        filled = 0
        while filled < len(buffer) and (size := cast(BufferedIOBase, self._stream).readinto(buffer[filled:])):
            filled += size
        return filled

    def _lose(self, what: str) -> None:
        self.losses.append(Loss(what, 1, Place(self.name)))


class Raw(RawIOBase):
    """What is opened, as a raw stream for libraries that want one; `size` is how much of it they have read."""

    def __init__(self, opened: Opened) -> None:
        self.size = 0
        self._opened = opened

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - as io declares it
        """Fill a buffer."""
        read = self._opened.readinto(memoryview(buffer).cast("B"))
        self.size += read
        return read


def _widen(stream: BinaryIO) -> None:
    """Let a pipe hold as much as Linux gives to anybody, so that who writes and who reads take turns less often; leave all else alone."""
    with suppress(ImportError, AttributeError, OSError, ValueError):
        import fcntl

        fcntl.fcntl(stream.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)


def paged(size: int) -> memoryview:
    """Return a buffer that begins with a page. One that begins up to 31 bytes behind, as a bytearray does, is filled five times as slowly.

    So it is where the kernel copies by `rep movsb` to addresses whose last 12 bits lie just behind the source's (measured on AMD EPYC,
    reading a file of 2 GB: 1.7 and 9.7 GB/s).
    """
    return memoryview(mmap(-1, size))


def open_path(path: str | PathLike[str]) -> BinaryIO:
    """Open a file, or say in one line why not."""
    try:
        return reading(path)
    except IsADirectoryError:
        raise TdxwhyError(f"{path}: is a directory") from None
    except OSError as error:
        raise TdxwhyError(f"{path}: {reason(error)}") from error
