"""Messages that a mail program, a terminal or a form broke into several lines."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Sequence
from functools import cache

from tdxwhy.incident.nouns import PasteLine, Sign
from tdxwhy.lazy import lazy

# Nobody wraps at less; a message is broken into no more pieces than this.
_NARROW, _PIECES = 24, 5
# A terminal is no narrower, and cuts words in two.
_WIDE = 72
# Fields whose value is not read where its last digits are missing.
STATUSES = frozenset(("status", "hw_errors"))
# Accepted form: what begins a line of its own: a fence, a bullet, a time in brackets or at the beginning.
_BEGINS = lazy(r"\s*(?:```|[-*•] |\d{1,3}\. |[<\[]\s*\d|\d{4}-\d\d-\d\d|[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d)")


def put_together(
    lines: Sequence[PasteLine], number: int, here: Sequence[Sign], signs_in: Callable[[str], Iterable[Sign]]
) -> tuple[Sequence[Sign], int]:
    """Return the signs of a line and the number of the last line that they reach into.

    `here` are those of the line by itself; lines that go on from it are added while it holds no known message, or one whose reason at
    the end is torn. `signs_in` finds the messages in a text.
    """
    if any(sign.known for sign in here) and not _is_torn(here):
        return here, number
    texts = (lines[number].text,) * 2  # as parted between words, and as cut by the edge of a terminal
    for place in range(number + 1, min(number + _PIECES, len(lines))):
        if not _goes_on(lines[place - 1], lines[place]):
            break
        before, after = lines[place - 1].text, lines[place].text
        texts = f"{texts[0].rstrip()} {after.strip()}", f"{texts[1]}{'' if len(before) >= _WIDE else ' '}{after}"
        if texts[0] == texts[1] or any(sign.known for sign in signs_in(after)):
            texts = (texts[0],) * 2
        for text in dict.fromkeys(texts):
            joined = [sign for sign in signs_in(text) if sign.known]
            if any(text.index(sign.quote) < len(lines[number].text) for sign in joined):
                return joined, place
            if joined:  # it stands in the line behind by itself
                return here, number
    return here, number


def _goes_on(before: PasteLine, after: PasteLine) -> bool:
    stamped = after.time_ns is not None or before.command or after.command
    return not stamped and len(before.text) >= _NARROW and bool(after.text.strip()) and _BEGINS.match(after.text) is None


def _is_torn(signs: Sequence[Sign]) -> bool:
    """Tell whether the reason or the status at the end of a line seems to go on in the next one."""
    if STATUSES & set(signs[-1].message.args) - signs[-1].values.keys():
        return True
    text = signs[-1].values.get("errno_text")
    return isinstance(text, str) and len(signs[-1].line.text) >= _NARROW and text.strip(" \"'`)") in _heads()


@cache
def _heads() -> frozenset[str]:
    """Return the beginnings of what an errno is in words."""
    words = (os.strerror(number).split() for number in errno.errorcode)
    return frozenset(" ".join(each[:count]) for each in words for count in range(1, len(each)))
