"""Where a finding stands, as reports show it: path, line, columns, and the lines around it."""

from __future__ import annotations

import os
import re
from functools import lru_cache

from tdxwhy.check.judged import Run
from tdxwhy.noun import NamedTuple
from tdxwhy.records import Evidence

_SHOWN = 500


class Spot(NamedTuple):
    """A place in an input: `line` and columns count from 1; `text` is that line, as far as it is known."""

    path: str
    line: int
    column: int
    end_column: int
    text: str
    known: bool


def spot(run: Run, evidence: Evidence) -> Spot:
    """Return where a piece of evidence stands. Without the input's text, the quote itself is shown."""
    place = evidence.place
    text = run.text_of(place.source)
    line = place.line or 1
    rows = _rows(text) if text is not None else ()
    if not 0 < line <= len(rows):
        return Spot(relative(place.source), line, 1, len(evidence.quote) + 1, evidence.quote[:_SHOWN], place.line is not None)
    row = rows[line - 1].rstrip("\r")
    column, end = _columns(row, evidence.quote)
    return Spot(relative(place.source), line, column, end, row[:_SHOWN], True)


@lru_cache(maxsize=8)
def _rows(text: str) -> tuple[str, ...]:
    return tuple(text.split("\n"))


def _columns(row: str, quote: str) -> tuple[int, int]:
    """Find the quote in its line, or the call that begins there, or else take the line without its indentation."""
    start = row.find(quote)
    if quote and start >= 0:
        return start + 1, start + len(quote) + 1
    call = re.match(r"\w+\(", quote)
    start = row.find(call[0]) if call else -1
    if start < 0:
        start = len(row) - len(row.lstrip("+-> \t"))
    return start + 1, max(start + 2, len(row.rstrip()) + 1)


def relative(path: str) -> str:
    """Return a path without a root: below the working directory where it is there, else as it was given."""
    if path in ("-", ""):
        return "stdin"
    if path.startswith("/"):
        inside = os.path.relpath(path)
        return path if inside.startswith("..") else inside
    return path.removeprefix("./")


def excerpt(spot_: Spot, context: tuple[str, ...] = ()) -> list[str]:
    """Return the line with its number and a caret line under what is meant."""
    number = str(spot_.line)
    head = spot_.text.replace("\t", "    ")
    before = spot_.text[: spot_.column - 1].replace("\t", "    ")
    marked = spot_.text[spot_.column - 1 : spot_.end_column - 1].replace("\t", "    ")
    gutter = " " * len(number)
    return [*context, f"{number} | {head}", f"{gutter} | {' ' * len(before)}{'^' * max(1, len(marked))}"]
