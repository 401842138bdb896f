"""Compile rules/knowledge into `compiled.py`: plain literals that start-up can load without any parser.

`python -m tdxwhy.know.compile` writes the module; in a checkout a stale one is noticed by `fresh.digest`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tdxwhy import shipped
from tdxwhy.errors import main_in_one_line
from tdxwhy.know.fresh import digest
from tdxwhy.know.knowledge import Knowledge
from tdxwhy.know.rows import UNANCHORED
from tdxwhy.records import MessageForm

# Lengths of the constant heads by which a line finds its few candidates, longest first.
HEADS = (32, 24, 16, 12, 8, 4)
_HERE = Path(__file__).parent
# What must stand in a line of a format that has no constant text.
_NEEDLES = {"cpus": "#", "frame": "+0x"}


class Matcher(NamedTuple):
    """How the lines of one format are known: `source` is None for constant text; `needle` must stand in the line."""

    format: str
    source: str | None
    kinds: tuple[str, ...]
    args: tuple[str, ...]
    forms: tuple[int, ...]
    needle: str


def tables(folder: Path | None = None) -> dict[str, Any]:
    """Compile the knowledge in `folder` and return what `compiled.py` holds, by name."""
    from tdxwhy.know.load import load

    folder = folder or shipped.folder("rules/knowledge")
    knowledge = load(folder)
    matchers, unlowered = _matchers(knowledge.form)
    found: dict[str, Any] = {"DIGEST": digest(str(folder))}
    for name, rows in knowledge._asdict().items():
        if name != "ordinary":  # of these only the anchors are needed
            found[name.upper()] = tuple(_plain(row) for row in rows)
    found["MATCHERS"] = tuple(tuple(matcher) for matcher in matchers)
    found["EXACT"] = {matcher.format: number for number, matcher in enumerate(matchers) if matcher.source is None}
    found["HEADS"] = _heads(matchers)
    found["UNLOWERED"] = unlowered
    found["ANCHORS"] = _anchors(knowledge)
    return found


def _anchors(knowledge: Knowledge) -> tuple[str, ...]:
    from tdxwhy.know.cover import cover
    from tdxwhy.know.grammar import Text, pieces

    looked_for = (form for form in knowledge.form if form.kind != UNANCHORED and form.level != "debug")
    constants = (tuple(part.text for part in pieces(form.format) if isinstance(part, Text)) for form in looked_for)
    return cover(constants, [line for row in knowledge.ordinary for line in row.lines])


def _plain(value: object) -> object:
    return tuple(_plain(one) for one in value) if isinstance(value, tuple) else value


def _matchers(forms: Sequence[MessageForm]) -> tuple[list[Matcher], tuple[str, ...]]:
    """Build one matcher a format, the more specific first."""
    from tdxwhy.know.grammar import Field, Text, field_kinds, matcher, pieces
    from tdxwhy.know.lower import NotLowered, lower

    rows: dict[str, list[int]] = {}
    for number, form in enumerate(forms):
        rows.setdefault(form.format, []).append(number)
    found: list[tuple[int, Matcher]] = []
    unlowered = []
    for format, numbers in rows.items():
        parts = pieces(format)
        constants = [part.text for part in parts if isinstance(part, Text)]
        source = None
        if any(isinstance(part, Field) for part in parts):
            try:
                source = lower(matcher(format))
            except NotLowered:
                unlowered.append(format)
        needle = max(
            (one for text in constants for one in text.split("  ")),
            key=len,
            default=_NEEDLES[field_kinds(format)[0]] if not constants else "",
        )
        line = format if source or format in unlowered else "".join(constants)
        weight = sum(map(len, constants)) + sum(part.width for part in parts if isinstance(part, Field))
        found.append((weight, Matcher(line, source, field_kinds(format), forms[numbers[0]].args, tuple(numbers), needle)))
    found.sort(key=lambda pair: (-pair[0], pair[1].format))
    return [one for _, one in found], tuple(unlowered)


def _heads(matchers: Sequence[Matcher]) -> dict[str, tuple[int, ...]]:
    """Key each matcher with fields on the longest head that its format's first constant allows; "" holds the rest."""
    from tdxwhy.know.grammar import Text, pieces

    heads: dict[str, list[int]] = {}
    for number, matcher in enumerate(matchers):
        if matcher.source is None and not matcher.kinds:
            continue
        first = pieces(matcher.format)[0]
        constant = first.text.partition("  ")[0] if isinstance(first, Text) else ""
        length = next((length for length in HEADS if length <= len(constant)), 0)
        heads.setdefault(constant[:length], []).append(number)
    return {head: tuple(numbers) for head, numbers in heads.items()}


def render(found: dict[str, Any]) -> str:
    """Return the text of `compiled.py`: each table as JSON in one string, a row a line.

    Strings cost next to nothing where no byte code can be cached (tuples took 42 ms there),
    and only the tables that are asked for are read.
    """
    import json

    lines = ['"""Generated by `python -m tdxwhy.know.compile` from rules/knowledge; do not edit."""', ""]
    for name, value in found.items():
        rows = value.items() if isinstance(value, dict) else value
        texts = [json.dumps(row) for row in rows] if not isinstance(value, str) else []
        text = "[\n" + ",\n".join(texts) + "\n]" if texts else json.dumps(value)
        lines.append(f"{name} = r'''{text}'''")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write `compiled.py` and say how many formats could not be lowered."""
    found = tables()
    (_HERE / "compiled.py").write_text(render(found), encoding="utf-8")
    formats, unlowered = len(found["MATCHERS"]), len(found["UNLOWERED"])
    sys.stdout.write(f"{len(found['FORM'])} forms, {formats} formats, {unlowered} not lowered\n")


if __name__ == "__main__":
    main_in_one_line(main)
