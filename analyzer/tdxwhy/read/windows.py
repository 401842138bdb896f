"""A stream in windows that end where a line ends, read ahead in a thread and searched for anchors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any, Protocol

from tdxwhy.memo import Memo
from tdxwhy.noun import NamedTuple
from tdxwhy.read.text import LINE_LIMIT, side_by_side

# Boots begin here, whatever the caller looks for.
STARTS = (b"Linux version ", b"-- Boot ", b"-- Reboot --")
# So many literals the library finds at once. Anchors beyond are of other programs, and are sought only where such speak.
LITERALS = 64
# One is searched and its lines are parsed while the others are read.
_BUFFERS = 3
_PATIENCE = 1.0
_NEWLINE = 10
# How much tells whether most lines hold an anchor, and how many texts are remembered of which that is known.
_SAMPLE, _REMEMBERED = 4 << 10, 2048
# So many lines of a window tell whose they are, no nearer to each other than so many bytes.
_SAMPLES, _APART = 16, 2048
# A stamp behind which no program is named but init, an entry of the kernel's, syslog's word for it.
_OF_A_KERNEL = re.compile(
    rb"(?:<\d{1,3}>)?\[ *\d{1,9}\.\d{6}\](?! (?:[\w.-]{1,64} |(?!systemd))[\w@.-]{1,64}\[\d{1,9}\]: )"
    rb"|\{[^\n]{0,4096}\"(?:_TRANSPORT|SYSLOG_IDENTIFIER)\" ?: ?\"kernel\"|[^\n]{0,300} kernel: "
)
# The beginning of an anchor that a stamp can hold, up to its bracket or all of it.
_IN_STAMP = re.compile(rb"[\[ .\d]*(?:\]|$)")
# The two threads take turns at the interpreter once a window: smaller ones cost time, larger ones memory.
WINDOW = 2 << 20


class Readable(Protocol):
    """What fills a buffer and returns the number of bytes, 0 at the end."""

    def readinto(self, buffer: memoryview) -> int:
        """Read into a buffer."""


class Window(NamedTuple):
    """The first `size` bytes of a buffer: whole lines, where they begin in the stream, and which of them to look at (None: all).

    The buffer is used again as soon as the next window is asked for.
    """

    data: bytes | bytearray
    size: int
    offset: int
    spans: list[tuple[int, int]] | None = None
    overlong: bool = False


class _Alternation:
    """Finds literals as the library's automaton does, where it is not installed: slower, and as right."""

    def __init__(self, literals: Sequence[bytes]) -> None:
        self._pattern = re.compile(b"|".join(map(re.escape, literals)))

    def find_matches_as_indexes(self, data: bytes | memoryview) -> list[tuple[int, int, int]]:
        """Return where each match begins and ends, behind a number that says nothing."""
        return [(0, *match.span()) for match in self._pattern.finditer(data)]


@lru_cache(maxsize=8)
def automata(anchors: tuple[bytes, ...]) -> tuple[Any, ...]:
    """Build the searchers, as a rule one. It is as fast as the order of the literals lets it be: `know.buckets` arranges them.

    Leftmost-first matching keeps it on its vector path, and so does its limit of literals; both are 5 to 8 times faster than without.
    """
    literals = [*dict.fromkeys(anchors), *(start for start in STARTS if not any(one in start for one in anchors))]
    try:
        import ahocorasick_rs
    except ImportError:
        return (_Alternation(literals),)
    parts = (literals[start : start + LITERALS] for start in range(0, len(literals), LITERALS))
    return tuple(ahocorasick_rs.BytesAhoCorasick(part, matchkind=ahocorasick_rs.MatchKind.LeftmostFirst) for part in parts)


def matches(anchors: tuple[bytes, ...], data: bytes | memoryview) -> list[tuple[int, int, int]]:
    """Return every anchor in a block, in their order: a number, where it begins and where it ends."""
    searchers = automata(anchors)
    if len(searchers) == 1:
        found: list[tuple[int, int, int]] = searchers[0].find_matches_as_indexes(data)
        return found
    return sorted((one for searcher in searchers for one in searcher.find_matches_as_indexes(data)), key=lambda one: one[1:])


def searched(window: Window, anchors: Sequence[bytes]) -> Window:
    """Find the lines of a window that hold an anchor; of a kernel's own lines, as samples show them, one of the first LITERALS."""
    data, size = window.data, window.size
    block = data if size == len(data) and isinstance(data, bytes) else memoryview(data)[:size]
    sought = tuple(anchors)
    if len(sought) > LITERALS and _is_of_a_kernel(data, size):
        sought = sought[:LITERALS]
    return window._replace(spans=lines_with(matches(sought, block), data, size))


