from __future__ import annotations

import pytest

from tdxwhy.know import tables
from tdxwhy.know.match import LEVELS
from tdxwhy.know.names import named
from tdxwhy.know.recognise import recognise
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
