"""No regular expression of the product takes more than linear time, judged with the method that calls it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tdxwhy.know.match import matchers
from tdxwhy.source.calls import calls, print_pattern
from tests.growth import grows_linearly
from tests.regexes.growth import verdict
from tests.regexes.product import uses

KNOWN = tomllib.loads((Path(__file__).parent / "known.toml").read_text())["pattern"]


@pytest.mark.parametrize(
    ("pattern", "flags", "method", "expected"),
    [
        (r"(a+)+b", 0, "match", "exponential"),
        (r"(a*)*b", 0, "match", "exponential"),
        (r"(a|a)*b", 0, "match", "exponential"),
        (r"(?:(?:re|fwd?)\s*(?:\[\d+\])?\s*:\s*)+", 0, "match", "exponential"),
        (r"^(?:[!-9;-~]{2,60}:[ \t]?.*\r?\n(?:[ \t].*\r?\n)*){2,}", re.MULTILINE, "match", "exponential"),
        (r"a*a*b", 0, "match", "quadratic"),
        (r".*foo.*bar", 0, "match", "quadratic"),
        (r"^(\S.*?)\s*$", 0, "match", "quadratic"),
        (r"a++b", 0, "search", "quadratic"),
        (r"\s+$", 0, "sub", "quadratic"),
        (r"[^<>\s]+@[^<>\s]+", 0, "findall", "quadratic"),
        (r"\(.*?\)", 0, "sub", "quadratic"),
        (r"[.!?]+[\"')]*(?=\s|$)", 0, "finditer", "quadratic"),
        (r"x{0,4000}y", 0, "search", "quadratic"),
        (r"x{0,40}y", 0, "search", ""),
        (r"a+", 0, "search", ""),
        (r"\s*x", 0, "match", ""),
        (r"x\s+$", 0, "search", ""),
        (r"<[^<>]*>", 0, "search", ""),
        (r"(?<![\w-])[\w-]+\.", 0, "search", ""),
        (r"\b\w+\.", 0, "search", ""),
        (r"^.*foo", re.MULTILINE, "search", ""),
        (r"\A\s*x|y", 0, "search", ""),
        (r"(?>a+)b", 0, "match", ""),
        (r"\s*+(?:[:=]\s*+)?x", 0, "match", ""),
        (r"(?:ab?)*c", 0, "match", ""),
        (r"^\s*\w+\(.*\);", 0, "match", ""),
        (rb"a*a*b", 0, "match", "quadratic"),
    ],
)
def test_the_check_itself(pattern: str | bytes, flags: int, method: str, expected: str) -> None:
    assert verdict(pattern, flags, method) == expected


def test_patterns_of_modules() -> None:
    known = {(row["module"], row["method"], row["pattern"]) for row in KNOWN}
    found = set()
    for use in uses():
        if verdict(use.pattern, use.flags, use.method):
            pattern = use.pattern.decode("latin-1") if isinstance(use.pattern, bytes) else use.pattern
            found.add((use.place.partition(":")[0].removeprefix("tdxwhy."), use.method, pattern))
    assert found == known, "a new one is mended, or stands in known.toml with the reason why it is harmless; one that is gone is taken out"


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: row["module"])
def test_what_the_check_fears_of_a_known_one_takes_linear_time(row: dict[str, str]) -> None:
    flags = next(use.flags for use in uses() if use.pattern == row["pattern"])
    called = getattr(re.compile(row["pattern"], flags), row["method"])
    given = [""] if row["method"] == "sub" else []
    grows_linearly(lambda pieces: lambda: called(*given, row["piece"] * pieces))


def test_patterns_of_rules() -> None:
    rows = [(pattern.pattern, "fullmatch") for pattern, _, _ in calls().prints]
    rows += [(value.pattern, "fullmatch") for value in calls() if isinstance(value, re.Pattern)]
    rows.append((print_pattern().pattern, "finditer"))
    assert [row for row in rows if verdict(row[0], 0, row[1]) == "exponential"] == []
    assert verdict(print_pattern().pattern, 0, "finditer") == ""


def test_patterns_of_message_forms() -> None:
    sources = {one.source for one in matchers() if one.source}
    assert len(sources) > 100
    assert {source for source in sources if verdict(source, 0, "fullmatch") == "exponential"} == set()
