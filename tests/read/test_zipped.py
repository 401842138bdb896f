"""The list of a zip's members, read piece by piece, is the one that zipfile reads at once."""

from __future__ import annotations

import io
import random
import struct
import zipfile

import pytest

from tdxwhy.fleet.archive import Member, Refused, members
from tdxwhy.read.zipped import listed

TOLD = ("filename", "orig_filename", "flag_bits", "compress_type", "CRC", "compress_size", "file_size", "header_offset", "external_attr")


def made(seed: int) -> io.BytesIO:
    """Return an archive of any kind: moved by what stands before it, of large members, with comments and fields."""
    one = random.Random(seed)
    out = io.BytesIO(b"#! begins\n" * one.randrange(3))
    with zipfile.ZipFile(out, "a", one.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as archive:
        for number in range(one.randrange(12)):
            entry = zipfile.ZipInfo(f"{one.choice(['a', 'ä', '日本', 'd/e'])}{number}")
            entry.extra, entry.comment = one.choice([b"", b"xx\x04\x001234"]), b"c" * one.randrange(5)
            entry.external_attr = one.randrange(1 << 32)
            with archive.open(entry, "w", force_zip64=one.random() < 0.3) as file:
                file.write(b"y" * one.randrange(100))
        archive.comment = b"k" * one.randrange(30)
    return out


@pytest.mark.parametrize("seed", range(40))
def test_the_list_is_the_one_that_zipfile_reads(seed: int) -> None:
    stream = made(seed)
    with zipfile.ZipFile(stream) as archive:
        assert [[getattr(one, name) for name in TOLD] for one in listed(stream)] == [
            [getattr(one, name) for name in TOLD] for one in archive.infolist()
        ]


def test_no_more_of_a_list_is_read_than_is_asked_for() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(30_000):
            archive.writestr(f"{'n' * 90}{number}", b"")
    found = listed(stream)
    assert next(found).filename.endswith("n0")
    assert stream.tell() < len(stream.getvalue()) - (1 << 20)
    assert sum(1 for _ in found) == 29_999


@pytest.mark.parametrize("seed", range(40))
def test_a_broken_list_is_told_of(seed: int) -> None:
    data = bytearray(made(7).getvalue())
    one = random.Random(seed)
    for _ in range(3):
        data[one.randrange(len(data) // 2, len(data))] = one.randrange(256)
    for member in members("zip", io.BytesIO(bytes(data))):
        if isinstance(member, Member):
            assert len(member.name) < 1 << 17
        else:
            assert isinstance(member, Refused)
            assert member.why


@pytest.mark.parametrize("offset", [0, 1 << 40, (1 << 64) - 1])
def test_a_locator_with_nothing_before_it_is_told_as_any_broken_list(offset: int) -> None:
    end = b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 1, 1, 46, 0, 0)
    archive = io.BytesIO(b"PK\x03\x04" + b"PK\x06\x07" + struct.pack("<LQL", 0, offset, 1) + end)
    with pytest.raises(zipfile.BadZipFile):
        list(listed(archive))
    assert [type(one) for one in members("zip", archive)] == [Refused]
