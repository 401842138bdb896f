"""A rule's page: the file in the order in which one reads it."""

from __future__ import annotations

import textwrap

from tdxwhy.check.predicates import PREDICATES
from tdxwhy.check.rules import Rule
from tdxwhy.report.templates import fill
from tdxwhy.report.terminal import safe


def page(rule: Rule) -> str:
    """Return the page of one rule as text of at most 100 columns, but for its examples."""
    return fill(
        "rule.txt",
        rule=rule,
        when=[_asked(name, argument) for name, argument in rule.when.items()],
        require=[_asked(name, argument) for name, argument in rule.require.items()],
        wrapped=_wrapped,
        block=lambda text: textwrap.indent("\n".join(safe(line) for line in text.strip("\n").splitlines()), "    "),
    )


def _wrapped(text: str) -> str:
    return textwrap.fill(safe(" ".join(text.split())), 100, initial_indent="  ", subsequent_indent="  ", break_long_words=False)


def _asked(name: str, argument: object) -> str:
    value = ", ".join(argument) if isinstance(argument, list) else str(argument).lower()
    meaning = PREDICATES[name].meaning.removeprefix("Tell ").rstrip(".")
    return f"{name} = {value}" + (f"  ({meaning})" if meaning else "")
