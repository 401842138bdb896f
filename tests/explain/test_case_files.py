"""The files of one case are read together, and those of two hosts are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tdxwhy.cli import main

UP = """\
[    2.410092] virt/tdx: BIOS enabled: private KeyID range [{first}, {end})
[   11.804410] virt/tdx: 2101288 KB allocated for PAMT
[   11.804419] virt/tdx: module initialized
"""
FULL = "qemu-system-x86_64: TDX ioctl KVM_TDX_INIT_VM failed, hw_errors: 0x0: No space left on device\n"


def incidents(paths: list[Path], capsys: pytest.CaptureFixture[str]) -> list[list[dict[str, object]]]:
    main(["log", *map(str, paths), "--format", "json"])
    return [log["incidents"] for log in json.loads(capsys.readouterr().out)["logs"]]


def write(folder: Path, **texts: str) -> list[Path]:
    for name, text in texts.items():
        (folder / f"{name}.log").write_text(text)
    return [folder / f"{name}.log" for name in texts]


def test_the_kernels_numbers_explain_what_qemu_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kernel, qemu = incidents(write(tmp_path, dmesg=UP.format(first=124, end=128), qemu=FULL), capsys)
    assert kernel == []
    (one,) = qemu
    assert one["causes"] == ["keyids-exhausted"]
    assert "3 TDs at a time" in str(one["sentence"])
    assert {Path(quote["source"]).name for quote in one["evidence"]} == {"dmesg.log", "qemu.log"}  # type: ignore[attr-defined]


def test_a_journal_of_the_quote_service_tells_what_a_guest_cannot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    guest = "[    0.000000] tdx: Guest detected\n[   90.1] x\nroot@td:~# ./test_tdx_attest\nFailed to get the quote\n"
    service = "qgsd[812]: Added a new connection, now [1]\nqgsd[812]: [QPL] No certificate data for this platform.\n"
    found = [one for each in incidents(write(tmp_path, guest=guest, qgsd=service), capsys) for one in each]
    assert [one["causes"] for one in found] == [["platform-not-registered"]]


def test_logs_of_two_hosts_are_two_cases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = write(tmp_path, one=UP.format(first=124, end=128), two=UP.format(first=32, end=64) + FULL)
    assert [len(each) for each in incidents(paths, capsys)] == [0, 1]
    (found,) = incidents(paths, capsys)[1]
    assert "31 TDs at a time" in str(found["sentence"])
