"""The form of nearly every line of a kernel log, read in as few steps as possible."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, compress
from operator import itemgetter

from tdxwhy.hints import Any, Self, overload
from tdxwhy.memo import Memo
from tdxwhy.noun import NamedTuple
from tdxwhy.read.text import RAW_LIMIT
from tdxwhy.records import LogRecord, Place, record

# An optional level, the stamp, an optional caller, the message.
_USUAL = re.compile(r"(?:<(\d{1,3})>)?\[ *(\d{1,9})\.(\d{6})\](?: ?\[ *([TC]\d{1,9})\])? ?")
_STAMP_BYTES = re.compile(rb"\[ *(\d{1,9})\.(\d{6})\] ?")
_CALLER = re.compile(rb"\[ *[TC]\d")
# The stamps of most lines are of one width: "[%5lu.%06lu] " (Linux kernel/printk/printk.c, print_time).
_STAMP = 15
_SHAPES = tuple(b"[%5s.000000] " % (b"0" * digits) for digits in range(1, 6))
_TO_SHAPE = bytes.maketrans(b"123456789", b"000000000")
_stamp_of, _tail_of = itemgetter(slice(_STAMP)), itemgetter(slice(_STAMP, None))
BANNER, _BANNER = "Linux version ", b"Linux version "
_PLAIN = re.compile(rb"[!-~](?:[ -~]{0,2000}[!-~])?")
AGAIN = re.compile(r"\[ {0,8}\d{1,9}\.\d{6}[\] ]")
# A plain word before "kernel: " is the host name of short-monotonic output; messages of the kernel itself hold that rarely.
MONOTONIC = re.compile(r"(?P<host>[\w.-]{1,255}) (?:kernel: |(?=[\w@.\\-]{1,128}\[\d{1,9}\]: ))")
# Dec  1 10:00:00 node7 kubelet[1003]: text
PROGRAM_LINE = r"([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) ([A-Za-z][\w.-]{0,254}) (?=(?!kernel\[)[A-Za-z][\w@.-]{0,63}\[\d{1,9}\]: \S)"
_PROGRAM = re.compile(PROGRAM_LINE)

# What in a message, or at its ends, wants a closer look.
_ODD = (b"]: ", b" kernel: ", b" \n", b"\n ", b"\n\n")
_STAMP_WITHIN = re.compile(rb"\[ {0,8}(?:\d{1,9}\.\d{6}|[TC]\d)")
_PRINTABLE, _LONG = bytes(range(0x20, 0x7F)) + b"\n", 2000
_REMEMBERED = 2048

# Builds a place in half the time of a call with defaults.
_new = tuple.__new__


class _Texts(Memo[bytes, str]):
    """What stands behind a stamp as text, or nothing where that is not one message of printable ASCII: boots print the same."""

    def of(self, tails: Sequence[bytes]) -> list[str]:
        """Return the text of each; those that were not met before are looked at together, and one by one only where they must be."""
        known = list(map(self.get, tails))
        if None not in known:
            return known  # type: ignore[return-value] # as just asked
        new = [tail for tail, text in zip(tails, known, strict=True) if text is None]
        if not _are_plain(new):
            return list(map(self.__getitem__, tails))
        texts = dict(zip(new, b"\n".join(new).decode("ascii").split("\n"), strict=True))
        for tail, text in texts.items():
            self.keep(tail, text)
        return [texts[tail] if text is None else text for tail, text in zip(tails, known, strict=True)]

    def __missing__(self, tail: bytes) -> str:
        """Look at a message that was not met before."""
        text = tail.decode("ascii") if _PLAIN.fullmatch(tail) else ""
        return self.keep(tail, text if text and _is_whole(text, 0) and not _CALLER.match(tail) else "")


def _are_plain(tails: Sequence[bytes]) -> bool:
    """Tell of messages whether each is one of printable ASCII and nothing in them wants a closer look."""
    data = b"\n".join([b"", *tails, b""])
    if data.translate(None, _PRINTABLE) or max(map(len, tails)) > _LONG or any(odd in data for odd in _ODD):
        return False
    return _STAMP_WITHIN.search(data) is None


_texts = _Texts(_REMEMBERED)


def usual_line(place: Place, raw: str) -> LogRecord | None:
    """Read a line of the usual form; None if it is of another, or more than one message."""
    usual = _USUAL.match(raw)
    if (
        usual is None
        or raw[-1] == ">"
        or not (raw.isascii() and raw.isprintable())
        or len(raw) > RAW_LIMIT
        or not _is_whole(raw, usual.end())
    ):
        return None
    pri, seconds, fraction, caller = usual.groups()
    level, facility = (None, None) if pri is None else (int(pri) & 7, int(pri) >> 3)
    time_ns = int(seconds) * 1_000_000_000 + int(fraction) * 1000
    return LogRecord(place, raw, raw[usual.end() :].rstrip(), time_ns, level, facility, caller)


def program_line(place: Place, raw: str) -> LogRecord | None:
    """Read a line of classic syslog in which a program speaks, as most of a busy machine's are; None if it is of another form."""
    found = _PROGRAM.match(raw)
    if found is None or not (raw.isascii() and raw.isprintable()) or len(raw) > RAW_LIMIT or AGAIN.search(raw) is not None:
        return None
    return LogRecord(place, raw, raw[found.end() :].rstrip(), wall=found[1], host=found[2])


