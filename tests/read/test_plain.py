"""Each way a single line is written gives the same record."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxwhy.read.plain import records_of
from tdxwhy.records import Place

MESSAGE = "virt/tdx: module initialized"
STAMPED = [
    "[   12.500031] {}",
    "[12.500031] {}",
    "<6>[   12.500031] {}",
    "[   12.500031][    T1] {}",
    "<6>[   12.500031][T21583]{}",
    "[   12.500031] [   C2] {}",
    "[   12.500031 <    0.000010>] {}",
    "kern  :info  : [   12.500031] {}",
    "Nov 24 20:03:01 rack7 kernel: [   12.500031] {}",
    "2026-11-24T20:03:01.123456+00:00 rack7 kernel: [   12.500031] {}",
    "2026-11-24T20:03:01.1234567Z [   12.500031] {}",
    "[   12.500031] rack7 kernel: {}",
    "<30>1 2026-11-24T20:03:01Z rack7 kernel - - - [   12.500031] {}",
    "6,1234,12500031,-;{}",
    "6,1234,12500031,-,caller=T1;{}",
    "6.12.0-rc1,6,1234,12500031,-;{}",
    "> > [   12.500031] {}",
    ">> <6>[   12.500031] {}",
    "\x1b[32m[   12.500031] \x1b[0m\x1b[33mvirt/tdx\x1b[0m: module initialized",
    "dmesg.log:41:[   12.500031] {}",
    "node17/dmesg:[   12.500031] {}",
    "2026/11/24 20:03:01 [dut-4] INFO dmesg: [   12.500031] {}",
    "2026-11-24 20:03:01,123 - runner - INFO - [   12.500031] {}",
    "# [ 12.500031] {}",
    "<pre>[   12.500031] {}</pre>",
    "[   12.500031] {}</pre>",
    '"[   12.500031] {}",',
    " 12\t[   12.500031] {}",
    "[2026-11-24 20:03:01] [   12.500031] {}",
    "20:03:01 [   12.500031] {}",
    "2026-11-24T20:03:01.123456789Z stdout F [   12.500031] {}",
    "- `[ 12.500031] {}`",
    '- {{"dt": "2026-11-24T20:03:01.1", "lvl": "target", "msg": "[   12.500031] {}"}}',
]
UNSTAMPED = [
    "{}",
    "  {}",
    "> {}",
    "kernel: {}",
    "<6>{}",
    "kern  :info  : {}",
    "[Tue Nov 24 20:03:01 2026] {}",
    "kern  :info  : [Tue Nov 24 20:03:01 2026] {}",
    "[Nov24 20:03] {}",
    "[  +0.000010] {}",
    "[<    0.000010>] {}",
    "2026-11-24T20:03:01,123456+00:00 {}",
    "Nov 24 20:03:01 rack7 kernel: {}",
    "Nov 24 20:03:01.123456 rack7 kernel: {}",
    "Nov 24 20:03:01 rack7 kern.info kernel: {}",
    "Tue 2026-11-24 20:03:01 UTC rack7 kernel: {}",
    "1764014581.123456 rack7 kernel: {}",
    "[..] {}",
    "2026/11/24 20:03:01 {}",
    "[20:03:01.123] {}",
    'ts=1764014581.1 host=rack7 msg="{}"',
    "[xx.xxxxxx] {}",
    ".500031] {}",
    "12.500031] {}",
    "| 12.5 | {}",
    "(12.500031) {}",
    "12.500031: {}",
    "[ 12,500] {}",
    "[ 12.5OO03l] {}",
    "41:Nov 24 20:03:01 rack7 kernel: {}",
    "/var/log/kern.log:Nov 24 20:03:01 rack7 kernel: {}",
    "kern.log.2.gz:41:2026-11-24T20:03:01.123456+00:00 rack7 kernel: {}",
    "logs/rack7/messages:41:Nov 24 20:03:01 rack7 kernel: {}",
]


@pytest.mark.parametrize("form", STAMPED)
def test_every_stamped_form_gives_text_and_time(form: str) -> None:
    record = records_of(Place("log", 1), form.format(MESSAGE))[-1]
    assert (record.text, record.time_ns) == (MESSAGE, 12_500_031_000)


@pytest.mark.parametrize("form", UNSTAMPED)
def test_every_unstamped_form_gives_the_text(form: str) -> None:
    (record,) = records_of(Place("log", 1), form.format(MESSAGE))
    assert (record.text, record.time_ns) == (MESSAGE, None)


def test_prefix_facts_are_kept() -> None:
    (record,) = records_of(Place("log", 7), "<4>[    1.000002][   C2] a")
    assert (record.place.line, record.level, record.facility, record.caller) == (7, 4, 0, "C2")
    (record,) = records_of(Place("log", 7), "Nov 24 20:03:01 rack7 kernel: a")
    assert (record.host, record.wall) == ("rack7", "Nov 24 20:03:01")
    (record,) = records_of(Place("log", 7), "daemon:err   : [    1.000002] a")
    assert (record.level, record.facility) == (3, 3)


def test_other_programs_keep_their_name() -> None:
    (record,) = records_of(Place("log", 1), "Nov 24 20:03:01 rack7 systemd[1]: virt/tdx: module initialized")
    assert record.text == "systemd[1]: virt/tdx: module initialized"


def test_torn_line_gives_a_record_for_each_stamp() -> None:
    one, two = records_of(Place("log", 1), "[    1.000001] virt/tdx: BIOS ena<6>[    1.000002] usb 1-1: new")
    assert (one.text, one.cut, two.text, two.cut, two.level) == ("virt/tdx: BIOS ena", "tail", "usb 1-1: new", "", 6)


def test_lost_head_is_known_as_cut() -> None:
    (record,) = records_of(Place("log", 1), "718611] virt/tdx: BIOS")
    assert record.cut == "head"
    assert [r.text for r in records_of(Place("log", 1), "mesg[    0.0")] == ["mesg"]


def test_kmsg_escapes_and_lines_are_undone() -> None:
    one, two = records_of(Place("log", 1), r"6,9,1000,-;a\x5cb\x0ac\xc3\xa9\x1b[31m")
    assert (one.text, two.text) == (r"a\b", "cé")
    assert records_of(Place("log", 1), " SUBSYSTEM=pci") == ()


@given(st.text(max_size=300))
def test_no_line_breaks_the_reader_or_reaches_the_terminal(raw: str) -> None:
    for record in records_of(Place("log", 1), raw):
        assert all(c.isprintable() or c == " " for c in record.text)


@given(st.from_regex(r"[!-~][ -~]{0,80}", fullmatch=True), st.integers(0, 10**9), st.integers(0, 7))
def test_round_trip_of_the_usual_form(text: str, micro: int, level: int) -> None:
    record = records_of(Place("log", 1), f"<{level}>[{micro // 10**6:5}.{micro % 10**6:06}] usb: {text}")[0]
    assert record.time_ns == micro * 1000
    assert record.level == level
