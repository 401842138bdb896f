from __future__ import annotations

import pytest

from tdxwhy.explain.command_line import misspelt, parameters, request
from tdxwhy.know import tables
from tdxwhy.records import Event, LogRecord, Place
from tests.explain.logs import boot, read

LINE = Event(None, {}, LogRecord(Place("test", 1), "", ""))


def test_last_parameter_wins_and_dashes_are_underscores() -> None:
    assert parameters('ro kvm-intel.tdx=0 "dyndbg=file a.c +p" kvm_intel.tdx=1') == {
        "ro": "",
        "kvm_intel.tdx": "1",
        '"dyndbg': "file a.c +p",
    }


@pytest.mark.parametrize(
    ("command_line", "asked"),
    [
        ("kvm_intel.tdx=1", True),
        ("kvm-intel.tdx=on", True),
        ("kvm_intel.tdx=Y", True),
        ("kvm_intel.tdx=0", False),
        ("tdx_host=on", True),
        ("quiet", None),
    ],
)
def test_request(command_line: str, asked: bool | None) -> None:
    assert request(command_line, tables.parameters(), LINE).asked is asked


@pytest.mark.parametrize(
    "word", ["kvm_intel_tdx=1", "kvm_intel.tdx_enable=1", "kvm_intel.tdxx=1", "kvmintel.tdx=1", "nohibernat", "nohybernate"]
)
def test_a_slip_is_told(word: str) -> None:
    assert [note.evidence[0].quote for note in misspelt(f"ro {word} quiet", tables.parameters(), LINE)] == [word]


@pytest.mark.parametrize(
    "word",
    ["kvm_intel.nested=1", "nosmt=force", "maxcpus=4", "mitigations=off", "kvm.nx_huge_pages=off", "hibernate=no", "nohz=on", "nr_cpus=8"],
)
def test_an_ordinary_parameter_is_not(word: str) -> None:
    assert not list(misspelt(f"ro {word}", tables.parameters(), LINE))


@pytest.mark.parametrize("word", ["nosmt", "nosmt=force", "mitigations=auto,nosmt", "nr_cpus=4", "possible_cpus=4", "maxcpus=4"])
def test_what_keeps_cpus_away_is_evidence_and_the_first_advice(word: str) -> None:
    lines = [(3.0, "virt/tdx: BIOS enabled: private KeyID range [32, 64)")]
    lines += [(9.0, "virt/tdx: SEAMCALL (0x2d) failed: 0xc000050c00000000")]
    text = boot([*lines, (9.1, "virt/tdx: module initialization failed (-5)")], command_line=f"ro {word}")
    told = read(text).judged.diagnosis
    assert told.causes[0].id == "cpu-not-initialized"
    assert word in [evidence.quote for evidence in told.causes[0].evidence]
    assert word in told.actions[0].text
    assert not any("chcpu" in action.command for action in told.actions)


def test_a_limit_that_no_cpu_meets_is_none() -> None:
    lines = [(0.7, "smp: Brought up 2 nodes, 8 CPUs"), (9.0, "virt/tdx: SEAMCALL (0x2d) failed: 0xc000050c00000000")]
    text = boot([*lines, (9.1, "virt/tdx: module initialization failed (-5)")], command_line="ro nr_cpus=512")
    told = read(text).judged.diagnosis
    assert not any("nr_cpus" in action.text for action in told.actions[:-1])
