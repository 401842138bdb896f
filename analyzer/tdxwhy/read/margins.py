"""What stands before or behind every line of a paste and was put there by a tool or a hand: frames, numbers, marks of lists and changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from tdxwhy.lazy import lazy

# The frame of a box, a table's line between its head and its rows, the ends of a comment.
_EDGE = lazy(r"(?m)^[ \t]{0,16}[+|][-=+:| ]{3,}[+|][ \t]{0,16}$|^[ \t]{0,16}(?:/\*+|\*+/)[ \t]{0,16}$")
_ROW = lazy(r"(?m)^[ \t]{0,16}\| ?(?P<row>[^\n]*?)\|[ \t]{0,16}$")
_NUMBER = lazy(r"[ \t]{0,16}(?P<number>\d{1,6})(?:[.:)|]| {1,8}\||\t|-(?=[\[<])) ?")
# What stands before every line, or before nearly all of them. A quote's `>` is not taken off: it tells who speaks.
_MARKS = (
    lazy(r"[ \t]{0,16}\|(?: |$)"),
    lazy(r"[ \t]{0,16}(?:[-*+•·◦‣](?! ?\{)|#|//|;|--)(?: |$)|[+-](?! ?\{)"),
    lazy(r"[A-Z]{1,3}> ?"),
    lazy(r"\[?\d\d:\d\d(?::\d\d)?\]? (?:< ?[\w.-]{1,32}> |[\w.-]{1,32}: )"),
)
_SERVICE = lazy(r"[\w.-]{1,64} {1,8}\| ")
_TAIL = lazy(r".{0,3}?(?P<tail>\\|\^M|(?:\\r)?\\n|\\r)$")
_TAIL_LENGTH = 4
_CODE = lazy(r"(?m)^[ \t]{0,16}`([^`\n]{1,2048})`[ \t]{0,16}$")
# What shows that more stands behind a margin than the kernel's own lines: a prompt with a command, a fence, a line of syslog.
_SESSION = lazy(
    r"(?:(?:[\w.-]{1,64}@[\w.-]{1,64}:[^$#\s]{0,64})?[$#] (?:sudo )?(?:dmesg|journalctl|cat|grep|zgrep|ls|lscpu|lsmod|modprobe|rdmsr|uname|"
    r"virsh|systemctl|qemu[\w-]{0,64}|chcpu|kubectl)\b|```"
    r"|(?<=\S )[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d [\w.-]{1,64} [\w.@()\[\]-]{1,64}: )"
)
_OUTER = 80
# So many lines must have it, and such a part of all.
_LEAST, _NEARLY_ALL = 3, 0.85
_DEEP = 3


def without_margins(text: str) -> str:
    r"""Return the text without what nearly every line begins or ends with. Lines keep their numbers.

    >>> without_margins("+---+\n| [    1.2] virt/tdx: one |\n| [    1.3] virt/tdx: two |\n+---+\n")
    '\n[    1.2] virt/tdx: one \n[    1.3] virt/tdx: two \n\n'
    """
    if "|" in text or "*/" in text:
        text = _ROW.sub(lambda row: row["row"].replace("\\|", "|"), _EDGE.sub("", text))
    for _ in range(_DEEP):
        lines = text.split("\n")
        full = [line for line in lines if line.strip()]
        cut = _cut_for(full) if len(full) >= _LEAST else None
        if cut is None:
            break
        text = _CODE.sub(r"\1", "\n".join(map(cut, lines)))
    return text


def _cut_for(full: Sequence[str]) -> Callable[[str], str] | None:
    """Return what takes the outermost margin off a line, or None where the lines have none."""
    if _counts_up(full):
        return _without(_NUMBER)
    for mark in _MARKS:
        if _have(full, mark) and not any(map(_SESSION.match, full)):  # the # of root's prompt is none
            return _without(mark)
    if _have([line[-_TAIL_LENGTH:] for line in full], _TAIL):
        return _without_tail
    service = _SERVICE.match(full[0])
    outer = re.compile(re.escape(service[0])) if service is not None and full[-1].startswith(service[0]) else _outer(full)
    return _without(outer) if outer is not None and _have(full, outer) else None


def _without(margin: re.Pattern[str]) -> Callable[[str], str]:
    return lambda line: line[found.end() :] if (found := margin.match(line)) is not None else line


def _without_tail(line: str) -> str:
    found = _TAIL.match(line[-_TAIL_LENGTH:])
    return line if found is None else line[: len(line) - len(found["tail"])]


def _counts_up(lines: Sequence[str]) -> bool:
    """Tell whether the lines are numbered, in their order."""
    if not _have(lines, _NUMBER):
        return False
    numbers = [int(found["number"]) for line in lines if (found := _NUMBER.match(line)) is not None]
    return all(one < other for one, other in pairwise(numbers))


def _outer(lines: Sequence[str]) -> re.Pattern[str] | None:
    """Return the shape of what a shipper of logs put before the lines of a session: that before its first prompt or fence."""
    for line in lines:
        found = _SESSION.search(line[: _OUTER + 32])
        before = line[: found.start()] if found is not None else ""
        if before.strip():
            from tdxwhy.read.regular import shape_of

            return re.compile(shape_of(before))
    return None


def _have(lines: Sequence[str], margin: re.Pattern[str]) -> bool:
    """Tell whether nearly all lines begin so; a look at the first ones settles it for most."""
    first = lines[:16]
    if sum(margin.match(line) is not None for line in first) < _NEARLY_ALL * len(first) - 1:
        return False
    having = sum(margin.match(line) is not None for line in lines)
    return having >= _NEARLY_ALL * len(lines) or having == len(lines) - 1 >= _LEAST
