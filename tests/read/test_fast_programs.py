"""Lines of other programs read at once are what they are one by one."""

from __future__ import annotations

import json
from io import BytesIO
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from tdxwhy.explain.speaking import Speaking
from tdxwhy.read.fast_lines import program_line
from tdxwhy.read.fast_programs import program_entries, program_lines
from tdxwhy.read.jsonlog import JsonReader
from tdxwhy.read.scan import Scan
from tdxwhy.records import BootRecords, LogRecord, Loss, Place

BOOT, OTHER = "0" * 32, "f" * 32
LINE = "Dec  1 10:00:00 node7 kubelet[1003]: kata-qemu-tdx started pod 7"
ENTRY = {
    **{"_TRANSPORT": "stdout", "PRIORITY": "6", "SYSLOG_IDENTIFIER": "kubelet", "_HOSTNAME": "node7", "_BOOT_ID": BOOT},
    **{"__MONOTONIC_TIMESTAMP": "5000001", "MESSAGE": 'kata-qemu-tdx started "pod 7"', "SYSLOG_FACILITY": "3"},
}
ODD = st.one_of(
    st.none(), st.integers(), st.text(max_size=8), st.lists(st.integers(0, 300), max_size=4), st.sampled_from(["kernel", "6", ""])
)
FIELDS = st.sampled_from([*ENTRY, "_KERNEL_CALLER", "_COMM", "_SOURCE_MONOTONIC_TIMESTAMP", "dmesg", "log"])
# What is cut out of a line, and what is put there.
EDITS = st.lists(st.tuples(st.integers(0, 70), st.integers(0, 4), st.text("kernel[]: 1.09\r\t\x1b\u00e9Ln ", max_size=12)), max_size=2)


def edited(line: str, edits: list[tuple[int, int, str]]) -> str:
    for at, cut, put in edits:
        line = line[:at] + put + line[at + cut :]
    return line


@settings(max_examples=300, deadline=None)
@given(st.lists(EDITS, min_size=1, max_size=3), st.booleans())
def test_lines_of_syslog_are_read_as_one_by_one(edits: list[list[tuple[int, int, str]]], counted: bool) -> None:
    raws = [edited(LINE, one) for one in edits]
    found = program_lines([raw.encode() for raw in raws], "log", (list(range(len(raws))), counted))
    if found is not None:
        places = [Place("log", at) if counted else Place("log", None, None, at) for at in range(len(raws))]
        assert list(found) == [program_line(place, raw) for place, raw in zip(places, raws, strict=True)]
    assert found is not None or any(edits)


def entry(changed: dict[str, object], gone: set[str]) -> dict[str, object]:
    return {name: value for name, value in {**ENTRY, **changed}.items() if name not in gone}


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.tuples(st.dictionaries(FIELDS, ODD, max_size=2), st.sets(FIELDS, max_size=1)), min_size=1, max_size=3),
    st.booleans(),
    st.sampled_from(["", " ", "}", ',{"a":1}']),
)
def test_entries_are_read_as_one_by_one(changes: list[tuple[dict[str, object], set[str]]], ascii_only: bool, behind: str) -> None:
    raws = [json.dumps(entry(*change), ensure_ascii=ascii_only) + behind for change in changes]
    found = program_entries([raw.encode("utf-8", "replace") for raw in raws], "log", ([3] * len(raws), True), BOOT)
    if found is not None:
        reader = JsonReader("log")
        reader.boot = BOOT
        assert list(found) == [item for raw in raws for item in reader.take(3, raw) or ()]
    assert found is not None or behind or any(changed or gone for changed, gone in changes)


SAID = (
    "kata-qemu-tdx started pod 7",
    "qemu-system-x86_64: TDX ioctl KVM_TDX_INIT_VM failed, hw_errors: 0x0: No space left on device",
    "nothing of any interest",
    "Linux version 6.16.3 (a@b)",
)
KERNEL = ("[    0.000000] Linux version 6.16.3 (a@b) (gcc) #1 SMP", "[    1.204511] virt/tdx: module initialized", "torn [ of no fo")


def spoken(number: int) -> str:
    kind, said = number % 3, SAID[number // 3 % len(SAID)]
    if kind == 2:
        return KERNEL[number % len(KERNEL)]
    if kind:
        return json.dumps(ENTRY | {"MESSAGE": said, "_BOOT_ID": (BOOT, OTHER)[number > 40]})
    return f"Dec  1 10:00:00 node7 kubelet[{number}]: {said}"


def scanned(data: bytes, sought: bool) -> tuple[list[tuple[BootRecords, list[LogRecord]]], list[Loss]]:
    scan = Scan("log", (), Speaking() if sought else None)
    boots = [(boot._replace(records=()), list(boot.records)) for boot in scan.lines(BytesIO(data))]
    return boots, scan.losses


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 40)), min_size=1, max_size=6), st.booleans(), st.integers(1, 9))
def test_a_scan_gives_the_same_whether_lines_are_read_at_once(runs: list[tuple[int, int]], sought: bool, at_once: int) -> None:
    data = "".join(f"{spoken(number)}\n" * times for number, times in runs).encode()
    with mock.patch("tdxwhy.read.scan._AT_ONCE", at_once):
        found = scanned(data, sought)
        with mock.patch.object(Scan, "_at_once", return_value=None):
            assert scanned(data, sought) == found
