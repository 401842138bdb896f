from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxwhy.read.fast_lines import UsualLines, joined, usual_lines
from tdxwhy.read.stream import Collector
from tdxwhy.records import BootRecords, LogRecord, Place

TEXTS = st.sampled_from(["tdx: a", "tdx: b", "Linux version 6.8.0 (a@b)", "Linux versions are many", "Linux"])
# Steps of time in milliseconds: small and large ones, both ways.
STEPS = st.one_of(st.integers(0, 50), st.integers(-3000, 3000))


def read(steps: list[tuple[int, str]]) -> UsualLines:
    time, raws = 0, []
    for step, text in steps:
        time = max(0, time + step)
        raws.append(f"[{time // 1000:5}.{time % 1000:03}000] {text}".encode())
    lines = usual_lines(raws, "log", (list(range(1, len(raws) + 1)), True))
    assert lines is not None
    return lines


def one_by_one(records: list[LogRecord]) -> Iterator[BootRecords]:
    collector = Collector()
    for record in records:
        if collector.begins(record):
            yield from collector.finish(None)
        collector.add(record)
    yield from collector.finish(None)


def at_once(lines: UsualLines, size: int) -> Iterator[BootRecords]:
    collector = Collector()
    for start in range(0, len(lines), size):
        piece = read_again(lines, start, size)
        taken = 0
        while (taken := collector.take(piece, taken)) < len(piece):
            yield from collector.finish(None)
    yield from collector.finish(None)


def read_again(lines: UsualLines, start: int, size: int) -> UsualLines:
    again = usual_lines(lines.columns.raws[start : start + size], "log", (lines.columns.places[start : start + size], True))
    assert again is not None
    return again


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(STEPS, TEXTS), min_size=1, max_size=40), st.integers(1, 12))
def test_lines_taken_at_once_make_the_boots_that_they_make_one_by_one(steps, size):
    lines = read(steps)
    assert list(at_once(lines, size)) == list(one_by_one(list(lines)))


@pytest.mark.parametrize(("limit", "piece"), [(6, 1), (6, 4), (10, 3)])
def test_of_a_flood_the_same_lines_are_kept(monkeypatch, limit, piece):
    monkeypatch.setattr("tdxwhy.read.stream._HALF", limit // 2)
    monkeypatch.setattr("tdxwhy.read.stream._PIECE", piece)
    lines = read([(1, "tdx: a")] * 100)
    for boots in (list(at_once(lines, 7)), list(one_by_one(list(lines)))):
        (boot,) = boots
        assert [record.place.line for record in boot.records] == [*range(1, limit // 2 + 1), *range(101 - limit // 2, 101)]
        assert (boot.total, boot.gaps) == (100, True)


def test_lines_are_records_when_asked():
    lines = read([(1500, "tdx: a"), (1, "tdx: b")])
    first, second = LogRecord(Place("log", 1), "[    1.500000] tdx: a", "tdx: a", 1_500_000_000), lines[1]
    assert list(lines) == [first, second] == [*lines[:1], *lines[1:]]
    assert lines == (first, second) and lines != (first,)
    assert joined([lines[:1], lines[1:]]) == lines and isinstance(joined([lines[:1], lines[1:]]), UsualLines)
    assert joined([lines[:1], [second]]) == (first, second)
    assert all(type(record) is LogRecord and type(record.place) is Place for record in lines)
