"""A rule's page: the file in the order in which one reads it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping

from tdxwhy.check.predicates import PREDICATES
from tdxwhy.check.rules import Example, Rule
from tdxwhy.report.terminal import safe


def page(rule: Rule) -> str:
    """Return the page of one rule as text of at most 100 columns, but for its examples."""
    parts = (
        ("Says", _wrapped(rule.message)),
        ("Why", _wrapped(rule.why)),
        ("Fix", _wrapped(rule.fix)),
        ("Blind spots", _wrapped(rule.gaps)),
        ("When all of this holds", "\n".join(_asked(rule.when) if rule.when else ["  always"])),
        ("Requires", "\n".join(_asked(rule.require))),
        ("Source", _wrapped(rule.source)),
        *_examples(rule.example),
    )
    head = (
        f"{rule.id}  {safe(rule.title)}\n  severity {rule.severity}, precision {rule.precision}, {rule.status}; judges a {rule.subject}\n"
    )
    return head + "".join(f"\n{title}\n{text}\n" for title, text in parts) + "\n"


def _examples(examples: Iterable[Example]) -> Iterator[tuple[str, str]]:
    for one in examples:
        lines = "\n".join(safe(line) for line in one.text.strip("\n").splitlines())
        yield one.kind.capitalize() + (f": {safe(one.note)}" if one.note else ""), textwrap.indent(lines, "    ")


def _wrapped(text: str) -> str:
    return textwrap.fill(safe(" ".join(text.split())), 100, initial_indent="  ", subsequent_indent="  ", break_long_words=False)


def _asked(demands: Mapping[str, object]) -> Iterator[str]:
    for name, argument in demands.items():
        value = ", ".join(argument) if isinstance(argument, list) else str(argument).lower()
        meaning = PREDICATES[name].meaning.removeprefix("Tell ").rstrip(".")
        yield "  " + safe(f"{name} = {value}" + (f"  ({meaning})" if meaning else ""))
