"""What was wrapped by a terminal or a mailer, torn by another writer, or sent in fragments is put together again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tdxwhy.read.item import Item, Mark
from tdxwhy.read.kmsg import FRAGMENT
from tdxwhy.read.plain import unquote
from tdxwhy.records import LogRecord

# systemd's status lines share the console with the kernel.
_STATUSES = ("[  OK  ]", "[FAILED]", "[DEPEND]", "[ INFO ]", "[ WARN ]", "[ SKIP ]", "[ TIME ]")
_STATUS = re.compile(r"(?<=\S)\s{0,4}\[(?:  OK  |FAILED|DEPEND| INFO | WARN | SKIP | TIME )\] .{0,256}")
# Mailers wrap below this column, terminals at it or beyond; a terminal cuts words in two.
_TERMINAL_WIDTH = 79
_SHORTEST_WRAP = 40
_UNKNOWN_CUT = "both"


def block_widths(lines: Sequence[tuple[int, str]]) -> dict[int, int]:
    """Return for each line the length of the longest line in its block, that is between empty lines and fences."""
    widths: dict[int, int] = {}
    block: list[int] = []
    longest = 0
    for number, text in (*lines, (0, "")):
        if not text.strip("> \t\r") or text.lstrip("> ").startswith("```"):
            widths.update(dict.fromkeys(block, longest))
            block, longest = [], 0
            continue
        block.append(number)
        longest = max(longest, len(text))
    return widths


def may_be_torn(items: Sequence[Item], text: str) -> bool:
    """Tell whether anything in a log asks for joining; in a log as dmesg prints it nothing does."""
    for item in items:
        if not isinstance(item, LogRecord) or item.time_ns is None or item.cut or item.seq is not None:
            return True
    return any(status in text for status in _STATUSES)


def joined(items: Iterable[Item], widths: dict[int, int]) -> list[Item]:
    """Join the pieces of records that stand on neighbouring lines."""
    done: list[Item] = []
    target: int | None = None  # the stamped record that the next piece may belong to
    line = 0
    for item in items:
        if isinstance(item, Mark):
            target = None
            done.append(item)
            continue
        number = item.place.line or 0
        near = target is not None and number - line <= 1
        line = number
        head = done[target] if target is not None and near else None
        if isinstance(head, LogRecord) and target is not None and (whole := _whole(head, item, widths.get(number, 0))):
            done[target] = whole
            continue
        for piece in _without_status(item):
            done.append(piece)
        first = len(done) - 1 if done[-1] is item else len(done) - 2
        if _is_stamped(item) and not (near and isinstance(head, LogRecord) and head.cut == "tail" and head.place == item.place):
            target = first
        elif not _is_stamped(item):
            target = None
    return done


def _is_stamped(record: LogRecord) -> bool:
    return record.time_ns is not None or record.wall is not None


def _without_status(record: LogRecord) -> tuple[LogRecord, ...]:
    status = _STATUS.search(record.text) if "[" in record.text else None
    if status is None or not _is_stamped(record):
        return (record,)
    return (
        record._replace(text=record.text[: status.start()], cut="tail"),
        LogRecord(record.place, record.raw, status[0].strip()),
    )


def _whole(head: LogRecord, piece: LogRecord, width: int) -> LogRecord | None:
    if FRAGMENT in piece.raw and piece.seq is not None and piece.seq == head.seq:
        return head._replace(text=head.text + piece.text)
    if _is_stamped(piece) or piece.level is not None or piece.cut not in ("", _UNKNOWN_CUT):
        return None
    if head.cut == "tail" and piece.place != head.place:
        return head._replace(text=head.text + piece.text, cut="")
    if piece.place == head.place or not (_wrapped(head.raw, unquote(piece.raw), width) or _closes(head.text, piece.text)):
        return None
    glue = "" if len(head.raw) >= _TERMINAL_WIDTH and not head.raw.endswith(" ") and not piece.raw.startswith(" ") else " "
    return head._replace(text=f"{head.text}{glue}{piece.text}", cut="")


def _closes(head: str, piece: str) -> bool:
    """Tell whether a piece closes the bracket that a line leaves open, as a wrapped range "[32," "64)" does."""
    opened = sum(head.count(c) for c in "[(") - sum(head.count(c) for c in "])")
    closed = sum(piece.count(c) for c in "])") - sum(piece.count(c) for c in "[(")
    return len(head) >= _SHORTEST_WRAP and opened == 1 == closed


def _wrapped(head: str, piece: str, width: int) -> bool:
    """Tell whether the piece's first word would not have fitted on the line before."""
    if len(head) < _SHORTEST_WRAP:
        return False
    word = piece.split(maxsplit=1)[0] if piece.strip() else ""
    # A blank at the end is how format=flowed marks a line that goes on.
    return len(head.rstrip()) + 1 + len(word) > width or (head.endswith(" ") and not piece.startswith(" "))
