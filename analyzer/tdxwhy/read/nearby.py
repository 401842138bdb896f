"""Of an input too big to be read as a whole: the lines that tell of a TD's life as they stand, with what stands around them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

from tdxwhy.noun import NamedTuple
from tdxwhy.read.text import LINE_LIMIT, RAW_LIMIT, lines_of
from tdxwhy.read.windows import Window
from tdxwhy.records import LogRecord, Place

# So many lines on either side of one that tells, of the first few of a shape and of those behind; more of a shape are counted.
_FAR, _NEAR = 200, 12
_FIRST, _EACH = 4, 32
# So many bytes are kept of an input, and so many shapes are told apart.
_MOST, _SHAPES = 1 << 19, 1024
# What tells nothing when it differs: long numbers, but for the upper half of a status, and the number of a process.
_NUMBER = re.compile(r"\[\d+\]|0x([89a-fA-F][0-9a-fA-F]{7})[0-9a-fA-F]{8}|\b(?:0x)?[0-9a-fA-F]{3,17}\b")


class LookedFor(Protocol):
    """What a scan of a big log looks for: its anchors, and which texts tell of more than initialisation."""

    def anchors(self) -> Sequence[bytes]:
        """Return the anchors."""

    def __getitem__(self, text: str, /) -> bool:
        """Tell whether a line's text tells of more."""

    def may_tell(self, lines: Sequence[bytes], /) -> Sequence[bool]:
        """Tell of lines as they stand whether what they say may."""

    def may_tell_of(self, texts: Sequence[str], /) -> Sequence[bool]:
        """Tell the same of texts behind stamps."""


class NearLine(NamedTuple):
    """A line with its place and its time since boot.

    It stands for `times` lines like it; where it is the `first` of a chunk, it need not follow the line before.
    """

    place: Place
    text: str
    time_ns: int | None
    times: int = 1
    first: bool = False


class Chunk(NamedTuple):
    """Lines side by side as they stand in the input, the number of the first where they are counted, and the offset at which it begins.

    `times`: so many of this kind came behind the last one that is kept with its surroundings; this one is the last of them.
    """

    line: int | None
    offset: int
    data: bytes
    times: int = 1

    @property
    def size(self) -> int:
        """Return how many bytes it holds."""
        return len(self.data)

    @property
    def text(self) -> str:
        """Return it as it stands."""
        return self.data.decode("utf-8", "replace")

    @property
    def end(self) -> int:
        """Return the offset behind it."""
        return self.offset + len(self.data)

    def parted(self, at: int) -> tuple[Chunk, Chunk]:
        """Return what stands before an offset in it, and the rest."""
        head, rest = self.data[: at - self.offset], self.data[at - self.offset :]
        line = None if self.line is None else self.line + head.count(b"\n")
        return self._replace(data=head), Chunk(line, at, rest, self.times)

    def lines(self, name: str) -> Iterator[NearLine]:
        """Yield each line, and of one that is an entry of JSON what it says."""
        from tdxwhy.read.lines import LineReader

        offset, reader, first = self.offset, LineReader(name), True
        for number, raw in enumerate(self.data.removesuffix(b"\n").split(b"\n")):
            place = Place(name, self.line + number) if self.line is not None else Place(name, None, None, offset)
            offset += len(raw) + 1
            text = raw[:LINE_LIMIT].decode("utf-8", "replace")
            for part in [one for _, one in lines_of(text)] or [""]:
                items = [item for item in reader.take(0, part) if isinstance(item, LogRecord)]
                for item in items if part.lstrip()[:1] == "{" and items else items[-1:] or (None,):
                    said = part if item is None or part.lstrip()[:1] != "{" else item.text
                    yield NearLine(place, said, item.time_ns if item is not None else None, self.times, first)
                    first = False


