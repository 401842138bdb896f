"""The lines of a paste: what quotes, numbers and colours them taken off, and which command each one answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from tdxwhy.incident.nouns import PasteLine
from tdxwhy.lazy import lazy
from tdxwhy.read.asked import Dialogue
from tdxwhy.read.prompt import command_of, is_empty
from tdxwhy.records import LogRecord, Place

if TYPE_CHECKING:
    from tdxwhy.read.nearby import Chunk, Told

# No message is longer; hostile lines are not read to their end.
LONGEST = 2048
# By so many characters the end of a line is looked for.
_END = 16
# Stands for what was not kept; the answer to a command ends there.
_GAP = "```"
_NOWHERE = Place("")
_NO_RECORD = (None, 0)
_COLOUR = lazy(r"\x1b\[[0-9;]{0,16}[A-Za-z]")
# Accepted form: what mails put before a quoted line, `grep -n` before a found one, docker compose before a service's.
_LEAD = lazy(r"(?:\s{0,16}>)+ ?|\s{0,8}\d{1,7}[:-](?=\[|<\d|\w{3} +\d{1,2} \d\d:)")


def lines_of(numbered: Iterable[tuple[int, str]], source: str, records: Mapping[int, tuple[LogRecord, int]]) -> tuple[PasteLine, ...]:
    """Return the lines of a paste; `records` gives the record of a line and the number of its boot, where there is one."""
    from tdxwhy.incident.signs import needles_in

    made: list[PasteLine] = []
    known: dict[str, tuple[LogRecord | None, int]] = {}
    whole = before = ""
    for number, raw in numbered:
        text = bare(raw)
        if whole and number not in records and text.strip() and text.strip() in whole:
            if not needles_in(text):
                continue
            made[-1] = made[-1]._replace(text=before)  # a message of its own, that looked like the rest of the line before
        # A line that stands there twice is of the boot in which it was read, at its time.
        record, boot = records.get(number) or known.get(text, _NO_RECORD)
        if record is not None:
            known[text] = (record, boot)
        # One that goes on in the next lines was put together when it was read.
        whole = record.text if record is not None and _goes_beyond(record.text, raw) else ""
        time = record.time_ns if record is not None else None
        before = text
        made.append(PasteLine(Place(source, number), whole[:LONGEST] or text, time_ns=time, boot=boot))
    return tuple(_asked(made))


def _goes_beyond(text: str, raw: str) -> bool:
    """Tell whether what was read of a line goes on behind the line's end, which lies in it."""
    return len(text) > len(raw) or (text[-_END:] not in raw and raw.rstrip()[-_END:] in text)


def lines_near(chunks: Iterable[tuple[Chunk | Told, int]], source: str) -> tuple[PasteLine, ...]:
    """Return the lines that were kept of a big log, each chunk with the number of its boot."""
    made: list[PasteLine] = []
    for chunk, boot in chunks:
        for place, text, time, times, first in chunk.lines(source):
            if first and made and place.line != (made[-1].place.line or 0) + 1:
                made.append(PasteLine(place, _GAP))
            made.append(PasteLine(place, bare(text), time_ns=time, boot=boot, times=times))
    return tuple(line for line in _asked(made) if line.text != _GAP)


def _asked(lines: Iterable[PasteLine]) -> Iterator[PasteLine]:
    """Yield lines with the command that stands on each or that each one answers."""
    dialogue = Dialogue()
    for line in lines:
        text = line.text
        typed = command_of(text)
        if typed or is_empty(text):
            dialogue.asks(typed)
            yield line._replace(command=typed) if typed else line
        elif text.startswith(_GAP):
            dialogue.fence()
            yield line
        elif not text.strip():
            dialogue.blank()
            yield line
        else:
            asked = dialogue.answers(text)
            yield line._replace(asked=asked) if asked else line


def as_line(text: str) -> PasteLine:
    """Return a text by itself as a line."""
    return PasteLine(_NOWHERE, bare(text))


def of_records(records: Iterable[LogRecord], boot: int) -> Iterator[PasteLine]:
    """Return records of a large log as lines."""
    for record in records:
        yield PasteLine(record.place, record.text[:LONGEST], "", "", record.time_ns, boot)


def bare(raw: str) -> str:
    """Take off what quotes, numbers and colours a line."""
    text = raw[:LONGEST]
    if "\x1b" in text:
        text = _COLOUR.sub("", text)
    found = _LEAD.match(text)
    text = text[found.end() :] if found is not None else text
    return text.replace("\u00a0", " ").replace("\t", " ").rstrip()


def context(lines: Sequence[PasteLine], place: int, before: int, after: int) -> Sequence[PasteLine]:
    """Return the lines around one of them."""
    return lines[max(0, place - before) : place + after + 1]
