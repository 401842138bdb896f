from __future__ import annotations

import pytest

from tdxwhy.explain.command_line import misspelt, parameters, request
from tdxwhy.know import tables
from tdxwhy.records import Event, LogRecord, Place

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
