"""A rule's examples as tests: it fires on every bad one, stays silent on every good one, and does not hang on a single word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tdxwhy.check.catalogue import rules_of
from tdxwhy.check.gate import gate
from tdxwhy.check.intake import Input, sort_of
from tdxwhy.check.rules import Example, Rule
from tdxwhy.config import Settings
from tdxwhy.noun import NamedTuple

_WORD = re.compile(r"[A-Za-z][A-Za-z]{2,}")
_STAND_IN = "zzyx"
_TRIED = 120


class Tried(NamedTuple):
    """How a rule did on one of its examples; `why` is empty where it did as it should."""

    rule: str
    number: int
    kind: str
    why: str


def fires(rule: Rule, text: str) -> bool:
    """Tell whether a rule finds something in a text, which is taken for what it looks like."""
    data = text.encode("utf-8")
    rules = [*(one for one in rules_of() if one.id != rule.id), rule] if rule.subject == "suppression" else [rule]
    run = gate([Input("example", None, sort_of(data, "example"), data)], rules, Settings())
    return any(found.rule == rule.id for found in run.findings)


def try_rule(rule: Rule) -> Iterator[Tried]:
    """Try a rule on its examples; one of high precision also on its good ones with one word changed."""
    for number, example in enumerate(rule.example, 1):
        yield Tried(rule.id, number, example.kind, _wrong(rule, example))


def _wrong(rule: Rule, example: Example) -> str:
    found = fires(rule, example.text)
    if example.kind == "bad":
        return "" if found else "stays silent on its bad example"
    if found:
        return "fires on its good example"
    if rule.precision == "high" and len(words := hanging(rule, example.text)) == 1:
        return f"hangs on the single word {words[0]!r} of its good example"
    return ""


def hanging(rule: Rule, text: str) -> tuple[str, ...]:
    """Return the words of a good example of which each alone, changed into another, makes the rule fire."""
    places = list(dict.fromkeys(found[0] for found in _WORD.finditer(text)))[:_TRIED]
    return tuple(word for word in places if fires(rule, re.sub(rf"\b{word}\b", _STAND_IN, text)))


def coverage(rules: Sequence[Rule]) -> list[tuple[Rule, int, int]]:
    """Return for each rule how many of its bad and of its good examples do as they should."""
    rows = []
    for rule in rules:
        done = [one for one in try_rule(rule) if not one.why]
        rows.append((rule, sum(one.kind == "bad" for one in done), sum(one.kind == "good" for one in done)))
    return rows
