"""What a paste shows beside its log: answers to commands, and lines that state something. One reader for the boot and for incidents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from tdxwhy.know import tables
from tdxwhy.know.rows import Shown
from tdxwhy.noun import NamedTuple


class ShownFact(NamedTuple):
    """A row that holds, with its value; `answer` is the place of the answer that says so, None where it is the command's silence.

    `start` is where in the line or the answer the row's words begin.
    """

    row: Shown
    value: str = ""
    end: str = ""
    answer: int | None = None
    start: int = 0


# What a typed command asks for stands among its first characters; patterns of it take the square of their number.
_TYPED = 500


@cache
def by_line(of_boot: bool = False) -> tuple[Shown, ...]:
    """Return the rows that a line can show; `of_boot`: those that state a fact of the boot."""
    return tuple(row for row in tables.shown() if row.line and (row.fact or not of_boot))


@cache
def by_command(of_boot: bool = False) -> tuple[Shown, ...]:
    """Return the rows that a command with its answer can show; `of_boot` as above."""
    return tuple(row for row in tables.shown() if row.command and (row.fact or not of_boot))


def in_line(rows: Sequence[Shown], text: str) -> Iterator[ShownFact]:
    """Yield what a line shows by some rows."""
    for row in rows:
        found = _compiled(row.line).search(text)
        told = None if found is None else _told(row, found, None)
        if told is not None:
            yield told


def in_answers(row: Shown, command: str, answers: Sequence[str], whole: bool = True) -> Iterator[ShownFact]:
    """Yield what a command and its answers show by a row; `whole`: all that it printed is there, so silence counts."""
    if not _compiled(row.command).search(command[:_TYPED]):
        return
    printed = [place for place, text in enumerate(answers) if text.strip()]
    silent = not printed or not answers[0].strip()
    if not row.answer:
        if whole and silent:
            yield ShownFact(row)
        return
    for place in printed:
        told = _told(row, _compiled(row.answer).search(answers[place].strip()), place)
        if told is not None:
            yield told
    if not printed and _compiled(row.answer).search("") is not None:
        yield ShownFact(row)


def stands_near(row: Shown, before: Sequence[str]) -> bool:
    """Tell whether the lines before one bear out what its row wants near it."""
    return not row.near or any(_compiled(row.near).search(text) for text in before)


def _told(row: Shown, found: re.Match[str] | None, place: int | None) -> ShownFact | None:
    if found is None or not _holds(row, found):
        return None
    groups = found.groupdict()
    value = next((one for name, one in groups.items() if name.startswith("value") and one), "")
    return ShownFact(row, value, groups.get("end") or "", place, found.start())


def _holds(row: Shown, found: re.Match[str]) -> bool:
    """Tell whether the number in an answer has the bit, or the value, of which the row speaks."""
    if row.bit is None and not row.nonzero:
        return True
    number = int(found["hex"], 16)
    return number != 0 if row.nonzero else bool(number >> (row.bit or 0) & 1) == row.is_set


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
