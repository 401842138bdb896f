"""A log that is still being written: /dev/kmsg, a file that is rotated, a pipe. Lines as they come, and a sign when none does."""

from __future__ import annotations

import errno
import os
import select
import time
from collections.abc import Iterator
from pathlib import Path

from tdxwhy.errors import TdxwhyError, reason
from tdxwhy.records import Loss, Place

KMSG = Path("/dev/kmsg")
IDLE = 0.25
_BLOCK, _RECORD, _LONGEST = 1 << 16, 1 << 13, 1 << 20


class Follower:
    """Yield blocks of whole lines; an empty block says that nothing came for a while. `losses` tells what was missed."""

    def __init__(self, path: Path | None, idle: float = IDLE) -> None:
        self.losses: list[Loss] = []
        self.name = "stdin" if path is None else str(path)
        self._path, self._idle, self._rest = path, idle, b""

    def __iter__(self) -> Iterator[list[bytes]]:
        """Follow until the pipe ends; a file and the kernel's buffer never do."""
        if self._path is None:
            yield from self._pipe(0)
        elif self._path.is_char_device():
            yield from self._kmsg(self._path)
        else:
            yield from self._file(self._path)
        if self._rest:
            yield [self._rest]

    def _pipe(self, handle: int) -> Iterator[list[bytes]]:
        while True:
            if not select.select([handle], [], [], self._idle)[0]:
                yield []
                continue
            block = os.read(handle, _BLOCK)
            if not block:
                return
            yield self._lines(block)

    def _kmsg(self, path: Path) -> Iterator[list[bytes]]:
        """Read record by record, as the kernel hands them out (Documentation/ABI/testing/dev-kmsg)."""
        handle = _opened(path)
        try:
            while True:
                if not select.select([handle], [], [], self._idle)[0]:
                    yield []
                    continue
                try:
                    yield os.read(handle, _RECORD).splitlines()
                except BlockingIOError:
                    continue
                except OSError as error:
                    if error.errno != errno.EPIPE:
                        raise TdxwhyError(f"{path}: {reason(error)}") from error
                    self.losses.append(Loss("records that the kernel overwrote before they were read", 1, Place(self.name)))
        finally:
            os.close(handle)

    def _file(self, path: Path) -> Iterator[list[bytes]]:
        """Read a file from its beginning; go on with the one that takes its name, and start over where it was cut to nothing."""
        handle = _opened(path)
        try:
            while True:
                block = os.read(handle, _BLOCK)
                if block:
                    yield self._lines(block)
                    continue
                yield []
                successor = self._successor(path, handle)
                if successor is not None:
                    os.close(handle)
                    handle = successor
                else:
                    time.sleep(self._idle)
        finally:
            os.close(handle)

    def _successor(self, path: Path, handle: int) -> int | None:
        here = os.fstat(handle)
        if os.lseek(handle, 0, os.SEEK_CUR) > here.st_size:
            os.lseek(handle, 0, os.SEEK_SET)
            self._rest = b""
            return None
        try:
            found = path.stat()
            if (found.st_dev, found.st_ino) == (here.st_dev, here.st_ino):
                return None
            return os.open(path, os.O_RDONLY)
        except OSError:
            return None

    def _lines(self, block: bytes) -> list[bytes]:
        lines = (self._rest + block).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > _LONGEST:
            self.losses.append(Loss("line beyond the length limit, cut there", 1, Place(self.name)))
            self._rest = self._rest[:_BLOCK]
        return lines


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise TdxwhyError(f"{path}: {reason(error)}") from error
