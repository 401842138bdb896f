"""A zip archive's list of members, read piece by piece: `zipfile` makes an object of each of a million before the first is read."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from typing import IO

# APPNOTE.TXT, 4.3.12, 4.3.14 to 4.3.16: an entry of the list, its end, and what says where the end of a large archive's is.
_ENTRY = struct.Struct("<4s4B4H3L5H2L")
_END, _LARGE_END, _LOCATOR = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")
_COMMENT = 1 << 16
_PIECE = 1 << 20
_UTF8, _LARGE = 1 << 11, 1
_UNTOLD = 0xFFFFFFFF


class Listed(zipfile.ZipFile):
    """An archive whose members are opened by what `listed` tells of them."""

    def _RealGetContents(self) -> None:  # noqa: N802 - zipfile's own name for it
        """Read no list."""


def listed(stream: IO[bytes]) -> Iterator[zipfile.ZipInfo]:
    """Yield what an archive's list tells of each member; the stream may be read elsewhere meanwhile."""
    at, end, moved = _list_of(stream)
    data, place = b"", 0
    while at + place < end:
        if len(data) - place < min(_ENTRY.size + 3 * _COMMENT, end - at - place):
            at, place = at + place, 0
            stream.seek(at)
            data = stream.read(min(_PIECE, end - at))
        head = _ENTRY.unpack_from(data, place) if len(data) - place >= _ENTRY.size else (b"",)
        if head[0] != b"PK\x01\x02":
            raise zipfile.BadZipFile("a list that is cut or broken")
        lengths = head[12:15]
        begin = place + _ENTRY.size
        place = begin + sum(lengths)
        if place > len(data):
            raise zipfile.BadZipFile("a list that is cut or broken")
        yield _member(head, data[begin : begin + lengths[0]], data[begin + lengths[0] : begin + lengths[0] + lengths[1]], moved)


def _list_of(stream: IO[bytes]) -> tuple[int, int, int]:
    """Return where the list of members begins and ends, and how far the archive is moved by what stands before it."""
    size = stream.seek(0, 2)
    begin = max(0, size - _COMMENT - _END.size)
    stream.seek(begin)
    tail = stream.read()
    found = tail.rfind(b"PK\x05\x06")
    if found < 0 or len(tail) - found < _END.size:
        raise zipfile.BadZipFile("no end of a list")
    *_, length, offset, _ = _END.unpack_from(tail, found)
    end = begin + found
    if found >= _LOCATOR.size and end >= _LOCATOR.size + _LARGE_END.size and tail.startswith(b"PK\x06\x07", found - _LOCATOR.size):
        stream.seek(end - _LOCATOR.size - _LARGE_END.size)
        told = stream.read(_LARGE_END.size)
        if told.startswith(b"PK\x06\x06") and len(told) == _LARGE_END.size:
            *_, length, offset = _LARGE_END.unpack(told)
            end -= _LOCATOR.size + _LARGE_END.size
    if length > end or offset > end - length:
        raise zipfile.BadZipFile("a list that begins before the archive")
    return end - length, end, end - length - offset


def _member(head: tuple[int, ...], name: bytes, extra: bytes, moved: int) -> zipfile.ZipInfo:
    _, made, system, wanted, _, flags, way, _, _, crc, packed, whole, *_, attributes, offset = head
    found = zipfile.ZipInfo(name.decode("utf-8" if flags & _UTF8 else "cp437"))
    packed, whole, offset = _large(extra, packed, whole, offset)
    found.create_version, found.create_system, found.extract_version = made, system, wanted
    found.flag_bits, found.compress_type, found.CRC, found.external_attr = flags, way, crc, attributes
    found.compress_size, found.file_size, found.header_offset = packed, whole, offset + moved
    return found


def _large(extra: bytes, packed: int, whole: int, offset: int) -> tuple[int, int, int]:
    """Return sizes and place, those of an archive beyond 4 GiB from its extra field."""
    if _UNTOLD not in (packed, whole, offset):
        return packed, whole, offset
    at, told = 0, b""
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == _LARGE:
            told = extra[at + 4 : at + 4 + length]
        at += 4 + length
    numbers = iter(struct.unpack(f"<{len(told) // 8}Q", told[: len(told) // 8 * 8]))
    whole = next(numbers, whole) if whole == _UNTOLD else whole
    packed = next(numbers, packed) if packed == _UNTOLD else packed
    return packed, whole, next(numbers, offset) if offset == _UNTOLD else offset
