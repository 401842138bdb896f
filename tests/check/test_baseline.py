"""A baseline holds contents, counts and reasons; lines may move."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxwhy.check.baseline import compare, read, written
from tdxwhy.errors import TdxwhyError
from tdxwhy.records import Evidence, Finding, Place


def finding(line: int = 1, quote: str = "a", source: str = "x.c") -> Finding:
    evidence = (Evidence(Place(source, line), quote),)
    return Finding("TDX201", "error", f"says {quote}", evidence)


def baseline(folder: Path, *findings: Finding) -> Path:
    path = folder / "baseline.json"
    path.write_text(written(findings, "accepted"), encoding="utf-8")
    return path


def test_what_is_known_is_taken_out_as_often_as_it_says(tmp_path: Path) -> None:
    entries = read(baseline(tmp_path, finding(1), finding(9)))
    assert [(entry.times, entry.reason) for entry in entries] == [(2, "accepted")]
    known = compare([finding(100), finding(200), finding(300)], entries)
    assert (len(known.new), len(known.known), known.stale) == (1, 2, ())


def test_another_text_or_file_is_new(tmp_path: Path) -> None:
    entries = read(baseline(tmp_path, finding()))
    known = compare([finding(quote="b"), finding(source="y.c")], entries)
    assert (len(known.new), known.stale) == (2, entries)


def test_reasons_given_before_are_kept(tmp_path: Path) -> None:
    path = baseline(tmp_path, finding())
    again = json.loads(written([finding(5), finding(quote="b")], "later", read(path)))
    assert {row["message"]: row["reason"] for row in again["entries"]} == {"says a": "accepted", "says b": "later"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 5000,
        '{"schema": "tdxwhy/baseline/1", "entries": [1]}',
        '{"schema": "tdxwhy/baseline/1", "entries": [{"file": "a"}]}',
        '{"schema": "tdxwhy/baseline/1", "entries": [{"file":"a","rule":"b","fingerprint":"c","message":"d","times":0,"reason":"e"}]}',
        '{"schema": "tdxwhy/baseline/1", "entries": [{"file":"a","rule":"b","fingerprint":"c","message":"d","times":1,"reason":" "}]}',
        '{"schema": "tdxwhy/baseline/1", "entries": [{"file":"a","rule":"b","fingerprint":"c","message":"d","times":true,"reason":"e"}]}',
    ],
)
def test_an_odd_baseline_is_one_complaint(tmp_path: Path, text: str) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TdxwhyError) as caught:
        read(path)
    assert "\n" not in caught.value.message


def test_a_missing_baseline_is_said(tmp_path: Path) -> None:
    with pytest.raises(TdxwhyError, match="no such file"):
        read(tmp_path / "none.json")


@given(st.lists(st.tuples(st.integers(1, 99), st.sampled_from("abc"), st.sampled_from(["x.c", "y.c"])), max_size=12))
def test_a_baseline_of_all_findings_leaves_none(rows: list[tuple[int, str, str]]) -> None:
    found = [finding(*row) for row in rows]
    document = json.loads(written(found, "r"))
    from tdxwhy.check.baseline import Entry

    known = compare(found, [Entry(**row) for row in document["entries"]])
    assert (known.new, known.stale) == ((), ())
