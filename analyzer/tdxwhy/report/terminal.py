"""What a terminal can show: its width, whether colour is wanted, and text that cannot drive it."""

from __future__ import annotations

import os
import sys

from tdxwhy.hints import TextIO

_UNKNOWN_COLUMNS = 80
# What --color says of this run: auto, always or never.
wanted = "auto"
_COLOURS = {"bad": "31;1", "good": "32;1", "unsure": "33;1", "quiet": "2", "strong": "1"}


def safe(text: str) -> str:
    """Return text in which no character can move the cursor, change colours or reorder what is read."""
    if text.isprintable():
        return text
    shown = text.replace("\t", " ")
    return "".join(c if c.isprintable() or c in "\n\xa0\u3000" else "\N{REPLACEMENT CHARACTER}" for c in shown)


def width(stream: TextIO) -> int:
    """Return the columns to fill: the terminal's, at most 120, or 100 where the output is no terminal."""
    return max(40, min(columns(), 120)) if stream.isatty() else 100


def columns() -> int:
    """Return the terminal's columns as shutil.get_terminal_size tells them: COLUMNS first, 80 where nothing is known."""
    try:
        given = int(os.environ.get("COLUMNS", ""))
    except ValueError:
        given = 0
    if given > 0:
        return given
    try:
        return os.get_terminal_size(1).columns or _UNKNOWN_COLUMNS
    except OSError:
        return _UNKNOWN_COLUMNS


def wants_colour(stream: TextIO) -> bool:
    """Tell whether to colour: as --color says, else not against NO_COLOR (https://no-color.org), else with FORCE_COLOR or on a terminal."""
    if wanted != "auto" or os.environ.get("NO_COLOR"):
        return wanted == "always"
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


class Painter:
    """Colours words when colour is wanted, and leaves them alone otherwise."""

    def __init__(self, on: bool) -> None:
        self._on = on

    def __call__(self, kind: str, text: str) -> str:
        """Return `text` in the colour of its kind: bad, good, unsure, quiet or strong."""
        return f"\x1b[{_COLOURS[kind]}m{text}\x1b[0m" if self._on else text


def painter(stream: TextIO | None = None) -> Painter:
    """Return the painter for a stream, standard output by default."""
    return Painter(wants_colour(stream or sys.stdout))
