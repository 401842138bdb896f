"""What a paste shows beside its log: answers to commands, values of reports, samples of how lines ought to look."""

from __future__ import annotations

import re

import pytest

from tdxwhy.explain.beside import facts_beside
from tdxwhy.explain.nouns import Diagnosis
from tdxwhy.know import shown, tables
from tdxwhy.know.rows import Shown
from tdxwhy.read.log import LogReader
from tests.explain.logs import read

BIOS = "[    2.610000] virt/tdx: BIOS enabled: private KeyID range [32, 64)\n"


def told(text: str) -> Diagnosis:
    return read(text).judged.diagnosis


@pytest.mark.parametrize("row", [row for row in tables.shown() if row.line and row.fact], ids=lambda row: row.fact)
def test_each_line_states_its_fact(row: Shown) -> None:
    from io import BytesIO

    (boot,) = LogReader(BytesIO(f"{row.example}\n".encode()), "paste")
    if any(shown.in_line([row], row.example)):
        assert row.fact in facts_beside(boot)


@pytest.mark.parametrize("row", tables.shown(), ids=lambda row: f"{row.shows} {row.example[:20]}")
def test_each_example_shows_its_row(row: Shown) -> None:
    by_line = row.line and any(shown.in_line([row], row.example))
    silent = row.command and not row.answer and re.search(row.command, row.example or row.command) is not None
    assert by_line or silent or not row.answer or re.search(row.answer, row.example)


@pytest.mark.parametrize(
    ("msr", "answer", "outcome"),
    [("0x1401", "0", "failed"), ("0x1401", "ffffe000c00", "unknown"), ("0x1401", "3ffe000400", "failed")],
)
def test_a_register_decides_where_the_log_is_silent(msr: str, answer: str, outcome: str) -> None:
    text = f"$ cat /proc/cmdline\nBOOT_IMAGE=/vmlinuz ro kvm_intel.tdx=1\n$ sudo rdmsr {msr}\n{answer}\n$ dmesg\n{BIOS}"
    assert told(text).outcome == outcome


def test_silence_in_a_filtered_paste_is_complete_where_the_next_prompt_follows() -> None:
    ask = "[    0.000000] Command line: ro kvm_intel.tdx=1\n"
    assert told(f"$ sudo dmesg | grep -i tdx\n{ask}{BIOS}$ uname -r\n6.17.0-9-generic\n").outcome == "failed"
    assert told(f"$ sudo dmesg | grep -i tdx\n{ask}{BIOS}").outcome == "unknown"
    assert told(f"$ sudo dmesg | grep -i tdx | head -2\n{ask}{BIOS}$ uname -r\n6.17.0-9-generic\n").outcome == "unknown"


def test_nothing_is_asked_that_is_pasted() -> None:
    text = f"$ cat /sys/module/kvm_intel/parameters/tdx\nN\n$ dmesg | grep -i tdx\n{BIOS}$ exit\n"
    assert not any("parameters/tdx" in one for one in told(text).settles)


def test_a_promised_line_decides_nothing() -> None:
    sample, own = "[   29.900001] virt/tdx: module initialized\n", BIOS
    assert told(f"The README says I should see\n{sample}but my host prints only\n{own}").outcome == "unknown"
    assert told(f"My host prints only\n{own}The manual says: it should say\n{sample}").outcome == "initialized"
    assert told(f"This is what I get, as expected\n{sample}").outcome == "initialized"


@pytest.mark.parametrize(
    "text", ["  CC      arch/x86/virt/vmx/tdx/tdx.o\nmake: *** [Makefile:1] Error 2\n", "$ lscpu | head -1\nCPU(s): 64\n"]
)
def test_what_is_no_kernel_log_is_not_called_a_cut_one(text: str) -> None:
    found = told(text)
    assert (found.outcome, found.role) == ("unknown", "unknown")
    assert "no kernel log" in found.reason and "not whole" not in found.reason


def test_a_panic_before_tdx_is_what_stopped_the_boot() -> None:
    found = told("[   20.100001] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n")
    assert "Unable to mount root fs" in found.reason and found.outcome == "unknown"


@pytest.mark.parametrize("state", ["offline", "never came online"])
def test_our_own_sentence_is_read_back(state: str) -> None:
    status = "(TDH.SYS.CONFIG: TDX_SYS_CONFIG_NOT_PENDING 0xc000050c00000000)"
    said = f"failed to configure module, no online CPUs in package 12: CPUs 24-25 {state} {status}"
    found = told(f"[   12.500031] virt/tdx: {said}\n")
    assert (found.outcome, found.steps, found.packages, found.cpus) == ("failed", ("TDH.SYS.CONFIG",), (12,), (24, 25))
    assert found.causes[0].id == "package-without-online-cpu"
    assert found.seamcall is not None and found.seamcall.status_name == "TDX_SYS_CONFIG_NOT_PENDING"
