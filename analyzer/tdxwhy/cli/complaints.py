"""What goes to standard error: one line a complaint, which neither a name nor a broken stream can spoil."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from tdxwhy.errors import TdxwhyError

# Complaints of one kind that are made one by one, and characters of each: more was made to fill a screen.
_EACH, _LONGEST = 8, 1000


def complain(message: str, hint: str = "") -> None:
    """Write a complaint and at most one hint; names in it drive no terminal, and an unwritable stream changes no exit status."""
    said = f"tdxwhy: {_one_line(message)}\n" + (f"hint: {_one_line(hint)}\n" if hint else "")
    try:
        sys.stderr.write(said)
        sys.stderr.flush()
    except OSError:
        discard(sys.stderr.fileno())


def complain_of(messages: Sequence[str | TdxwhyError], more: str) -> None:
    """Make the first complaints of a kind, and count the others; `more` says of what there are more, in the plural."""
    for one in messages[:_EACH]:
        complain(*((one.message, one.hint) if isinstance(one, TdxwhyError) else (one,)))
    if len(messages) > _EACH:
        complain(f"{len(messages) - _EACH} more {more}")


def _one_line(text: str) -> str:
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return text if text.isprintable() else "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text.replace("\n", " "))


def unforeseen(error: Exception) -> tuple[str, str]:
    """Return in one line what went wrong in this program itself, and where, and what to do about it."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = "" if place is None else f", {os.path.basename(place.tb_frame.f_code.co_filename)}:{place.tb_lineno}"  # noqa: PTH119
    return f"cannot go on ({type(error).__name__}{where})", "please report it with the input; python -X dev -m tdxwhy shows more"


def discard(descriptor: int) -> None:
    """Send what a stream still holds, and could not write, to the null device: Python flushes it once more at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def taken_for(release: str, generation: str) -> None:
    """Say which kernel a release is taken for, where that is not its name."""
    if release != generation:
        complain(f"{release} is taken for {generation} by its number; distributions backport, so a log decides better")