class Told(NamedTuple):
    """The same of a journal whose entries span lines: their records."""

    records: tuple[LogRecord, ...]
    times: int = 1

    @property
    def size(self) -> int:
        """Return how many bytes it holds, about."""
        return len(self.text)

    @property
    def text(self) -> str:
        """Return what it says."""
        return "\n".join([record.text for record in self.records])

    def lines(self, _: str) -> Iterator[NearLine]:
        """Yield each record as a line."""
        for number, one in enumerate(self.records):
            yield NearLine(one.place, one.text, one.time_ns, self.times, not number)


Kept = TypeVar("Kept", Chunk, Told)


def _count(counted: dict[str, Kept], shape: str, last: Kept) -> None:
    """Put the last one of a shape in the place of those before it, with how many they are."""
    counted[shape] = last._replace(times=counted[shape].times + 1 if shape in counted else 1)


class Shapes:
    """Counts lines of one shape: few of each are kept with what stands around them, and some more of them as long as there is room."""

    def __init__(self, telling: LookedFor) -> None:
        self.telling = telling
        self._seen: dict[str, int] = {}
        self._size = 0

    def keep(self, size: int) -> None:
        """Count bytes that are kept."""
        self._size += size

    @property
    def is_full(self) -> bool:
        """Tell whether no more is to be kept."""
        return self._size >= _MOST

    def around(self, text: str) -> tuple[str, int]:
        """Return the shape of a line, and how many lines to keep around it; -1 where it is only to be counted."""
        shape = _NUMBER.sub(r"\1", text[:RAW_LIMIT])
        if shape not in self._seen and len(self._seen) >= _SHAPES:
            shape = ""
        seen = self._seen[shape] = self._seen.get(shape, 0) + 1
        return shape, -1 if seen > _EACH or self.is_full else _FAR if seen <= _FIRST else _NEAR


class NearbyEntries:
    """Gathers the entries of a journal around those that tell."""

    def __init__(self, telling: LookedFor) -> None:
        self._shapes = Shapes(telling)
        self._found: list[LogRecord] = []
        self._counted: dict[str, Told] = {}
        self._before: deque[LogRecord] = deque(maxlen=_FAR)
        self._due = 0

    def look(self, record: LogRecord) -> None:
        """Look at one entry after the other."""
        due = 0 if self._shapes.is_full else self._due
        self._due = max(0, due - 1)
        if self._shapes.telling[record.text] and not due:
            shape, around = self._shapes.around(record.text)
            if around < 0:
                _count(self._counted, shape, Told((record,)))
                self._before.clear()
                return
            before = list(self._before)[-around:]
            for one in before:
                self._keep(one)
            self._before.clear()
            self._due, due = around, 1
        if due:
            self._keep(record)
        else:
            self._before.append(record)

    def _keep(self, record: LogRecord) -> None:
        self._found.append(record._replace(raw=""))
        self._shapes.keep(len(record.text))

    def taken(self) -> tuple[Told, ...]:
        """Hand on what was kept of a boot."""
        found = (Told(tuple(self._found)), *self._counted.values()) if self._found else tuple(self._counted.values())
        self._found, self._counted, self._due = [], {}, 0
        self._before.clear()
        return found