def usual_record(data: bytes | bytearray, begin: int, end: int, place: Place) -> LogRecord | None:
    """Read the line from `begin` to its end if it is of the most usual form, without level and caller: what scans meet most."""
    stamp = _STAMP_BYTES.match(data, begin)
    if stamp is None:
        return None
    text = _texts[bytes(data[stamp.end() : end])]
    if not text:
        return None
    head, seconds, fraction = stamp.group(0, 1, 2)
    time_ns = int(seconds) * 1_000_000_000 + int(fraction) * 1000
    return record(place, head.decode("ascii") + text, text, time_ns)


class UsualColumns(NamedTuple):
    """Lines as their times in nanoseconds since boot, texts, the lines themselves, and line numbers or offsets."""

    times: list[int]
    texts: list[str]
    raws: list[bytes]
    places: list[int]


class LineColumns(Sequence[LogRecord]):
    """Lines kept as columns: records are made when they are asked for.

    `counted`: places are line numbers, not offsets. `turns` are the places in this sequence, 0 apart, at which time steps back or a text
    begins as a banner does.
    """

    columns: tuple[list[Any], ...]

    def __init__(self, columns: tuple[list[Any], ...], name: str, counted: bool, turns: Sequence[int] = ()) -> None:
        self.columns, self.name, self.counted, self.turns = columns, name, counted, turns

    def of(self, columns: Iterable[Sequence[Any]]) -> Self:
        """Return other lines of the same source. No turns are known of them."""
        return type(self)(type(self.columns)(*columns), self.name, self.counted)

    def __len__(self) -> int:
        """Return how many lines there are."""
        return len(self.columns[0])

    @overload
    def __getitem__(self, place: int) -> LogRecord: ...

    @overload
    def __getitem__(self, place: slice) -> Self: ...

    def __getitem__(self, place: int | slice) -> LogRecord | Self:
        """Return a line as a record, or some lines as they are."""
        found = [column[place] for column in self.columns]
        return self.of(found) if isinstance(place, slice) else self._record(*found)

    def __iter__(self) -> Iterator[LogRecord]:
        """Yield the records, each made anew."""
        return map(self._record, *self.columns)

    def __eq__(self, other: object) -> bool:
        """Compare with any sequence of records."""
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment] # as of all that holds lists

    def _record(self, *values: Any) -> LogRecord:  # noqa: ANN401 - of each column one
        raise NotImplementedError

    def _place(self, place: int) -> Place:
        return _new(Place, (self.name, place, None, None) if self.counted else (self.name, None, None, place))


class Columnar(LineColumns):
    """Lines of a kernel kept as columns: times in nanoseconds since boot stand first, then texts."""

    def levels(self) -> Sequence[int | None] | None:
        """Return the level of each line, or None where no line shows one."""
        return None


