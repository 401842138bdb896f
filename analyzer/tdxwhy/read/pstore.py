"""Records that pstore kept over a crash: parts in reverse order, each under a heading."""

from __future__ import annotations

from tdxwhy.lazy import lazy

_HEADING = lazy(
    r"\s{0,4}(?P<reason>Panic|Oops|Emergency|Shutdown|Unknown|Restart|Halt|Poweroff|Emerg)#(?P<count>\d{1,6}) Part(?P<part>[0-9]{1,6})\s*"
)

Numbered = tuple[int, str]


def in_order(lines: list[Numbered]) -> list[Numbered]:
    """Put the parts of a dump into the order in which the kernel printed them; other lines stay where they are.

    Accepted form: headings such as `Panic#2 Part3`; of one dump the highest part is the oldest.

    >>> in_order([(1, "Panic#1 Part1"), (2, "printed last"), (3, "Panic#1 Part2"), (4, "printed first")])
    [(4, 'printed first'), (2, 'printed last')]
    """
    starts = [(index, found) for index, (_, text) in enumerate(lines) if (found := _HEADING.fullmatch(text))]
    if not starts:
        return lines
    ends = [index for index, _ in starts[1:]] + [len(lines)]
    order: dict[tuple[str, str], int] = {}
    parts = []
    for (start, found), end in zip(starts, ends, strict=True):
        dump = order.setdefault((found["reason"], found["count"]), len(order))
        parts.append((dump, -int(found["part"]), lines[start + 1 : end]))
    parts.sort(key=lambda part: part[:2])
    return lines[: starts[0][0]] + [line for _, _, part in parts for line in part]
