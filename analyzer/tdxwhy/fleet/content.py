"""A source's bytes, and the digest by which the store knows whether it has them."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from tdxwhy.files import descriptor
from tdxwhy.fleet import counters
from tdxwhy.fleet.part import digest_of
from tdxwhy.fleet.sources import STDIN, Source
from tdxwhy.read.opening import paged

ZIP_MAGIC = b"PK\x03\x04"
_WHOLE = 1 << 20


class Content:
    """An open source. The digest is known at once, or of a stream only when it has been read."""

    def __init__(self, stream: BinaryIO, digest: str | None, size: int | None) -> None:
        self.stream, self.digest, self._size = stream, digest, size

    def size(self) -> int:
        """Return how many bytes there were."""
        return self._size if self._size is not None else cast(_Hashed, self.stream).size

    def final(self) -> str:
        """Return the digest of all of it, be it that a reader gave up earlier."""
        if self.digest is not None:
            return self.digest
        while self.stream.read(_WHOLE):
            pass
        return cast(_Hashed, self.stream).hexdigest()


class _CountingStream(io.RawIOBase):
    """A stream whose bytes are counted while it is read."""

    def __init__(self, stream: BinaryIO) -> None:
        self.size = 0
        self._stream = stream

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def fileno(self) -> int:
        """Return the number of the file."""
        return self._stream.fileno()

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - as io declares it
        """Fill a buffer."""
        read = int(self._stream.readinto(buffer))  # type: ignore[attr-defined]
        self.size += read
        counters.add(read)
        return read


class _Hashed(_CountingStream):
    """A stream that is digested too."""

    def __init__(self, stream: BinaryIO) -> None:
        import xxhash

        super().__init__(stream)
        self._state = xxhash.xxh3_128()

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - as io declares it
        """Fill a buffer and digest what came."""
        view = memoryview(buffer).cast("B")
        read = super().readinto(view)
        self._state.update(view[:read])
        return read

    def hexdigest(self) -> str:
        """Return the digest so far."""
        return self._state.hexdigest()


def whole(source: Source) -> bytes | None:
    """Return all of a small file or object that is as large as it was listed; None of any other source."""
    if not 0 < source.size < _WHOLE:
        return None
    if "://" in source.path:
        from tdxwhy.fleet.objects import fetched

        data = fetched(source.path)
    else:
        handle = os.open(source.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = os.read(handle, source.size + 1)
        finally:
            os.close(handle)
    return data if len(data) == source.size else None


@contextmanager
def ahead(sources: Sequence[Source], following: Sequence[Source]) -> Iterator[None]:
    """Have the small objects among sources at hand for as long as this lasts, and those that follow under way."""
    own, next_ones = ([one.path for one in some if "://" in one.path and 0 < one.size < _WHOLE] for some in (sources, following))
    if not own and not next_ones:
        yield
        return
    from tdxwhy.fleet import objects

    objects.ahead([*own, *next_ones])
    try:
        yield
    finally:
        objects.forget(own)


@contextmanager
def opened(source: Source, sizes: Collection[int]) -> Iterator[Content]:
    """Open a source: a file as a whole if it is small, a pipe or standard input as a stream.

    A large file is read twice where it has one of the `sizes` that the store knows, so that nothing is parsed of one that it has.
    """
    if source.path == STDIN:
        yield Content(cast(BinaryIO, _Hashed(sys.stdin.buffer)), None, None)
        return
    if "://" in source.path:
        yield _object(source)
        return
    handle = descriptor(source.path)
    try:
        size = os.fstat(handle).st_size
        if 0 < size < _WHOLE:
            data = os.read(handle, size + 1)
            yield Content(io.BytesIO(data), digest_of(data), len(data))
            return
        file = cast(BinaryIO, io.FileIO(handle, closefd=False))
        if size and os.pread(handle, len(ZIP_MAGIC), 0) == ZIP_MAGIC:
            # It is not read from its beginning to its end.
            yield Content(file, _digested(handle), size)
        elif size in sizes:
            yield Content(cast(BinaryIO, _CountingStream(file)), _digested(handle), size)
        else:
            yield Content(cast(BinaryIO, _Hashed(file)), None, None)
    finally:
        os.close(handle)


def _object(source: Source) -> Content:
    from tdxwhy.fleet.objects import Remote, fetched

    if source.size >= _WHOLE:
        return Content(cast(BinaryIO, _Hashed(cast(BinaryIO, Remote(source.path)))), None, None)
    data = fetched(source.path)
    return Content(io.BytesIO(data), digest_of(data), len(data))


def _digested(handle: int) -> str:
    """Digest a file with plain reads: what is mapped and then cut short by somebody else would kill the process."""
    import xxhash

    state, buffer, at = xxhash.xxh3_128(), paged(_WHOLE), 0
    while read := os.preadv(handle, [buffer], at):
        state.update(buffer[:read])
        at += read
    return state.hexdigest()
