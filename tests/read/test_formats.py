"""The same log in every form gives the same records: from the samples, and for any records that a kernel can print."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from render import LEVELLED, LINES, STAMPED, UNSTAMPED, Line

from tdxwhy.read.log import LogReader
from tdxwhy.records import LogRecord

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "formats"
FORMS = {**STAMPED, **UNSTAMPED}


def kernel_records(data: bytes) -> list[LogRecord]:
    (boot,) = list(LogReader(io.BytesIO(data), "log"))
    texts = {line.text for line in LINES}
    return [record for record in boot.records if record.text in texts]


@pytest.mark.parametrize("form", FORMS)
def test_sample_of_each_form(form: str, request: pytest.FixtureRequest) -> None:
    path = SAMPLES / form / "kernel.log"
    if request.config.getoption("--update-golden"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(FORMS[form](LINES))
    records = kernel_records(path.read_bytes())
    assert [record.text for record in records] == [line.text for line in LINES]
    if form in STAMPED:
        assert [record.time_ns for record in records] == [line.micro * 1000 for line in LINES]
    if form in LEVELLED:
        assert [record.level for record in records] == [line.level for line in LINES]


def test_every_sample_has_its_form() -> None:
    assert {path.name for path in SAMPLES.iterdir() if path.is_dir()} == set(FORMS)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_begins_where_the_boot_does(form: str) -> None:
    (boot,) = list(LogReader(io.BytesIO(FORMS[form](LINES)), "log"))
    assert not boot.head_cut
    assert not boot.tail_cut


# Words that a kernel prints: no control characters, no bracket that could be a stamp of its own.
TEXTS = st.from_regex(r"[a-z][a-z0-9_/]{1,12}: [A-Za-z0-9(){}<>,.;=+*'!?#@~^-]([ -Za-z~|{}\]^_`a-z]{0,60}[A-Za-z0-9)])?", fullmatch=True)
EXACT = sorted(set(STAMPED) - {"terminal-80", "issue", "lava", "serial"})


@st.composite
def boots(draw: st.DrawFn) -> list[Line]:
    steps = draw(st.lists(st.tuples(st.integers(1, 10**7), st.integers(0, 7), TEXTS), min_size=1, max_size=6))
    lines, time = [], 0
    for step, level, text in steps:
        time += step
        lines.append(Line(time, level, text))
    return lines


@given(boots())
@example([Line(1, 0, "a0: =")])
@example([Line(1, 0, "a0: " + "x" * 51 + " ="), Line(2, 0, "a0: =")])
def test_round_trip(lines: list[Line]) -> None:
    printed = [(line.text.rstrip(), line.micro * 1000) for line in lines]
    for form in EXACT:
        boots = LogReader(io.BytesIO(FORMS[form](lines)), "log")
        found = [record for boot in boots for record in boot.records if record.time_ns is not None]
        assert [(record.text, record.time_ns) for record in found] == printed, form
        if form in LEVELLED:
            assert [record.level for record in found] == [line.level for line in lines], form
