from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import subprocess
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
import zstandard

from tdxwhy.fleet.query import open_fleet
from tests.fleet.fleets import boot_log, ingested

ONE, TWO = boot_log("node1", 1).encode(), boot_log("node2", 2, good=False).encode()


def tar(path: Path, *entries: tuple[str, bytes | str], mode: str = "w") -> Path:
    """Write an archive; an entry whose content is text is a symbolic link to it."""
    with tarfile.open(path, mode) as archive:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "w:bz2"])
def test_every_log_in_a_tar_archive_is_read(tmp_path, mode):
    made = tar(tmp_path / "logs.tar", ("node1/2026-11-03.log", ONE), ("node2/2026-11-04.log", gzip.compress(TWO)), mode=mode)
    summary = ingested(tmp_path / "store", made, pattern="{host}/{date}.log")
    assert summary.outcomes == {"failed": 1, "initialized": 1}
    rows = open_fleet(tmp_path / "store").ask("SELECT host, source, day(started) FROM boots ORDER BY ALL").rows
    assert rows == [("node1", "logs.tar!node1/2026-11-03.log", 3), ("node2", "logs.tar!node2/2026-11-04.log", 4)]


def test_a_zip_archive_is_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "logs.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("node1/a.log", ONE)
        archive.writestr("../../etc/cron.d/evil", TWO)
        archive.writestr("/etc/evil", TWO)
    summary = ingested(tmp_path / "store", tmp_path / "logs.zip")
    assert summary.outcomes == {"initialized": 1}
    assert {what for what, _, _ in summary.losses} == {
        "member of an archive: an absolute path",
        "member of an archive: a path that leads out of the archive",
    }


def test_links_and_paths_that_lead_elsewhere_are_refused_and_the_rest_is_read(tmp_path):
    hostile = [("/etc/passwd", TWO), ("../up.log", TWO), ("link.log", "/etc/passwd"), ("C:\\evil.log", TWO), ("good.log", ONE)]
    summary = ingested(tmp_path / "store", tar(tmp_path / "logs.tar", *hostile))
    assert summary.outcomes == {"initialized": 1}
    assert sum(pieces for _, pieces, _ in summary.losses) == 4


def test_nothing_is_unpacked(tmp_path):
    ingested(tmp_path / "store", tar(tmp_path / "logs.tar", ("a.log", ONE)))
    assert sorted(one.name for one in tmp_path.iterdir()) == ["logs.tar", "store"]


@pytest.mark.parametrize("cut", [700, 1100, 4000])
def test_a_cut_archive_gives_what_lies_before_the_cut(tmp_path, cut):
    whole = tar(tmp_path / "whole.tar", ("a.log", ONE), ("b.log", TWO * 30)).read_bytes()
    (tmp_path / "cut.tar").write_bytes(whole[:cut])
    summary = ingested(tmp_path / "store", tmp_path / "cut.tar")
    assert summary.losses or summary.boots == 2
    assert summary.unread == ()


def test_a_bomb_is_named_and_harmless(tmp_path):
    bomb = gzip.compress(bytes(400 << 20), 9)
    (tmp_path / "bomb.log.gz").write_bytes(ONE[:0] + bomb)
    (tmp_path / "good.log").write_bytes(ONE)
    summary = ingested(tmp_path / "store", tmp_path / "bomb.log.gz", tmp_path / "good.log")
    assert summary.outcomes.get("initialized") == 1
    assert summary.losses


def claiming(size: int) -> bytes:
    """Return an archive whose only member says that it is that long, and is not."""
    info = tarfile.TarInfo("huge.log")
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT) + ONE


@pytest.mark.parametrize("size", [1 << 20, 1 << 40, 1 << 60])
def test_a_member_that_claims_to_be_endless_ends_with_the_archive(tmp_path, size):
    (tmp_path / "claim.tar").write_bytes(claiming(size))
    began = time.process_time()
    summary = ingested(tmp_path / "store", tmp_path / "claim.tar")
    assert time.process_time() - began < 2
    assert any("cut or broken" in what for what, _, _ in summary.losses)


