"""Large journals and hostile pastes: right, bounded, and never a false failure."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tdxwhy.cli import main

UP = "[    2.0{n:05}] virt/tdx: BIOS enabled: private KeyID range [32, 64)\n[    6.000062] virt/tdx: module initialized\n"


def report(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    main(["log", str(path), "--format", "json"])
    return dict(json.loads(capsys.readouterr().out)["logs"][0])


def test_a_journal_of_other_programs_holds_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "journal.log"
    with log.open("w") as file:
        file.write(UP.format(n=1))
        for second in range(60_000):
            file.write(f"[{second + 10:5}.000001] systemd[1]: qemu-job@{second}.service: Deactivated successfully, failed: no\n")
    began = time.process_time()
    found = report(log, capsys)
    assert time.process_time() - began < 20
    assert found["outcome"] == "initialized"
    assert found["incidents"] == []


def test_the_same_incident_a_thousand_times_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = "[{second:5}.000001] kvm_intel: All packages need to have online CPU to create TD. Online CPU and retry.\n"
    log = tmp_path / "dmesg.log"
    log.write_text(UP.format(n=1) + "".join(line.format(second=second) for second in range(100, 1100)))
    found = report(log, capsys)
    assert isinstance(found["incidents"], list)
    (one,) = found["incidents"]
    assert one["count"] == 1000
    assert (one["first"], one["last"]) == (3, 1002)
    assert len(one["evidence"]) <= 8


@pytest.mark.parametrize("unit", ["KVM_TDX_", "SEAMCALL TDH_", "qgsd[1]: [QPL] ", "'tdx' (", "$ cat ", "> "])
def test_one_endless_line_does_not_hang(tmp_path: Path, capsys: pytest.CaptureFixture[str], unit: str) -> None:
    log = tmp_path / "paste.log"
    log.write_text(unit * 50_000 + "\nqemu-system-x86_64: KVM_TDX_INIT_VM failed: Input/output error\n")
    began = time.process_time()
    found = report(log, capsys)
    assert time.process_time() - began < 20
    assert found["incidents"]


def test_control_characters_of_a_paste_do_not_reach_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "paste.log"
    log.write_text("qemu-system-x86_64: KVM_TDX_INIT_VM failed: Input/output error \x1b]0;owned\x07 \u202e\n")
    main(["log", str(log)])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out
