"""Lower a pyparsing matcher to one regular expression with the same results.

pyparsing tries alternatives in order and never goes back, which is what atomic groups and possessive repeats say
in `re` (Python 3.11). An element with a results name becomes a capturing group.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pyparsing as pp


class NotLowered(Exception):  # noqa: N818 - a verdict: this matcher stays a pyparsing grammar
    """An element that has no counterpart in a regular expression."""


def lower(element: pp.ParserElement) -> str:
    """Return the source of a regular expression that matches what `element` matches, with a group for each results name."""
    rule = next((_RULES[kind] for kind in type(element).__mro__ if kind in _RULES), None)
    if rule is None or element.parseAction:
        raise NotLowered(f"{type(element).__name__} {element}")
    source = rule(element)
    return f"({source})" if element.resultsName else source


def _and(element: pp.And) -> str:
    return "".join(lower(part) for part in element.exprs)


def _word(element: pp.Word) -> str:
    source = getattr(element, "reString", None)
    if not source or not source.endswith(("+", "*", "}")):
        raise NotLowered(f"word {element}")
    return f"{source}+"


def _skip(element: pp.SkipTo) -> str:
    ahead = re.sub(r"(?<!\\)\((?!\?)", "(?:", lower(element.expr))  # what only lies ahead captures nothing
    return f"(?>.*?(?={ahead}))"


_RULES: dict[type, Callable[..., str]] = {
    pp.And: _and,
    pp.Literal: lambda element: re.escape(element.match).replace("\\ ", " "),
    pp.Word: _word,
    pp.Regex: lambda element: f"(?>{element.pattern})",
    pp.Opt: lambda element: f"(?>{lower(element.expr)})?+",
    pp.Suppress: lambda element: lower(element.expr),
    pp.Combine: lambda element: lower(element.expr),
    pp.SkipTo: _skip,
    pp.Empty: lambda element: "",
}