def _is_of_a_kernel(data: bytes | bytearray, size: int) -> bool:
    """Tell by a line here and there whether all of a window is what a kernel printed, and its init."""
    for place in range(0, size, max(_APART, size // _SAMPLES)):
        begin = data.find(b"\n", place, size) + 1 if place else 0
        if begin < size and _OF_A_KERNEL.match(data, begin, size) is None:
            return False
    return _OF_A_KERNEL.match(data, data.rfind(b"\n", 0, size - 1) + 1, size) is not None


def lines_with(found: Sequence[tuple[int, int, int]], data: bytes | bytearray, size: int) -> list[tuple[int, int]]:
    """Return the begin and end of every line that holds one of the matches."""
    ends, firsts, end = [], [], -1
    find, rfind = data.find, data.rfind
    for _, start, stop in found:
        if start >= end:
            end = find(_NEWLINE, stop, size)
            if end < 0:
                end = size
            ends.append(end)
            firsts.append(start)
    if not ends:
        return []
    begin = rfind(b"\n", 0, firsts[0]) + 1
    if side_by_side(data, begin, end, len(ends)):
        return list(zip([begin, *map((1).__add__, ends[:-1])], ends, strict=True))
    return [(rfind(b"\n", 0, first) + 1, end) for first, end in zip(firsts, ends, strict=True)]


def holding(anchors: tuple[bytes, ...], lines: Sequence[bytes]) -> Sequence[bool]:
    """Tell of lines, searched at once, which of them hold an anchor."""
    data = b"\n".join(lines)
    each = (searcher.find_matches_as_indexes(data) for searcher in automata(anchors))
    found = {begin for matches in each for begin, _ in lines_with(matches, data, len(data))}
    if not found:
        return (False,) * len(lines)
    begins = list(accumulate(map((1).__add__, map(len, lines)), initial=0))
    return list(map(found.__contains__, begins[:-1]))


def all_spans(window: Window) -> list[tuple[int, int]]:
    """Return the begin and end of every line of a window."""
    lengths = list(map(len, bytes(window.data[: window.size]).split(b"\n")))
    if not lengths[-1]:
        lengths.pop()
    begins = list(accumulate(map((1).__add__, lengths), initial=0))
    return list(zip(begins, map((-1).__add__, begins[1:]), strict=False))


def is_dense(window: Window, anchors: Sequence[bytes]) -> bool:
    """Tell by two samples whether most lines of a window hold an anchor: to look at each then takes less time than to search."""
    if window.size <= 2 * _SAMPLE:
        return False
    for begin in (0, window.size // 2):
        sample = bytes(window.data[begin : begin + _SAMPLE])
        if len(lines_with(matches(tuple(anchors), sample), sample, len(sample))) * 4 < sample.count(b"\n") * 3:
            return False
    return True


class Telling(Memo[str, bool]):
    """Whether a line with this text behind a stamp holds an anchor."""

    def __init__(self, anchors: tuple[bytes, ...]) -> None:
        super().__init__(_REMEMBERED)
        self._anchors = anchors
        # None may begin in a stamp: its last blank is all of it that is searched.
        self.sound = not any(_IN_STAMP.match(anchor) for anchor in anchors)

    def of(self, texts: Sequence[str]) -> list[bool]:
        """Tell of each text; those that were not met before are searched at once."""
        known = list(map(self.get, texts))
        if None not in known:
            return known  # type: ignore[return-value] # as just asked
        new = [text for text, tells in zip(texts, known, strict=True) if tells is None]
        told = dict(zip(new, holding(self._anchors, [b" " + text.encode() for text in new]), strict=True))
        for text, tells in told.items():
            self.keep(text, tells)
        return [told[text] if tells is None else tells for text, tells in zip(texts, known, strict=True)]


def windows(source: Readable) -> Iterator[Window]:
    """Cut a stream behind line ends, in few buffers used again and again; of a line longer than a buffer only the beginning is kept."""
    buffers = [bytearray(WINDOW + LINE_LIMIT) for _ in range(_BUFFERS)]
    carry, offset, skipping, turn = b"", 0, False, 0
    while True:
        data, kept = buffers[turn % len(buffers)], len(carry)
        data[:kept] = carry
        fresh = source.readinto(memoryview(data)[kept:])
        end = kept + fresh
        if not fresh:
            if kept:
                yield Window(data, kept, offset)
            return
        cut = (data.find if skipping else data.rfind)(b"\n", 0, end) + 1
        if cut and not skipping:
            turn += 1
            yield Window(data, cut, offset)
        elif not cut and not skipping and end > LINE_LIMIT:
            turn += 1
            yield Window(data, LINE_LIMIT, offset, overlong=True)
            skipping, cut = True, end
        elif skipping:
            skipping, cut = not cut, cut or end
        carry, offset = bytes(data[cut:end]), offset + cut


def _sought(window: Window, anchors: Sequence[bytes], all_of_dense: bool) -> Window:
    return searched(window, anchors) if anchors and not (all_of_dense and is_dense(window, anchors)) else window


def ahead(source: Iterator[Window], anchors: Sequence[bytes], all_of_dense: bool = False) -> Iterator[Window]:
    """Search windows for anchors while a thread reads those that follow: reading and inflating leave the interpreter free.

    `all_of_dense`: of a window most of whose lines hold an anchor none are sought, and the caller looks at all.
    """
    from queue import SimpleQueue
    from threading import Event, Thread

    # Windows and whether they were sought in: the reader does that too while others wait.
    ready: SimpleQueue[tuple[Window | BaseException | None, bool]] = SimpleQueue()
    tickets: SimpleQueue[bool] = SimpleQueue()
    over = Event()
    for _ in range(_BUFFERS):
        tickets.put(True)

    def work() -> None:
        try:
            while tickets.get() and not over.is_set():
                window = next(source, None)
                idle = not ready.empty()
                ready.put((_sought(window, anchors, all_of_dense) if idle and window is not None else window, idle))
        except BaseException as error:  # noqa: BLE001 - it is raised again where the windows are used
            ready.put((error, True))

    reader = Thread(target=work, daemon=True)
    reader.start()
    try:
        while True:
            window, done = ready.get()
            if window is None:
                return
            if isinstance(window, BaseException):
                raise window
            yield window if done else _sought(window, anchors, all_of_dense)
            tickets.put(True)
    finally:
        # Whoever gives up early closes the source next: nobody may still read it then. A pipe that is silent is not waited for.
        over.set()
        tickets.put(True)
        reader.join(_PATIENCE)