class Nearby:
    """Gathers the chunks of an input, in its order. `telling` says which lines tell."""

    def __init__(self, telling: LookedFor) -> None:
        self._shapes = Shapes(telling)
        self._chunks: list[Chunk] = []
        self._counted: dict[str, Chunk] = {}
        self._until = 0  # all before this offset is kept, or need not be
        self._due = _FAR  # so many lines behind the last chunk belong to it: of the input's first lines too
        self.counted_until = -1  # behind the last line that was counted only
        self._before = b""

    def window(self, window: Window, before: bytes, line: int | None) -> None:
        """Take what the lines of a window begin with that is due.

        `before` is what ends where the window begins, `line` the number of its first line, where lines are counted.
        """
        self._before = before if before.endswith(b"\n") else b""  # a line that is too long goes on unread up to the window
        if self._shapes.is_full:  # lines may be as long as windows
            self._due = 0
        if self._due:
            data = bytes(window.data[: self._forward(window, 0)])
            follows = bool(self._chunks) and self._chunks[-1].end == window.offset
            last = self._chunks.pop() if follows else Chunk(line, window.offset, b"")
            self._keep(last._replace(data=last.data + data))

    @property
    def telling(self) -> LookedFor:
        """Return what says which lines tell."""
        return self._shapes.telling

    def look(self, window: Window, spans: Sequence[tuple[int, int]], places: Sequence[int | None], texts: Sequence[str]) -> None:
        """Look at lines of a window: their begins and ends, their numbers where they are counted, and what they say."""
        told = list(map(self._shapes.telling.__getitem__, texts))
        if True not in told:
            return
        for tells, span, number, text in zip(told, spans, places, texts, strict=True):
            if tells and window.offset + span[0] >= self._until:
                self._take(window, span, number, text)

    def _take(self, window: Window, span: tuple[int, int], number: int | None, text: str) -> None:
        shape, around = self._shapes.around(text)
        begin, end = span[0], min(span[1] + 1, window.size)
        if around < 0:
            raw = bytes(window.data[begin : min(end, begin + RAW_LIMIT)])
            _count(self._counted, shape, Chunk(number, window.offset + begin, raw))
            self._until = self.counted_until = window.offset + end
            return
        self._due = around
        first, lead = self._back(window, begin, self._due)
        data = lead + bytes(window.data[first : self._forward(window, end)])
        lines = lead.count(b"\n") + window.data.count(b"\n", first, begin)
        self._keep(Chunk(None if number is None else number - lines, window.offset + first - len(lead), data))

    def _keep(self, chunk: Chunk) -> None:
        self._chunks.append(chunk)
        self._until = chunk.end
        self._shapes.keep(len(chunk.data))

    def _back(self, window: Window, begin: int, lines: int) -> tuple[int, bytes]:
        """Return where so many lines before one begin, no further back than what is kept, and those of them before the window."""
        stop, at = max(0, self._until - window.offset), begin
        while lines and at > stop:
            at, lines = max(stop, window.data.rfind(b"\n", 0, at - 1) + 1), lines - 1
        return at, _last_lines(self._before, lines, window.offset - self._until) if not at else b""

    def _forward(self, window: Window, at: int) -> int:
        """Return where the lines end that are due from a place on; those behind the window remain due."""
        while self._due and at < window.size:
            end = window.data.find(b"\n", at, window.size)
            at, self._due = (end + 1 if end >= 0 else window.size), self._due - 1
        return at

    def finish(self, before: bytes, end: int, line: int | None) -> None:
        """Take the last lines of the input, which ends at an offset; `line` is the number of a line behind it, where lines are counted."""
        last = _last_lines(before, _FAR, end - self._until)
        if last:
            self._keep(Chunk(None if line is None else line - last.count(b"\n"), end - len(last), last))

    def taken(self, until: int) -> tuple[Chunk, ...]:
        """Hand on what was kept up to an offset, where another boot begins: nothing that stands before it is kept from now on."""
        found: list[Chunk] = list(self._counted.values())
        rest: list[Chunk] = []
        for chunk in self._chunks:
            if chunk.offset < until < chunk.end:
                found, rest = [*found, chunk.parted(until)[0]], [*rest, chunk.parted(until)[1]]
            elif chunk.data:
                (found if chunk.offset < until else rest).append(chunk)
        self._chunks, self._counted, self._until = rest, {}, max(self._until, until)
        return tuple(sorted(found, key=lambda chunk: chunk.offset))


def _last_lines(data: bytes, lines: int, most: int) -> bytes:
    """Return the last lines of some data, no more than so many, whole ones, and within so many bytes of its end."""
    known = data[max(0, len(data) - most) :] if most > 0 else b""
    pieces = known.splitlines(keepends=True) if b"\r" not in known else [piece + b"\n" for piece in known.removesuffix(b"\n").split(b"\n")]
    return b"".join(pieces[len(pieces) - min(lines, len(pieces)) :])