@pytest.mark.parametrize("member", ["x" * (3 << 20), "path"])
def test_headers_are_not_read_into_memory_whatever_their_size(tmp_path, member):
    info = tarfile.TarInfo(member)
    info.pax_headers = {"comment": "x" * (3 << 20)}
    info.size = len(ONE)
    with tarfile.open(
        tmp_path / "headers.tar.gz", "w:gz", format=tarfile.PAX_FORMAT if member == "path" else tarfile.GNU_FORMAT
    ) as archive:
        archive.addfile(info, io.BytesIO(ONE))
    summary = ingested(tmp_path / "store", tmp_path / "headers.tar.gz")
    assert [what for what, _, _ in summary.losses] == ["member of an archive: the rest of the archive is cut or broken (ReadError)"]


def test_holes_are_not_read_for_ever(tmp_path):
    (tmp_path / "sparse.log").write_bytes(ONE)
    os.truncate(tmp_path / "sparse.log", 1 << 40)
    subprocess.run(["tar", "-S", "-cf", "sparse.tar", "sparse.log"], cwd=tmp_path, check=True)
    summary = ingested(tmp_path / "store", tmp_path / "sparse.tar")
    assert summary.losses == (("member of an archive: expands beyond measure", 1, "sparse.tar!sparse.log"),)


def test_the_archives_in_an_archive_are_read_and_what_lies_deeper_is_named(tmp_path):
    def packed(name: str, content: bytes) -> bytes:
        return tar(tmp_path / "made.tar", (name, content), mode="w:gz").read_bytes()

    inner = packed("node2/dmesg.log", TWO)
    deeper = packed("more.tar.gz", packed("deep.tar.gz", packed("x.log", ONE)))
    tar(tmp_path / "support.tar", ("one.log", ONE), ("node2.tar.gz", inner), ("deeper.tar.gz", deeper))
    summary = ingested(tmp_path / "store", tmp_path / "support.tar")
    assert summary.outcomes == {"failed": 1, "initialized": 1}
    assert summary.losses == (("archive in too many archives", 1, "support.tar!deeper.tar.gz!more.tar.gz"),)
    rows = open_fleet(tmp_path / "store").ask("SELECT source FROM boots ORDER BY ALL").rows
    assert rows == [("support.tar!node2.tar.gz!node2/dmesg.log",), ("support.tar!one.log",)]


