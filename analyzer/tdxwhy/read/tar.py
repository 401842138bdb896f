"""A tar archive as a stream that was perhaps made to exhaust its reader."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from functools import partial
from tarfile import ReadError, TarFile
from typing import IO, Protocol, Self, cast

# Bytes of a long name or of attributes that stand before a member: tarfile reads them into memory, whatever size they claim.
_MOST = 1 << 20
# How many of them one member may have: tarfile calls itself for each.
_CHAIN = 16
_BEFORE = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes:
        """Return so many bytes or fewer, at the end none."""


def streamed(stream: _Readable) -> TarFile:
    """Open an archive that is read once from its beginning to its end; a pipe will do."""
    return _Chained.open(fileobj=cast(IO[bytes], _Ended(stream)), mode="r|", tarinfo=_Header)


class _Ended(io.RawIOBase):
    """A stream that is read past its end once: tarfile would go on to where a cut archive says that its next member begins."""

    def __init__(self, stream: _Readable) -> None:
        self._stream, self._at_end = stream, False

    def read(self, size: int = -1) -> bytes:
        """Return what comes next, at the end nothing, and complain after that."""
        data = self._stream.read(size)
        if not data and self._at_end:
            raise EOFError
        self._at_end = not data
        return data


class _Header(tarfile.TarInfo):
    """A member's header, refused if what belongs to it is too large to be one: tarfile reads that into memory."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Read a header."""
        return cls._small(super().frombuf(buf, encoding, errors))

    @classmethod
    def fromtarfile(cls, tarfile: TarFile) -> Self:
        """Read a member's header and those before it."""
        return cls._chained(tarfile, super().fromtarfile)

    # Since the mends of 2026 Python reads headers through these, and no longer through the two above.
    @classmethod
    def _frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str, **more: object) -> Self:
        return cls._small(super()._frombuf(buf, encoding, errors, **more))  # type: ignore[misc]

    @classmethod
    def _fromtarfile(cls, tarfile: TarFile, **more: object) -> Self:
        return cls._chained(tarfile, partial(super()._fromtarfile, **more))  # type: ignore[misc]

    @classmethod
    def _small(cls, made: Self) -> Self:
        if made.type in _BEFORE and made.size > _MOST:
            raise ReadError("header too large")
        return made

    @classmethod
    def _chained(cls, tarfile: TarFile, read: Callable[[TarFile], Self]) -> Self:
        archive = cast(_Chained, tarfile)
        archive.chain += 1
        if archive.chain > _CHAIN:
            raise ReadError("too many headers")
        try:
            return read(tarfile)
        finally:
            archive.chain -= 1


class _Chained(TarFile):
    """An archive that knows how many headers of one member it is reading."""

    chain = 0
