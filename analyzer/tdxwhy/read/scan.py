"""Boots of an input too big to be read as a whole: only lines that hold an anchor are parsed, in one pass and little memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, count, repeat

from tdxwhy.read.export import ExportReader, is_export
from tdxwhy.read.fast_lines import UsualLines, cut_out, program_line, usual_lines, usual_record
from tdxwhy.read.fast_programs import ProgramEntries, ProgramLines, program_entries, program_lines
from tdxwhy.read.item import Item, Mark, mark_of
from tdxwhy.read.jsonlog import OBJECT, JsonReader, is_spread
from tdxwhy.read.nearby import LookedFor, Nearby, NearbyEntries
from tdxwhy.read.opening import Opened
from tdxwhy.read.plain import records_of
from tdxwhy.read.segments import stamp_of
from tdxwhy.read.stream import Collector
from tdxwhy.read.text import LINE_LIMIT, clean, side_by_side, unquote
from tdxwhy.read.windows import Readable, Telling, Window, ahead, all_spans, holding, matches, searched, windows
from tdxwhy.records import BootRecords, LogRecord, Loss, Place

_TAIL = 32768
_NEWLINE = 10
# Lines that are read at once, as long as all of them are of the usual form.
_AT_ONCE = 512
# Counting lines takes as long as all the rest of a scan: of an input beyond this size places are told by their byte.
_COUNTED = 64 << 20


class Scan:
    """One pass over an input; `losses` tells afterwards what could not be used.

    `telling` says of a line's text whether it tells of more than initialisation: what stands around such lines is kept then.
    """

    def __init__(self, name: str, anchors: Sequence[bytes], telling: LookedFor | None = None) -> None:
        self.losses: list[Loss] = []
        self._name, self._anchors = name, tuple(anchors)
        self._telling = Telling(self._anchors)
        self._json = JsonReader(name)
        self._collector = Collector()
        self._nearby = Nearby(telling) if telling is not None else None
        self._entries = NearbyEntries(telling) if telling is not None else None
        self._broken = 0
        self._line_ends = self._counted = 0  # line ends before an offset of the window at hand

    def lines(self, source: bytes | Readable) -> Iterator[BootRecords]:
        """Yield the boots of a log of lines: of a block as it is, of a stream in windows that are read ahead."""
        if isinstance(source, bytes):
            window = Window(source, len(source), 0)
            found = iter((searched(window, self._anchors) if self._anchors else window,))
        else:
            found = ahead(windows(source), self._anchors, self._telling.sound)
        before, end, torn = b"", 0, False
        for window in found:
            yield from self._window(window, before)
            torn = window.data[window.size - 1] != _NEWLINE
            before = _tail(window)
            end = window.offset + window.size
        line = self._line_ends + 1 if end <= _COUNTED else None
        if self._nearby is not None:
            self._nearby.finish(before, end, line + torn if line is not None else None)
        yield from self._finished(self._last(before, end, line), end, torn)
        self._account()

    def entries(self, source: Opened) -> Iterator[BootRecords]:
        """Yield the boots of a log whose entries span lines: every entry is parsed, those without an anchor are not kept."""
        last: LogRecord | None = None
        for item in self._exported(source.blocks()) if is_export(source.head) else self._spread(source):
            if isinstance(item, Mark):
                yield from self._marked(item, last)
                continue
            if self._collector.begins(item):
                yield from self._finished(last)
            last = item if stamp_of(item) is not None else last
            if self._entries is not None:
                self._entries.look(item)
            if not self._anchors or matches(self._anchors, item.raw.encode("utf-8", "replace")):
                self._collector.add(item)
        yield from self._finished(last)
        self._account()

    def _finished(self, last: LogRecord | None, offset: int = 0, torn: bool = False) -> list[BootRecords]:
        """Return the boot at hand, which ends before an offset of the input, with the lines of it that stand near what tells."""
        made = self._collector.finish(last, torn)
        if self._nearby is None or self._entries is None or not made:
            return made
        return [made[0]._replace(nearby=(*self._nearby.taken(offset), *self._entries.taken()))]

    def _window(self, window: Window, before: bytes) -> Iterator[BootRecords]:
        self._counted = 0
        if self._nearby is not None:
            self._nearby.window(window, before, self._line_ends + 1 if window.offset < _COUNTED else None)
        if window.overlong:
            self.losses.append(Loss("line beyond the length limit, cut there", 1, self._place(window, 0)))
        spans = window.spans if window.spans is not None else all_spans(window)
        for start in range(0, len(spans), _AT_ONCE):
            yield from self._piece(window, spans[start : start + _AT_ONCE], before)
        self._place(window, window.size)
        # The end of a line that is too long lies behind its window.
        self._line_ends += window.overlong

    def _piece(self, window: Window, spans: list[tuple[int, int]], before: bytes) -> Iterator[BootRecords]:
        """Take some lines; of a window that was not searched only those that hold an anchor."""
        counted, searched_for = window.offset < _COUNTED, window.spans is not None or not self._anchors
        together = side_by_side(window.data, spans[0][0], spans[-1][1], len(spans))
        places, raws = self._places(window, spans, together), cut_out(window.data, spans, together)
        lines = self._at_once(raws, (places, counted)) if spans[-1][1] < window.size else None
        may_tell = self._may_tell(raws, lines)
        if lines is None:
            told = zip(spans, map(self._at, places, repeat(counted)), may_tell, strict=True)
            yield from self._one_by_one(window, told if searched_for else compress(told, holding(self._anchors, raws)), before)
            return
        if not searched_for:
            stamped = isinstance(lines, UsualLines)
            kept = self._telling.of(lines.columns.texts) if stamped else holding(self._anchors, raws)
            lines, spans, may_tell = lines.only(kept), list(compress(spans, kept)), list(compress(may_tell, kept))
        if isinstance(lines, ProgramLines):
            self._programs(window, spans, lines, may_tell)
            return
        taken, places = 0, lines.columns.places
        while taken < len(lines):
            start, taken = taken, self._collector.take(lines, taken)
            looked_at = may_tell[start:taken]
            if self._nearby is not None and True in looked_at:
                numbers = list(compress(places[start:taken], looked_at)) if counted else [None] * sum(looked_at)
                texts = list(compress(lines.columns.texts[start:taken], looked_at))
                self._nearby.look(window, list(compress(spans[start:taken], looked_at)), numbers, texts)
            if taken < len(lines):
                last = self._last_before(window, spans[taken][0], places[taken] if counted else None, before)
                yield from self._finished(last, window.offset + spans[taken][0])

    def _at_once(self, raws: list[bytes], where: tuple[list[int], bool]) -> UsualLines | ProgramLines | ProgramEntries | None:
        """Read lines at once; None if they are not all of one usual form."""
        if raws[0].startswith(b"["):
            return usual_lines(raws, self._name, where)
        if raws[0].startswith(b"{"):
            return program_entries(raws, self._name, where, self._json.boot)
        return program_lines(raws, self._name, where)

    def _may_tell(self, raws: list[bytes], lines: UsualLines | ProgramLines | ProgramEntries | None) -> Sequence[bool]:
        """Tell of lines whether they need be looked at: by what they say, where that is not as it stands."""
        if self._nearby is None:
            return (False,) * len(raws)
        telling = self._nearby.telling
        if isinstance(lines, UsualLines):
            return telling.may_tell_of(lines.columns.texts)
        return telling.may_tell(list(map(str.encode, lines.columns.texts)) if isinstance(lines, ProgramEntries) else raws)

    def _programs(self, window: Window, spans: Sequence[tuple[int, int]], lines: ProgramLines, may_tell: Sequence[bool]) -> None:
        """Take lines of other programs; of a flood of those that tell of more only how many there are."""
        kept, (texts, _, places, *_) = [True] * len(lines), lines.columns
        for at in compress(count(), may_tell):
            if self._nearby is not None:
                self._nearby.look(window, (spans[at],), (places[at] if lines.counted else None,), (texts[at],))
                kept[at] = not self._is_counted(window, spans[at][1])
        self._collector.keep(lines.only(kept))

    def _is_counted(self, window: Window, end: int) -> bool:
        """Tell whether the line just looked at is one of a flood of its shape, of which no more is wanted than how many there are."""
        return self._nearby is not None and self._nearby.counted_until == window.offset + end + 1

    def _one_by_one(self, window: Window, lines: Iterable[tuple[tuple[int, int], Place, bool]], before: bytes) -> Iterator[BootRecords]:
        """Take lines some of which are not of the most usual form."""
        data, collector = window.data, self._collector
        for (begin, end), place, may_tell in lines:
            nearby = self._nearby if may_tell else None
            record = usual_record(data, begin, end, place) if end < window.size else None
            if record is not None:
                if collector.begins(record):
                    yield from self._finished(self._last_before(window, begin, place.line, before), window.offset + begin)
                collector.add(record)
                if nearby is not None:
                    nearby.look(window, ((begin, end),), (place.line,), (record.text,))
                continue
            line = bytes(data[begin : min(end, begin + LINE_LIMIT)])
            for item in self._line(place, line, self._json):
                if isinstance(item, Mark):
                    yield from self._marked(item, self._last_before(window, begin, place.line, before), window.offset + begin)
                    continue
                if collector.begins(item):
                    yield from self._finished(self._last_before(window, begin, place.line, before), window.offset + begin)
                if nearby is not None:
                    nearby.look(window, ((begin, end),), (place.line,), (item.text,))
                if item.wall is None or not self._is_counted(window, end):
                    collector.add(item)

    def _places(self, window: Window, spans: Sequence[tuple[int, int]], together: bool) -> list[int]:
        """Return the numbers of lines in their order, or their offsets; behind a line that was looked at no line ends need be counted."""
        if window.offset >= _COUNTED:
            return [window.offset + begin for begin, _ in spans]
        count, ends, counted, following = window.data.count, self._line_ends, self._counted, -1
        if together:
            ends += count(_NEWLINE, counted, spans[0][0])
            self._line_ends, self._counted = ends + len(spans) - 1, spans[-1][0]
            return list(range(ends + 1, ends + 1 + len(spans)))
        found = []
        for begin, end in spans:
            ends += 1 if begin == following else count(_NEWLINE, counted, begin)
            counted, following = begin, end + 1
            found.append(ends + 1)
        self._line_ends, self._counted = ends, counted
        return found

    def _at(self, place: int, counted: bool) -> Place:
        return Place(self._name, place) if counted else Place(self._name, None, None, place)

    def _place(self, window: Window, begin: int) -> Place:
        """Return the place of the line that begins at an offset of the window; line ends are counted once, in their order."""
        if window.offset >= _COUNTED:
            return Place(self._name, None, None, window.offset + begin)
        self._line_ends += window.data.count(_NEWLINE, self._counted, begin)
        self._counted = begin
        return Place(self._name, self._line_ends + 1)

    def _line(self, place: Place, line: bytes, reader: JsonReader) -> Iterable[Item]:
        raw = line.decode("utf-8", "replace").rstrip("\r")
        if "\ufffd" in raw:
            self._broken += raw.count("\ufffd")
        if raw[:1] == "[":
            return records_of(place, raw) if "\r" not in raw else self._returned(place, raw)
        program = program_line(place, raw)
        if program is not None:
            return (program,)
        if OBJECT.match(raw):
            taken = reader.take(0, raw)
            if taken is not None:
                return [item if isinstance(item, Mark) else item._replace(place=place) for item in taken]
        return self._returned(place, raw)

    def _returned(self, place: Place, raw: str) -> Iterator[Item]:
        for part in raw.split("\r"):
            mark = mark_of(unquote(clean(part)), 0)
            if mark is None:
                yield from records_of(place, part)
            elif mark.kind == "boot":
                yield mark

    def _marked(self, mark: Mark, last: LogRecord | None, offset: int = 0) -> Iterator[BootRecords]:
        if mark.kind == "boot":
            yield from self._finished(last, offset)
            self._collector.boot_id = mark.value or None

    def _last_before(self, window: Window, begin: int, line: int | None, before: bytes) -> LogRecord | None:
        """Return the last stamped record before a line of the window."""
        start = window.data.rfind(b"\n", 0, max(0, begin - 1)) + 1
        if begin:
            place = window.offset + start if line is None else line - 1
            record = usual_record(window.data, start, begin - 1, self._at(place, line is not None))
            if record is not None:
                return record
        known = bytes(window.data[max(0, begin - _TAIL) : begin])
        return self._last(known if begin >= _TAIL else before + known, window.offset + begin, line)

    def _last(self, known: bytes, end: int, line: int | None) -> LogRecord | None:
        """Return the last stamped record in the bytes before `end`, where the line of this number begins."""
        stop, reader = len(known), JsonReader(self._name)
        for _ in range(64):
            begin = known.rfind(b"\n", 0, max(0, stop - 1)) + 1
            place = self._place_before(known, begin, end, line)
            for item in self._line(place, known[begin:stop].rstrip(b"\n"), reader) if stop else ():
                if isinstance(item, LogRecord) and stamp_of(item) is not None:
                    return item
            stop = begin
        return None

    def _place_before(self, known: bytes, begin: int, end: int, line: int | None) -> Place:
        if line is None:
            return Place(self._name, None, None, end - len(known) + begin)
        return Place(self._name, line - known.count(b"\n", begin))

    def _exported(self, blocks: Iterable[bytes]) -> Iterator[Item]:
        reader = ExportReader(self._name)
        for block in blocks:
            yield from reader.feed(block)
        yield from reader.feed(b"", last=True)

    def _spread(self, source: Readable) -> Iterator[Item]:
        number = 0
        for window in windows(source):
            for line in bytes(window.data[: window.size]).decode("utf-8", "replace").splitlines():
                number += 1
                yield from self._json.take(number, line) or ()
        yield from self._json.finish()

    def _account(self) -> None:
        if self._broken:
            self.losses.append(Loss("byte sequences that are not UTF-8", self._broken, Place(self._name)))
        self.losses += self._json.losses + self._collector.losses


def _tail(window: Window) -> bytes:
    """Return the last lines of a window, whole ones unless the last is longer than all that is kept."""
    begin = window.size - _TAIL
    if begin > 0:
        begin = window.data.find(b"\n", begin - 1, window.size - 1) + 1 or begin
    return bytes(window.data[max(0, begin) : window.size])


def spans_lines(head: bytes) -> bool:
    """Tell by its beginning whether the entries of a log span lines."""
    return is_export(head) or is_spread(head)
