"""Entries read in columns are what they are one by one."""

from __future__ import annotations

import io
import json
import random
from unittest import mock

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxwhy.fleet.journal import Journal
from tdxwhy.know.stored import anchors
from tdxwhy.read.entries import boot_of_entry, records_of_entry
from tdxwhy.read.fast_entries import EntryLines, usual_entries
from tdxwhy.read.fast_lines import joined
from tdxwhy.read.opening import Opened
from tdxwhy.records import BootRecords, LogRecord, Loss, Place

BOOT, OTHER = "0" * 32, "f" * 32
USUAL = {"_BOOT_ID": BOOT, "_SOURCE_MONOTONIC_TIMESTAMP": "5000001", "MESSAGE": "virt/tdx: module initialized", "_HOSTNAME": "node1"}
ODD = st.one_of(st.none(), st.integers(), st.text(max_size=8), st.lists(st.integers(0, 300), max_size=4), st.just("kernel"), st.just("6"))
FIELDS = st.sampled_from(
    [*USUAL, "PRIORITY", "_TRANSPORT", "SYSLOG_IDENTIFIER", "SYSLOG_FACILITY", "_KERNEL_CALLER", "__MONOTONIC_TIMESTAMP"]
)


def one_by_one(line: bytes, offset: int) -> list[tuple[str | None, LogRecord]]:
    entry = msgspec.json.decode(line)
    shown = line[:4096].decode("utf-8", "replace")
    return [(boot_of_entry(entry), record) for record in records_of_entry(entry, Place("a.json", None, None, offset), shown)]


@settings(max_examples=500, deadline=None)
@given(st.dictionaries(FIELDS, ODD, max_size=3), st.sets(FIELDS, max_size=2), st.booleans())
def test_what_is_read_at_once_is_what_is_read_one_by_one(changed: dict[str, object], gone: set[str], ascii_only: bool) -> None:
    entry = {name: value for name, value in {**USUAL, **changed}.items() if name not in gone}
    line = json.dumps(entry, ensure_ascii=ascii_only).encode("utf-8", "replace")
    found = usual_entries([line], "a.json", [7])
    if found is not None:
        boots, lines = found
        assert list(zip(boots, lines, strict=True)) == one_by_one(line, 7)


def test_the_entries_of_a_kernel_are_of_the_usual_form() -> None:
    entry = {**USUAL, "_TRANSPORT": "kernel", "SYSLOG_IDENTIFIER": "kernel", "PRIORITY": "3", "SYSLOG_FACILITY": "0", "__CURSOR": "s=1"}
    raws = [json.dumps(entry | {"MESSAGE": text}).encode() for text in ("tdx: a ", "tdx: b", "tdx: " + "c" * 5000)]
    found = usual_entries(raws, "a.json", [0, 1, 2])
    assert found is not None
    boots, lines = found
    assert boots == [BOOT] * 3
    assert [(one.text[:6], one.level, one.facility, one.host, one.place.offset) for one in lines] == [
        ("tdx: a", 3, 0, "node1", 0), ("tdx: b", 3, 0, "node1", 1), ("tdx: c", 3, 0, "node1", 2),
    ]  # fmt: skip
    assert [len(one.raw) for one in lines] == [len(raws[0]), len(raws[1]), 4096]
    assert isinstance(joined([lines[:1], lines[1:]]), EntryLines) and joined([lines[:1], lines[1:]]) == lines


def test_another_program_and_another_form_are_left_to_others() -> None:
    for odd in (
        {"SYSLOG_IDENTIFIER": "systemd"},
        {"_TRANSPORT": "syslog"},
        {"MESSAGE": "two\nlines"},
        {"MESSAGE": [116]},
        {"PRIORITY": "9"},
    ):
        assert usual_entries([json.dumps(USUAL).encode(), json.dumps(USUAL | odd).encode()], "a.json", [0, 1]) is None
    assert usual_entries([json.dumps(USUAL).encode()[:-9]], "a.json", [0]) is None


LINES = st.lists(
    st.tuples(
        st.sampled_from([BOOT, OTHER, "", None]),
        st.integers(0, 9_000_000),
        st.sampled_from(["virt/tdx: module initialized", "usb 1-1: nothing to see here", "Linux version 6.8.0 (a@b)", "tdx: \x1b[1mred"]),
        st.sampled_from(["whole", "whole", "whole", "cut", "other"]),
    ),
    min_size=1,
    max_size=40,
)


def boots_of(data: bytes, at_once: bool) -> tuple[list[BootRecords], list[Loss]]:
    journal = Journal("a.json", anchors())
    replaced = (
        mock.patch("tdxwhy.read.fast_entries.usual_entries", lambda *_: None)
        if not at_once
        else mock.patch("tdxwhy.fleet.journal._AT_ONCE", 7)
    )
    with replaced:
        return list(journal.boots(Opened(io.BytesIO(data), "a.json"), export=False)), journal.losses


@settings(max_examples=200, deadline=None)
@given(LINES, st.randoms())
def test_a_journal_gives_the_same_boots(told: list[tuple[str | None, int, str, str]], rnd: random.Random) -> None:
    lines = []
    for boot, micros, text, how in told:
        entry = {"__CURSOR": "s=1", "_BOOT_ID": boot, "_SOURCE_MONOTONIC_TIMESTAMP": str(micros), "MESSAGE": text, "PRIORITY": "6"}
        line = json.dumps(entry | ({"_TRANSPORT": "syslog"} if how == "other" else {}))
        lines.append(line[: rnd.randrange(1, len(line))] if how == "cut" else line)
    data = "\n".join(lines).encode()
    assert boots_of(data, at_once=True) == boots_of(data, at_once=False)
