from __future__ import annotations

import sys

import pytest

from tdxwhy.know import tables
from tdxwhy.know.match import LEVELS
from tdxwhy.know.names import named
from tdxwhy.know.recognise import Recogniser, recognise
from tdxwhy.records import LogRecord, Place


def record(text: str, level: int | None = 6, cut: str = "") -> LogRecord:
    return LogRecord(Place("test", 1), text, text, time_ns=1, level=level, cut=cut)


@pytest.mark.parametrize("form", tables.forms(), ids=lambda form: form.id)
def test_each_row_has_a_source_and_an_example_that_leads_back_to_it(form):
    assert form.source
    level = LEVELS.index(form.level) if form.level in LEVELS else None
    event = recognise(record(form.example, level))
    assert event is not None and event.certainty == "exact"
    assert (event.form.format, event.form.level) == (form.format, form.level)
    assert set(form.args) <= set(event.values)


@pytest.mark.parametrize("form", [form for form in tables.forms() if "%{#}" not in form.format], ids=lambda form: form.id)
def test_what_a_row_says_that_it_names_is_what_the_one_predicate_says(form):
    assert named(form.format, form.args) == (form.names_package, form.names_cpu, form.names_cpu_state)


def unknown(number: int, text: str) -> LogRecord:
    return LogRecord(Place("log", number), text, text, number)


def word(number: int) -> str:
    """Return a word that no other number has: shapes leave numbers out."""
    return "".join("bcdfghjklm"[int(digit)] for digit in str(number))


def test_lines_of_one_shape_keep_the_numbers_that_say_something():
    statuses = ("0xc000050500000000", "0xc000090600000008", "0x8000020300000000")
    lines = [
        f"virt/tdx: frobbing slot {place}: leaf {leaf} gave status {status}"
        for place in range(9)
        for leaf in (34, 45)
        for status in statuses
    ]
    for place, line in enumerate(lines):
        event = recognise(unknown(place, line))
        assert (event.values["leaf"], event.values["status"]) == (34 if "leaf 34" in line else 45, int(line.rsplit(" ", 1)[1], 16))


def test_a_boot_judges_so_many_shapes_and_counts_the_rest():
    boot = Recogniser()
    lines = [f"virt/tdx: frobbing {word(number)} went on" for number in range(1500)]
    records = [unknown(place, line) for place, line in enumerate([*lines, "virt/tdx: module initialized"])]
    events = list(boot.events(records))
    assert len(events) == 1001
    assert events[-1].form is not None
    assert (boot.unjudged.lines, boot.unjudged.first, boot.unjudged.last) == (500, records[1000], records[1499])


def test_of_one_shape_the_first_are_events():
    boot = Recogniser()
    assert len(list(boot.events(unknown(number, f"virt/tdx: frobbing 0x{number:08x}") for number in range(100)))) == 32
    assert boot.unjudged.lines == 68


@pytest.mark.parametrize("shapes", [1, 10**6])
def test_a_flood_of_unknown_lines_costs_no_more_than_its_length(shapes):
    def calls(count: int) -> int:
        seen = 0

        def see(frame, event, argument):
            nonlocal seen
            seen += event == "call"

        records = [unknown(number, f"virt/tdx: frobbing {word(number % shapes)} {number}") for number in range(3000, 3000 + count)]
        list(Recogniser().events(records[:1]))  # what is made once
        before = sys.getprofile()
        sys.setprofile(see)
        try:
            list(Recogniser().events(records))
        finally:
            sys.setprofile(before)
        return seen

    small, large = calls(1500), calls(6000)
    assert large < 4 * 1.3 * small


@pytest.mark.parametrize(
    "text",
    [
        'audit: type=1300 audit(1.2:3): comm="{}" exe="/tmp/x"',
        'audit: type=1400 audit(1.2:3): apparmor="DENIED" operation="open" name="{}" pid=7',
        "usb 1-1.4: Product: {}",
        "usb 3-2: SerialNumber: {}",
    ],
)
@pytest.mark.parametrize("said", ["virt/tdx: module initialized", "virt/tdx: SEAMCALL (0x1f) failed: 0x8000080000000000"])
def test_what_a_program_or_a_device_calls_itself_is_no_line_of_tdx(text: str, said: str) -> None:
    assert recognise(record(text.format(said))) is None
    assert recognise(record(f"other words: {said}")) is not None
