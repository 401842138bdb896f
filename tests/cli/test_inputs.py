"""What the log command is given: folders, zip archives, a pipe, nothing; and the words that lead on."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tdxwhy.cli import main
from tdxwhy.cli.inputs import STDIN, THIS_MACHINE, named_or_waiting
from tdxwhy.know import tables

LOG = Path("samples/logs/success-7.1/dmesg.log")


def folder(where: Path) -> Path:
    for name in ("a.log", "b.log"):
        (where / name).write_bytes(LOG.read_bytes())
    (where / "echo.txt").write_text("x\n")
    (where / "lscpu.txt").write_text("Architecture: x86_64\nVendor ID: GenuineIntel\n")
    (where / "facts.json").write_text('{"a": 1}\n')
    return where


def test_a_folder_and_a_zip_of_it_give_the_same_and_count_what_they_leave_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inside = tmp_path / "logs"
    inside.mkdir()
    folder(inside)
    with zipfile.ZipFile(tmp_path / "logs.zip", "w") as archive:
        for path in sorted(inside.iterdir()):
            archive.write(path, path.name)
    for name in ("logs", "logs.zip"):
        assert main(["log", str(tmp_path / name), "--brief"]) == 0
        shown = capsys.readouterr()
        assert [line.split()[0] for line in shown.out.splitlines()] == ["outcome=initialized"]
        assert "1 copy of a log left out" in shown.err
        assert "3 files without a line of a kernel log left out" in shown.err


@pytest.mark.parametrize("how", ["pipe", "file"])
def test_standard_input_is_read_when_no_file_is_given(how: str) -> None:
    command = [sys.executable, "-m", "tdxwhy", "log", "--brief"]
    with LOG.open("rb") as file:
        given = {"stdin": file} if how == "file" else {"input": LOG.read_bytes()}
        done = subprocess.run(command, capture_output=True, check=False, **given)  # type: ignore[call-overload] # either of the two
    assert b"source=stdin" in done.stdout


def test_an_empty_standard_input_means_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    stat = os.fstat
    for name, expected in ((os.devnull, THIS_MACHINE), (str(LOG), STDIN)):
        found = Path(name).stat()
        monkeypatch.setattr(os, "fstat", lambda number, found=found: found if number == 0 else stat(number))
        assert named_or_waiting([]) == [expected]
    assert named_or_waiting(["a"]) == ["a"]


KNOWN = (tables.steps(), [one.id for one in tables.causes()], [one.name for one in tables.parameters()], [one.id for one in tables.terms()])


@pytest.mark.parametrize("name", [name for names in KNOWN for name in names])
def test_every_step_cause_parameter_and_term_has_a_page(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", name]) == 0
    assert "meaning:" in capsys.readouterr().out


def test_names_of_other_kinds_have_pages_and_slips_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "TDX_SYS_NOT_READY", "TDH.SYS.RD", "TDX101", "7.1", "nosmt=force"]) == 0
    assert "TDX101" in capsys.readouterr().out
    assert main(["explain", "PAMTT"]) == 2
    assert "did you mean PAMT?" in capsys.readouterr().err
    assert main(["exlain"]) == 2
    assert "did you mean explain?" in capsys.readouterr().err


def test_decode_takes_a_pasted_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decode", "[   12.5] virt/tdx: SEAMCALL (0x0000000000000024) failed: 0xc000050500000000"]) == 0
    shown = capsys.readouterr().out
    assert "TDH.SYS.TDMR.INIT" in shown and "TDX_SYS_NOT_READY" in shown
    assert main(["decode", "a line about nothing"]) == 2


@pytest.mark.parametrize("release", ["6.12", "6.17.0-9-generic", "7.1.2"])
def test_forms_takes_a_release(release: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forms", release]) == 0
    assert "host initialisation" in capsys.readouterr().out