COMPRESSED = {"gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress, "zst": lambda data: zstandard.ZstdCompressor().compress(data)}


@pytest.mark.parametrize(("kind", "compress"), COMPRESSED.items())
def test_the_same_log_compressed_is_the_same_boot(tmp_path, kind, compress):
    (tmp_path / "a.log").write_bytes(TWO)
    (tmp_path / f"b.log.{kind}").write_bytes(compress(TWO))
    ingested(tmp_path / "store", tmp_path / "a.log")
    ingested(tmp_path / "store", tmp_path / f"b.log.{kind}")
    assert open_fleet(tmp_path / "store").ask("SELECT count(*) FROM boots").rows == [(1,)]


def test_odd_names_and_contents_do_no_harm(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / os.fsdecode(b"caf\xe9\n\x1b[31m.log")).write_bytes(ONE)
    (folder / "random.log").write_bytes(os.urandom(50_000))
    (folder / "broken.gz").write_bytes(b"\x1f\x8b" + os.urandom(5000))
    (folder / "nul.log").write_bytes(b"\0" * 40_000)
    os.mkfifo(folder / "pipe.log")
    summary = ingested(tmp_path / "store", folder)
    assert summary.outcomes == {"initialized": 1}
    assert [one.why for one in summary.unread] == ["not a regular file"]


def renamed(packed: bytes, name: bytes) -> bytes:
    """Return a zip archive whose member "bad!" has another name, or none."""
    at = packed.index(b"bad!")
    local = packed[: at - 4] + len(name).to_bytes(2, "little") + packed[at - 2 : at] + name + packed[at + 4 :]
    central = local.rindex(b"bad!")
    sized = bytearray(local[:central] + name + local[central + 4 :])
    sized[central - 18 : central - 16] = len(name).to_bytes(2, "little")
    end, moved = sized.rindex(b"PK\5\6"), len(name) - 4
    for offset in (12, 16):
        value = int.from_bytes(sized[end + offset : end + offset + 4], "little") + moved
        sized[end + offset : end + offset + 4] = value.to_bytes(4, "little")
    return bytes(sized)


def altered(packed: bytes, offset: int, value: bytes) -> bytes:
    """Return a zip archive with other bytes in the last entry of its directory."""
    at = packed.rindex(b"PK\1\2") + offset
    return packed[:at] + value + packed[at + len(value) :]


def zipped(*entries: tuple[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return made.getvalue()


PACKED = zipped(("good.log", ONE), ("bad!", TWO))
BROKEN = {
    "without a name": (renamed(PACKED, b""), "no name"),
    "named by a control character": (renamed(PACKED, b"\0"), "no name"),
    "of an unknown method": (altered(PACKED, 10, b"\x63\0"), "cut or broken"),
    "that lies elsewhere": (altered(PACKED, 42, b"\xff\xff\0\0"), "cut or broken"),
    "encrypted": (altered(PACKED, 8, b"\1\0"), "encrypted"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_member_ends_nothing_but_itself(tmp_path, name):
    packed, why = BROKEN[name]
    (tmp_path / "logs.zip").write_bytes(packed)
    (tmp_path / "z.log").write_bytes(boot_log("node3", 3).encode())
    summary = ingested(tmp_path / "store", tmp_path / "logs.zip", tmp_path / "z.log")
    assert summary.outcomes == {"initialized": 2}
    ((what, _, where),) = summary.losses
    assert why in what
    assert where.startswith("logs.zip!")


def test_a_member_of_a_tar_archive_may_have_any_name_or_none(tmp_path):
    tar(tmp_path / "logs.tar", ("", TWO), ("\udcff.log", ONE))
    summary = ingested(tmp_path / "store", tmp_path / "logs.tar")
    assert summary.outcomes == {"initialized": 1}
    assert [(what, where) for what, _, where in summary.losses] == [("member of an archive: no name", "logs.tar!member 1")]
    assert open_fleet(tmp_path / "store").ask("SELECT source FROM boots").rows == [("logs.tar!\N{REPLACEMENT CHARACTER}.log",)]


def test_headers_that_are_chained_without_an_end_are_refused(tmp_path):
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 0
    packed = tar(tmp_path / "logs.tar", ("good.log", ONE)).read_bytes()
    (tmp_path / "logs.tar").write_bytes(
        packed.rstrip(b"\0").ljust(-(-len(packed.rstrip(b"\0")) // 512) * 512, b"\0") + header.tobuf() * 5000
    )
    summary = ingested(tmp_path / "store", tmp_path / "logs.tar")
    assert summary.outcomes == {"initialized": 1}
    assert ["cut or broken" in what for what, _, _ in summary.losses] == [True]


def test_a_zip_archive_whose_members_share_bytes_is_refused_as_a_whole(tmp_path):
    packed = bytearray(zipped(*((f"{number}.log", ONE) for number in range(5))))
    at = -1
    while (at := packed.find(b"PK\1\2", at + 1)) >= 0:
        packed[at + 42 : at + 46] = bytes(4)  # each says that it begins where the first does
    (tmp_path / "logs.zip").write_bytes(packed)
    summary = ingested(tmp_path / "store", tmp_path / "logs.zip")
    assert summary.outcomes == {}
    assert [what for what, _, _ in summary.losses] == ["member of an archive: members that overlap"]
