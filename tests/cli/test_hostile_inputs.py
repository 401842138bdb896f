"""Kinds of input that were made to hurt, each by the command that it hurt: an answer or one line, whatever stands in it."""

from __future__ import annotations

import io
import json
import re
import shutil
import struct
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tdxwhy.cli import main
from tests.conftest import ROOT

LOG = (
    "[    0.000000] Linux version 6.16.3-lab (build@lab) (gcc 14.2.0) #1 SMP\n"
    "[    1.204511] virt/tdx: BIOS enabled: private KeyID range [32, 64)\n"
    "[    9.870001] virt/tdx: SEAMCALL (0x0000000000000022) failed: 0xc000050500000000\n"
    "[    9.870020] virt/tdx: module initialization failed (-5)\n"
)
PATCH = (ROOT / "samples" / "patches" / "callback.patch").read_text()


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert "cannot go on" not in captured.err
    return captured.out + captured.err


def test_a_frame_that_zstd_skips_may_come_first(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    zstandard = pytest.importorskip("zstandard")
    skipped = b"\x5a\x2a\x4d\x18" + struct.pack("<I", 9) + b"nine byte"
    (here / "a.zst").write_bytes(skipped + zstandard.compress(LOG.encode()))
    assert main(["log", "a.zst"]) == 1
    assert "TDX did not come up" in said(capsys)


def zipped(*members: tuple[str, str]) -> bytearray:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in members:
            file.writestr(zipfile.ZipInfo(name), text)
    return bytearray(out.getvalue())


@pytest.mark.parametrize("trouble", ["encrypted", "no name", "cut or broken"])
def test_a_member_that_cannot_be_read_takes_no_other_along(trouble: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = zipped(("" if trouble == "no name" else "other.txt", "x"), ("kernel.log", LOG))
    if trouble == "encrypted":
        data[6] |= 1
        data[data.find(b"PK\x01\x02") + 8] |= 1
    elif trouble == "cut or broken":
        data[8] = data[data.find(b"PK\x01\x02") + 10] = 99  # a way to compress that nobody knows
    (here / "a.zip").write_bytes(data)
    assert main(["log", "a.zip"]) == 1
    told = said(capsys)
    assert "TDX did not come up" in told
    assert trouble in told


def test_an_archive_of_nothing_but_bad_members_says_so_shortly(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a.zip").write_bytes(zipped(*((f"../{number}", "x") for number in range(50))))
    assert main(["log", "a.zip"]) == 2
    told = said(capsys).splitlines()
    assert len(told) < 12
    assert "42 more files" in told[-1]
    (here / "b.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    (here / "c.zip").write_bytes(b"PK\x03\x04" + bytes(40) + b"PK\x05\x06" + bytes(18))
    assert main(["log", "c.zip"]) == 2
    assert "an archive without a file" in said(capsys)


def test_a_member_whose_checksum_is_wrong_is_told_of(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = zipped(("kernel.log", LOG))
    data[14] ^= 255
    data[data.find(b"PK\x01\x02") + 16] ^= 255
    (here / "a.zip").write_bytes(data)
    assert main(["log", "a.zip"]) == 2
    assert "kernel.log: cut or broken" in said(capsys)


def test_a_number_that_no_kernel_prints_settles_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    long = "[   10.000000] virt/tdx: SEAMCALL (0x" + "0" * 9000 + ") failed: 0x" + "f" * 9000 + "\n"
    (here / "a.log").write_text(LOG + long)
    assert main(["log", "a.log"]) == 1
    assert "TDX did not come up" in said(capsys)


@pytest.mark.parametrize("name", ["6." + "9" * 5000, "6.²", "²"])
def test_releases_of_odd_digits(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forms", name]) in (0, 2)
    said(capsys)


def test_a_baseline_and_rules_are_read_with_a_limit(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a.patch").write_text(PATCH)
    assert main(["gate", "--isolated", "--baseline", "/dev/zero", "a.patch"]) == 2
    assert "larger than" in said(capsys)
    (here / "r").mkdir()
    (here / "r" / "TDX901.toml").symlink_to("/dev/zero")
    assert main(["gate", "--isolated", "--rules", "r", "a.patch"]) == 2
    assert "larger than" in said(capsys)


@pytest.mark.parametrize("count", ["99999999999", "9" * 900])
def test_a_hunk_that_claims_too_much_is_judged(count: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    claimed = re.sub(r"@@ -(\d+),\d+ \+(\d+),\d+ @@", rf"@@ -\1,{count} +\2,{count} @@", PATCH)
    assert claimed != PATCH
    (here / "a.patch").write_text(claimed)
    assert main(["gate", "--isolated", "a.patch"]) == 1
    assert "TDX201" in said(capsys)


def test_a_scenario_holds_numbers_of_64_bits(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fault = '[[faults]]\nleaf = "TDH.SYS.INIT"\nstatus = "0x' + "f" * 90 + '"\n'
    (here / "s.toml").write_text('generation = "6.16"\n' + fault)
    assert main(["simulate", "s.toml"]) == 2
    assert "not a number of 64 bits" in said(capsys)


def test_a_head_that_names_nothing_names_no_branch(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], check=True, capture_output=True)

    git("init", "--quiet", "-b", "master", ".")
    for text in ("int a;\n", "int b;\n"):
        (here / "tdx.c").write_text(text)
        git("add", ".")
        git("commit", "--quiet", "-m", "x")
    assert main(["gate", "--isolated", "--range", "HEAD~1..HEAD"]) == 0
    (here / ".git" / "HEAD").write_text("ref: refs/heads/\x1b[31m\n")
    capsys.readouterr()
    assert main(["gate", "--isolated", "--range", "HEAD~1..HEAD"]) == 2
    assert "no range HEAD~1..HEAD" in said(capsys)


def test_json_escapes_what_drives_a_terminal(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a.log").write_text(
        "May 11 10:40:12 host qemu-kvm[77]: TDX i\x7fctl KVM_TDX_INIT_VM failed, hw_errors: 0x0: Device \u202eor resource\n"
    )
    main(["log", "--format", "json", "a.log"])
    told = said(capsys)
    assert told.replace("\n", "").isprintable()
    json.loads(told)


def test_a_nul_in_c_hides_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for nul in ("", "/* \0 */"):
        folder = here / ("nul" if nul else "plain")
        shutil.copytree(ROOT / "samples" / "patches" / "tree", folder / "tree")
        for path in folder.rglob("*.c"):
            path.write_text(f"{nul}\n{path.read_text()}")
        main(["preview", str(folder / "tree")])
        told.append(said(capsys))
    assert told[0] == told[1]
    assert "TDH.SYS.INIT" in told[0]


MANY = 3000


def _unused() -> list[str]:
    Path("s.toml").write_text(
        "".join(f'[[suppress]]\nrules = ["TDX208"]\nfiles = ["{number}.c"]\nreason = "r{number}"\n' for number in range(MANY))
    )
    return ["gate", "--config", "s.toml", "a.patch"]


def _stale() -> list[str]:
    entries = [
        {"file": f"{number}.c", "rule": "TDX201", "fingerprint": f"{number:x}", "message": "m", "times": 1, "reason": "r"}
        for number in range(MANY)
    ]
    Path("b.json").write_text(json.dumps({"schema": "tdxwhy/baseline/1", "entries": entries}))
    return ["gate", "--isolated", "--baseline", "b.json", "a.patch"]


def _broken_hunks() -> list[str]:
    Path("n.patch").write_text("".join(f"--- a/{number}.c\n+++ b/{number}.c\n@@ -1,3 +1,4 @@\n+x\n" for number in range(MANY)))
    return ["gate", "--isolated", "n.patch"]


def _not_there(command: str) -> list[str]:
    return [command, *(["--isolated"] if command == "gate" else []), *(f"no{number}" for number in range(MANY))]


def _not_there_in_an_archive() -> list[str]:
    Path("a.zip").write_bytes(zipped(*((f"../{number}", "x") for number in range(MANY)), ("kernel.log", LOG)))
    return ["log", "a.zip"]


def _cut_lines() -> list[str]:
    Path("a.json").write_text("".join(f'{{"MESSAGE":"virt/tdx: {number}\n' for number in range(MANY)))
    return ["log", "--brief", "a.json"]


@pytest.mark.parametrize(
    "made",
    [_unused, _stale, _broken_hunks, lambda: _not_there("log"), lambda: _not_there("gate"), _not_there_in_an_archive, _cut_lines],
    ids=["unused", "stale", "hunks", "logs", "inputs", "members", "lines"],
)
def test_thousands_of_complaints_are_counted(made: Callable[[], list[str]], here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a.patch").write_text(PATCH)
    words = made()
    assert main(words) in (0, 1, 2, 3)
    told = capsys.readouterr().err.splitlines()
    assert len(told) <= 20, told[:3]
    assert all(len(line) < 1100 for line in told)


def test_a_complaint_ends_where_nobody_reads_on(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", "X" * 100_000]) == 2
    assert max(map(len, capsys.readouterr().err.splitlines())) < 1100


def test_a_list_that_cannot_be_of_a_machine_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a.log").write_text(LOG)
    for told in ("On-line CPU(s) list: 0-3\nOff-line CPU(s) list: 3-9\n", "On-line CPU(s) list: 0-99999\n"):
        (here / "lscpu").write_text(told)
        assert main(["log", "--topology", "lscpu", "a.log"]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_an_archive_without_a_log_says_what_is_lost_of_it(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import tarfile

    with tarfile.open("a.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        entry = tarfile.TarInfo("kernel.log")
        entry.size = len(LOG)
        archive.addfile(entry, io.BytesIO(LOG.encode()))
    pax = bytearray(512 * 2)
    made = tarfile.TarInfo("pax")
    made.type, made.size = tarfile.XHDTYPE, 12
    pax[:512] = made.tobuf(tarfile.USTAR_FORMAT)
    pax[512:524] = b"12 path=xyz\n"
    (here / "b.tar").write_bytes(bytes(pax) * 100 + (here / "a.tar").read_bytes())
    assert main(["log", "b.tar"]) == 3
    assert "without a kernel log (rest of an archive that is cut or broken" in said(capsys)
    (here / "c.zip").write_bytes(zipped(("a", "x" * 50), ("b", "y" * 50)))
    data = bytearray((here / "c.zip").read_bytes())
    second = data.rfind(b"PK\x01\x02")
    data[second + 42 : second + 46] = bytes(4)
    (here / "c.zip").write_bytes(data)
    assert main(["log", "c.zip"]) == 2
    assert "c.zip: members that overlap" in said(capsys)
