"""Compile rules/knowledge into tables that need no parser at start. Rows are referred to by id, matchers by their format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tdxwhy.know.printf import Field, Text, expression, field_kinds, pieces
from tdxwhy.know.rows import UNANCHORED, Knowledge
from tdxwhy.noun import NamedTuple
from tdxwhy.records import MessageForm

# Lengths of the constant heads by which a line finds its few candidates, longest first.
HEADS = (32, 24, 16, 12, 8, 4)
# What must stand in a line of a format that has no constant text.
_NEEDLES = {"cpus": "#", "frame": "+0x"}


class MatcherRow(NamedTuple):
    """How the lines of one format are known: `source` is None for constant text; `needle` must stand in the line."""

    format: str
    source: str | None
    kinds: tuple[str, ...]
    args: tuple[str, ...]
    forms: tuple[str, ...]
    needle: str


def tables(folder: Path) -> dict[str, Any]:
    """Compile the knowledge in a folder and return its tables by name."""
    from tdxwhy.know.load import load

    knowledge = load(folder)
    matchers = _matchers(knowledge.form)
    found: dict[str, Any] = {name.upper(): rows for name, rows in knowledge._asdict().items()}
    found["MATCHERS"] = matchers
    found["EXACT"] = [matcher.format for matcher in matchers if matcher.source is None]
    found["HEADS"] = _heads(matchers)
    found["CONSTANTS"] = _constants(knowledge)
    return found


def _constants(knowledge: Knowledge) -> list[tuple[str, ...]]:
    """Return the constant texts of each format that the scanner of big logs looks for and that holds no stem."""
    from tdxwhy.know.cover import uncovered

    looked_for = (form for form in knowledge.form if form.kind != UNANCHORED and form.level != "debug")
    return uncovered(tuple(part.text for part in pieces(form.format) if isinstance(part, Text)) for form in looked_for)


def _matchers(forms: Sequence[MessageForm]) -> list[MatcherRow]:
    """Build one matcher a format, the more specific first."""
    rows: dict[str, list[MessageForm]] = {}
    for form in forms:
        rows.setdefault(form.format, []).append(form)
    found: list[tuple[int, MatcherRow]] = []
    for format, alike in rows.items():
        parts = pieces(format)
        constants = [part.text for part in parts if isinstance(part, Text)]
        fields = [part for part in parts if isinstance(part, Field)]
        needle = max(
            (one for text in constants for one in text.split("  ")),
            key=len,
            default=_NEEDLES[field_kinds(format)[0]] if not constants else "",
        )
        line, source = (format, expression(format)) if fields else ("".join(constants), None)
        weight = sum(map(len, constants)) + sum(field.width for field in fields)
        ids = tuple(form.id for form in alike)
        found.append((weight, MatcherRow(line, source, field_kinds(format), alike[0].args, ids, needle)))
    found.sort(key=lambda pair: (-pair[0], pair[1].format))
    return [one for _, one in found]


def _heads(matchers: Sequence[MatcherRow]) -> dict[str, list[str]]:
    """Key each matcher with fields on the longest head that its format's first constant allows; "" holds the rest."""
    heads: dict[str, list[str]] = {}
    for matcher in matchers:
        if matcher.source is None:
            continue
        first = pieces(matcher.format)[0]
        constant = first.text.partition("  ")[0] if isinstance(first, Text) else ""
        length = next((length for length in HEADS if length <= len(constant)), 0)
        heads.setdefault(constant[:length], []).append(matcher.format)
    return heads
