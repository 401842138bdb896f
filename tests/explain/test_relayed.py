"""What a program of the host hands on of a VM's console says nothing of the host."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tdxwhy.cli import main

HOST = (
    "Dec 01 10:00:00 h kernel: {0}Linux version 6.16.1 (a@b) (gcc 14.2.0) #1 SMP",
    "Dec 01 10:00:01 h kernel: {1}virt/tdx: BIOS enabled: private KeyID range [32, 64)",
    "Dec 01 10:00:06 h kernel: {2}virt/tdx: module initialized",
)
RELAYED = (
    "[    0.500000] virt/tdx: BIOS not enabled",
    "[    1.000000] virt/tdx: SEAMCALL (0x0000000000000022) failed: 0xc000050500000000",
    "[    1.000001] virt/tdx: module initialization failed (-5)",
    "tdx: initialization failed (-5)",
)


@pytest.mark.parametrize("program", ["td-console", "qemu-system-x86_64", "virtlogd", "cloud-hypervisor", "kata-agent", "conserver"])
@pytest.mark.parametrize("stamps", [("", "", ""), ("[    0.000000] ", "[    1.000000] ", "[    6.000000] ")])
def test_a_console_in_the_hosts_journal(tmp_path: Path, capsys: pytest.CaptureFixture[str], program: str, stamps: tuple[str, ...]) -> None:
    relayed = [f"Dec 01 10:03:0{number} h {program}[78]: {text}" for number, text in enumerate(RELAYED)]
    log = tmp_path / "journal.log"
    log.write_text("\n".join([*(line.format(*stamps) for line in HOST), *relayed, ""]))
    status = main(["log", str(log), "--format", "json"])
    found = json.loads(capsys.readouterr().out)["logs"][0]
    assert (status, found["role"], found["outcome"], found["incidents"]) == (0, "host", "initialized", [])


def test_a_log_that_is_handed_on_whole_is_read_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "console.log"
    log.write_text("".join(f"Dec 01 10:03:0{number} h conserver[78]: {text}\n" for number, text in enumerate(RELAYED[1:3])))
    assert main(["log", str(log)]) == 1
    assert "did not come up" in capsys.readouterr().out
