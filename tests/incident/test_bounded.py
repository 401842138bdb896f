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
        for second in range(15_000):
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


HOST_UP = (
    "Dec 01 10:00:01 h kernel: virt/tdx: BIOS enabled: private KeyID range [32, 64)\n"
    "Dec 01 10:00:06 h kernel: virt/tdx: module initialized\n"
)
NO_KEYID, NOT_ALLOWED = "KVM_TDX_INIT_VM failed: No space left on device", "KVM_TDX_INIT_VM failed: Invalid argument"


def of_vms(tmp_path: Path, capsys: pytest.CaptureFixture[str], *said: tuple[int, str]) -> list[tuple[object, ...]]:
    """Return errno, count and VMs of the incidents of a host's journal in which processes of QEMU say these."""
    lines = (f"Dec 01 10:{n // 60 % 60:02}:{n % 60:02} h qemu-system-x86_64[{pid}]: {text}\n" for n, (pid, text) in enumerate(said, 60))
    log = tmp_path / "journal.log"
    log.write_text(HOST_UP + "".join(lines))
    found = report(log, capsys)["incidents"]
    assert isinstance(found, list)
    return [(one["errno"], one["count"], len(one["vms"])) for one in found]


def test_two_vms_that_ran_into_the_same_are_one_incident(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert of_vms(tmp_path, capsys, (100, NO_KEYID), (200, NO_KEYID)) == [(-28, 2, 2)]


def test_what_one_vm_ran_into_does_not_hide_what_another_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    consequence = "kvm_arch_init_vcpu failed (0): Invalid argument"
    said = ((100, NO_KEYID), (200, NOT_ALLOWED), (100, consequence), (200, consequence))
    assert of_vms(tmp_path, capsys, *said) == [(-28, 1, 1), (-22, 1, 1)]


def test_a_thousand_vms_that_ran_into_two_things_are_two_incidents(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = [(1000 + n, NO_KEYID if n % 2 else NOT_ALLOWED) for n in range(1000)]
    assert of_vms(tmp_path, capsys, *said) == [(-22, 500, 16), (-28, 500, 16)]


QEMU_STARTS = (
    "2026-12-01 10:01:00.000+0000: starting up libvirt version: 11.0.0, qemu version: 10.1.0, kernel: 6.16.1, hostname: h\n"
    "/usr/bin/qemu-system-x86_64 \\\n-name guest=td-a,debug-threads=on \\\n"
    "-machine pc-q35-10.1,kernel_irqchip=split,confidential-guest-support=lsec0 \\\n"
    '-object \'{"qom-type":"tdx-guest","id":"lsec0"}\' \\\n-msg timestamp=on\n'
)
QEMU_ENDS = (
    f"2026-12-01T10:01:01.000000Z qemu-system-x86_64: {NO_KEYID}\n"
    "2026-12-01T10:01:01.100000Z qemu-system-x86_64: kvm_arch_init_vcpu failed (0): Invalid argument\n"
    "2026-12-01 10:01:01.200+0000: shutting down, reason=failed\n"
)


def test_logs_of_two_vms_in_one_file_are_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = (QEMU_STARTS + QEMU_ENDS).replace("td-a", "td-b").replace(NO_KEYID, NOT_ALLOWED)
    log = tmp_path / "both.log"
    log.write_text(QEMU_STARTS + QEMU_ENDS + other + QEMU_STARTS + QEMU_ENDS)
    found = report(log, capsys)["incidents"]
    assert isinstance(found, list)
    assert [(one["errno"], one["count"], one["vms"]) for one in found] == [(-28, 2, ["td-a"]), (-22, 1, ["td-b"])]


@pytest.mark.parametrize("text", [QEMU_STARTS[140:] + QEMU_ENDS, QEMU_ENDS, QEMU_ENDS[30:]])
def test_a_libvirt_log_cut_in_front_tells_what_its_rest_says(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    log = tmp_path / "td-a.log"
    log.write_text(text)
    found = report(log, capsys)
    assert isinstance(found["incidents"], list)
    assert [one["causes"] for one in found["incidents"]] == [["keyids-exhausted"]]


@pytest.mark.parametrize(
    "text", [QEMU_STARTS, QEMU_STARTS[:150], QEMU_STARTS + "2026-12-01 10:30:00.000+0000: shutting down, reason=shutdown\n"]
)
def test_a_libvirt_log_cut_behind_is_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    log = tmp_path / "td-a.log"
    log.write_text(text)
    found = report(log, capsys)
    assert (found["outcome"], found["incidents"]) == ("unknown", [])


def test_words_of_failures_in_a_large_journal_of_other_programs_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    programs = ("containerd[1]", "sshd[3]", "NetworkManager[9]", "qemu-ga[4]", "libvirtd[9]", "CRON[3]")
    words = ("failed: Input/output error", "internal error: End of file from qemu monitor", "No space left on device", "TDX Corp: failed")
    log = tmp_path / "journal.log"
    with log.open("w") as file:
        file.write(HOST_UP)
        for n in range(30_000):
            file.write(f"Dec 01 11:{n // 60 % 60:02}:{n % 60:02} h {programs[n % 6]}: {words[n % 4]} {n}\n")
    found = report(log, capsys)
    assert (found["outcome"], found["incidents"]) == ("initialized", [])


def test_a_tds_console_in_the_hosts_journal_is_no_word_of_the_host(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    console = (
        "Linux version 6.12.0 (x@y) #1 SMP",
        "tdx: Guest detected",
        "Memory Encryption Features active: Intel TDX",
        "reboot: Power down",
    )
    log = tmp_path / "journal.log"
    log.write_text(HOST_UP + "".join(f"Dec 01 10:03:{n:02} h td-console[5]: [    {n}.000000] {text}\n" for n, text in enumerate(console)))
    found = report(log, capsys)
    assert (found["outcome"], found["role"], found["incidents"]) == ("initialized", "host", [])


@pytest.mark.parametrize(
    "lines",
    [
        "0-8191 pkg 1\n" * 40_000,
        "".join(f"{first}-8191 pkg 1\n" for first in range(8000)),
        "$ grep . /sys/devices/system/cpu/online\n" + "/cpu/online: 0-8191\n" * 390,
        "# CPU SOCKET\n" * 8000 + "a word\n" * 4000,
        f"{'7' * 5000}\n" * 190,
        f"$ {'rdmsr ' * 830}\n" * 190,
    ],
    ids=["said", "said otherwise", "listed", "headers", "digits", "commands"],
)
def test_no_number_of_statements_hangs(tmp_path: Path, capsys: pytest.CaptureFixture[str], lines: str) -> None:
    log = tmp_path / "paste.log"
    times = 100 if lines.startswith("$") else 1
    log.write_text("qemu-system-x86_64: KVM_TDX_INIT_VM failed: Input/output error\n" + lines * times)
    began = time.process_time()
    found = report(log, capsys)
    assert time.process_time() - began < 12
    assert found["incidents"]
