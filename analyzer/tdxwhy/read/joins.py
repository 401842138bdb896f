"""What was wrapped by a terminal or a mailer, torn by another writer, or sent in fragments is put together again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from tdxwhy.lazy import lazy
from tdxwhy.read.item import FRAGMENT, Item, Mark
from tdxwhy.read.text import RAW_LIMIT, unquote
from tdxwhy.records import LogRecord

# systemd's status lines share the console with the kernel.
_STATUSES = ("[  OK  ]", "[FAILED]", "[DEPEND]", "[ INFO ]", "[ WARN ]", "[ SKIP ]", "[ TIME ]")
_STATUS = lazy(r"(?<=\S)\s{0,4}\[(?:  OK  |FAILED|DEPEND| INFO | WARN | SKIP | TIME )\] .{0,256}")
# Such a line stands for itself, and so does a login prompt, what begins with a date of its own, or what another program says.
_STATUS_LINE = lazy(
    r"\d{4}[/-]\d\d[/-]\d\d[T ]|\[(?:  OK  |FAILED|DEPEND| INFO | WARN | SKIP | TIME |[ *]{6})\] |[\w.-]{1,64} login: ?"
    r"|qemu[\w.-]{0,32}: |[a-z][\w.-]{1,64}\[\d{1,9}\]: "
)
# Mailers wrap below this column, terminals at it or beyond; a terminal cuts words in two.
_TERMINAL_WIDTH = 79
_SHORTEST_WRAP = 40
_BEGINNINGS = ("", "[", "<", ">", "`", "$", "#")
_SURELY = 0.9
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


def cuts_words(lines: Sequence[tuple[int, str]]) -> bool:
    """Tell whether long lines go on in the next because a terminal cut them at its edge: then all have the same length, to the letter."""
    lengths = [
        len(text)
        for (_, text), (_, after) in pairwise(lines)
        if len(text) >= _TERMINAL_WIDTH and after[:1] not in _BEGINNINGS and not after.isspace() and "] " not in after[:32]
    ]
    return not lengths or (lengths.count(max(lengths)) >= _SURELY * len(lengths) and max(lengths) != _TERMINAL_WIDTH)


def may_be_torn(items: Sequence[Item], text: str) -> bool:
    """Tell whether anything in a log asks for joining; in a log as dmesg prints it nothing does."""
    for item in items:
        if not isinstance(item, LogRecord) or item.time_ns is None or item.cut or item.seq is not None:
            return True
    return any(status in text for status in _STATUSES)


def joined(items: Iterable[Item], lines: Sequence[tuple[int, str]]) -> list[Item]:
    """Join the pieces of records that stand on neighbouring lines."""
    joiner = Joiner(block_widths(lines), cuts_words(lines))
    for item in items:
        joiner.take(item)
    return joiner.done


class Joiner:
    """Take the items of an input one by one; a piece is added to the stamped record on the line before if it belongs to it."""

    def __init__(self, widths: dict[int, int], cuts: bool = True) -> None:
        self.done: list[Item] = []
        self._widths, self._cuts = widths, cuts
        self._target: int | None = None  # the place in `done` of the record that the next piece may belong to
        self._edge = ""  # the last line of that record, as it stood
        self._line = 0

    def take(self, item: Item) -> None:
        """Take the next item."""
        if isinstance(item, Mark):
            self._target = None
            self.done.append(item)
            return
        number = item.place.line or 0
        near, self._line = number - self._line <= 1, number
        head = self.done[self._target] if self._target is not None and near else None
        whole = _whole(head, item, self._edge, self._widths.get(number, 0), self._cuts) if isinstance(head, LogRecord) else None
        if whole is not None and self._target is not None:
            self.done[self._target], self._edge = whole, item.raw
            return
        self.done.extend(_without_status(item))
        if not _is_stamped(item):
            self._target = None
        elif not (isinstance(head, LogRecord) and head.cut == "tail" and head.place == item.place):
            self._target = len(self.done) - (1 if self.done[-1] is item else 2)
            self._edge = item.raw


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


def _whole(head: LogRecord, piece: LogRecord, edge: str, width: int, cuts: bool) -> LogRecord | None:
    """Return the record with the piece added, or None if the piece is not its own; `edge` is the line that it would follow."""
    if FRAGMENT in piece.raw and piece.seq is not None and piece.seq == head.seq:
        return head._replace(text=head.text + piece.text)
    if (
        _STATUS_LINE.match(piece.text)
        or _is_stamped(piece)
        or piece.level is not None
        or piece.cut not in ("", _UNKNOWN_CUT)
        or len(head.text) > RAW_LIMIT
    ):
        return None
    if head.cut == "tail" and piece.place != head.place:
        return head._replace(text=head.text + piece.text, cut="")
    if piece.place == head.place or not (_wrapped(edge, unquote(piece.raw), width) or _closes(head.text, piece.text)):
        return None
    glue = "" if cuts and len(edge) >= _TERMINAL_WIDTH and not edge.endswith(" ") and not piece.raw.startswith(" ") else " "
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
