"""The logs inside tar and zip archives: read as streams, never unpacked, and nothing followed that leads elsewhere."""

from __future__ import annotations

import io
import tarfile
import zipfile
from array import array
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise
from pathlib import PurePosixPath
from typing import Any, BinaryIO, cast

from tdxwhy.files import shown
from tdxwhy.noun import NamedTuple
from tdxwhy.read.tar import streamed
from tdxwhy.read.zipped import Listed, listed

# Members of one archive, and how much one may grow beyond what is free: what is beyond was made to exhaust its reader.
_MEMBERS, _RATIO = 1_000_000, 300
_FREE = 256 << 20
_STEP = 16 << 10
# The least that stands before a member's bytes (APPNOTE.TXT, 4.3.7).
_LOCAL_HEADER = 30


class Member(NamedTuple):
    """One log in an archive; `packed` is how many bytes it takes of one that is not read from its beginning to its end."""

    name: str
    stream: BinaryIO
    packed: int = 0


class Refused(NamedTuple):
    """A member that is not read, and why."""

    name: str
    why: str


class Guarded(io.RawIOBase):
    """A member's bytes up to where the archive breaks; `trouble` then says how."""

    def __init__(self, stream: BinaryIO) -> None:
        self.trouble = ""
        self._stream = stream

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - as io declares it
        """Fill a buffer by small steps: a step that breaks is lost."""
        view = memoryview(buffer).cast("B")[:_STEP]
        try:
            data = self._stream.read(len(view)) if not self.trouble else b""
        except Exception as error:  # noqa: BLE001 - over broken bytes the libraries raise whatever comes to them
            self.trouble, data = type(error).__name__, b""
        view[: len(data)] = data
        return len(data)


def members(kind: str, stream: BinaryIO) -> Iterator[Member | Refused]:
    """Yield the files of an archive in its own order; each stream is to be read before the next is asked for."""
    try:
        yield from _tar(stream) if kind == "tar" else _zip(stream)
    except Exception as error:  # noqa: BLE001 - as above
        yield Refused("", f"the rest of the archive is cut or broken ({type(error).__name__})")


def _tar(stream: BinaryIO) -> Iterator[Member | Refused]:
    # Headers are read one by one: nothing is remembered of a million members.
    with streamed(stream) as archive:
        for number, entry in enumerate(archive):
            archive.members = []  # type: ignore[attr-defined] # tarfile keeps every header otherwise
            if number >= _MEMBERS:
                yield Refused("", f"more than {_MEMBERS} members")
                return
            if entry.isdir():
                continue
            why = _unsafe(entry.name) or _tar_trouble(entry)
            content = archive.extractfile(entry) if not why else None
            if content is None:
                yield Refused(_named(entry.name, number), why or "no content")
            else:
                yield Member(shown(entry.name), cast(BinaryIO, content))


def _tar_trouble(entry: tarfile.TarInfo) -> str:
    if not entry.isreg():
        return "a link or a device"
    return "expands beyond measure" if entry.issparse() and entry.size > _FREE else ""


def _zip(stream: BinaryIO) -> Iterator[Member | Refused]:
    with Listed(stream) as archive:
        if why := _zip_bomb(listed(stream)):
            yield Refused("", why)
            return
        for number, entry in enumerate(listed(stream)):
            if number >= _MEMBERS:
                yield Refused("", f"more than {_MEMBERS} members")
                return
            if entry.filename.endswith("/"):
                continue
            try:
                why = _unsafe(entry.filename) or _zip_trouble(entry)
                content = archive.open(entry) if not why else None
            except Exception as error:  # noqa: BLE001 - a broken member is not the end of those behind it
                why, content = f"cut or broken ({type(error).__name__})", None
            if content is None:
                yield Refused(_named(entry.filename, number), why)
                continue
            with content:
                yield Member(shown(entry.filename), cast(BinaryIO, content), _LOCAL_HEADER + len(entry.filename) + entry.compress_size)


def _zip_bomb(entries: Iterable[zipfile.ZipInfo]) -> str:
    """Tell why an archive is refused as a whole: its members share bytes, or they are worth too much for its size together."""
    begins, ends = array("Q"), array("Q")
    worth = size = 0
    for entry in islice(entries, _MEMBERS):
        begins.append(entry.header_offset)
        ends.append(entry.header_offset + _LOCAL_HEADER + entry.compress_size)
        worth, size = worth + entry.file_size, size + entry.compress_size
    places = sorted(range(len(begins)), key=begins.__getitem__)
    if any(ends[one] > begins[other] for one, other in pairwise(places)):
        return "members that overlap"
    return "expands beyond measure" if worth > _FREE and worth > size * _RATIO else ""


def _zip_trouble(entry: zipfile.ZipInfo) -> str:
    if (entry.external_attr >> 28) == 0o12:
        return "a link or a device"
    if entry.flag_bits & 1:
        return "encrypted"
    if entry.file_size > _FREE and entry.file_size > entry.compress_size * _RATIO:
        return "expands beyond measure"
    return ""


def _named(name: str, number: int) -> str:
    return shown(name) or f"member {number + 1}"


def _unsafe(name: str) -> str:
    if not name:
        return "no name"
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or (len(name) > 1 and name[1] == ":"):
        return "an absolute path"
    return "a path that leads out of the archive" if ".." in path.parts else ""