class UsualLines(Columnar):
    """Lines of the most usual form."""

    columns: UsualColumns

    def only(self, kept: Sequence[bool]) -> UsualLines:
        """Return those lines of which it is true."""
        if all(kept):
            return self
        found = self.of(list(compress(column, kept)) for column in self.columns)
        found.turns = turns_of(found.columns) if self.turns else ()
        return found

    def _record(self, time: int, text: str, raw: bytes, place: int) -> LogRecord:
        return record(self._place(place), raw.decode("ascii"), text, time)


def joined(pieces: Sequence[Sequence[LogRecord]]) -> Sequence[LogRecord]:
    """Return all records of pieces as one sequence; if all are columns of one kind it is such too."""
    columnar = [piece for piece in pieces if isinstance(piece, Columnar)]
    if not columnar or len(columnar) < len(pieces) or len({(type(piece), piece.counted) for piece in columnar}) > 1:
        return tuple(chain.from_iterable(pieces))
    if len(columnar) == 1:
        return columnar[0]
    columns = zip(*(piece.columns for piece in columnar), strict=True)
    return columnar[0].of(list(chain.from_iterable(column)) for column in columns)


def cut_out(data: bytes | bytearray, spans: Sequence[tuple[int, int]], together: bool = False) -> list[bytes]:
    """Return lines by their begins and ends, which are in their order. `together`: they lie side by side."""
    if together:
        return bytes(data[spans[0][0] : spans[-1][1]]).split(b"\n")
    return [data[begin:end] for begin, end in spans] if isinstance(data, bytes) else [bytes(data[begin:end]) for begin, end in spans]


def usual_lines(raws: list[bytes], name: str, where: tuple[list[int], bool]) -> UsualLines | None:
    """Read lines as `usual_record` does, all at once and many times as fast; None if it would not read every one.

    `where` are the lines' numbers and True, or their offsets and False.
    """
    places, counted = where
    stamped = _stamped(raws)
    if stamped is None:
        return None
    times, tails = stamped
    texts = _texts.of(tails)
    if not all(texts):
        return None
    columns = UsualColumns(times, texts, raws, places)
    turns = turns_of(columns) if times != sorted(times) or _BANNER in b"\n".join(tails[1:]) else []
    return UsualLines(columns, name, counted, turns)


def turns_of(columns: Sequence[Any]) -> list[int]:
    """Return where time steps back or a text begins as a banner does; `columns` are times, texts and more."""
    times, texts, *_ = columns
    pairs = enumerate(zip(times, times[1:], texts[1:]), 1)  # noqa: B905 - each with the one that follows
    return [place for place, (one, two, text) in pairs if two < one or text.startswith(BANNER)]


def _stamped(raws: list[bytes]) -> tuple[list[int], list[bytes]] | None:
    """Return the times in nanoseconds, and what stands behind the stamps; None if not every line has a stamp."""
    stamps = b"".join(map(_stamp_of, raws))
    # Each shape begins with the one bracket in it, so as many as there are lines fill the whole.
    if len(stamps) == _STAMP * len(raws) and sum(map(stamps.translate(_TO_SHAPE).count, _SHAPES)) == len(raws):
        nanos = stamps.replace(b"] ", b"000 ").translate(None, b"[.").split()
        return list(map(int, nanos)), list(map(_tail_of, raws))
    found = [stamp for stamp in map(_STAMP_BYTES.match, raws) if stamp is not None]
    if len(found) < len(raws):
        return None
    times = [int(stamp[1] + stamp[2]) * 1000 for stamp in found]
    return times, [raw[stamp.end() :] for raw, stamp in zip(raws, found, strict=True)]


def _is_whole(raw: str, start: int) -> bool:
    """Tell whether the message is no more than one message: neither torn by another stamp nor headed by a host name."""
    if raw.find("[", start) >= 0 and AGAIN.search(raw, start) is not None:
        return False
    return (raw.find("]: ", start) < 0 and raw.find(" kernel: ", start) < 0) or MONOTONIC.match(raw, start) is None
