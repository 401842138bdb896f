"""The lines of a paste: what quotes, numbers and colours them taken off, and which command each one answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tdxwhy.incident.nouns import PasteLine
from tdxwhy.lazy import lazy
from tdxwhy.read.prompt import command_of, is_empty
from tdxwhy.records import LogRecord, Place

# No message is longer; hostile lines are not read to their end.
LONGEST = 2048
# An answer is no longer than this many lines.
_ANSWER = 400
_COLOUR = lazy(r"\x1b\[[0-9;]{0,16}[A-Za-z]")
# Accepted form: what mails put before a quoted line, `grep -n` before a found one, docker compose before a service's.
_LEAD = lazy(r"(?:\s{0,16}>)+ ?|\s{0,8}\d{1,7}[:-](?=\[|<\d|\w{3} +\d{1,2} \d\d:)")


def lines_of(numbered: Iterable[tuple[int, str]], source: str, records: Mapping[int, tuple[LogRecord, int]]) -> tuple[PasteLine, ...]:
    """Return the lines of a paste; `records` gives the record of a line and the number of its boot, where there is one."""
    made: list[PasteLine] = []
    command, left = "", 0
    for number, raw in numbered:
        text = bare(raw)
        typed = command_of(text)
        record, boot = records.get(number, (None, 0))
        time = record.time_ns if record is not None else None
        if typed or is_empty(text):
            command, left = typed, _ANSWER
            made.append(PasteLine(Place(source, number), text, typed, "", time, boot))
            continue
        if not text.strip() or text.startswith("```"):
            left = min(left, 12) if text.strip() == "" else 0
        asked = command if left > 0 else ""
        left -= 1
        made.append(PasteLine(Place(source, number), text, "", asked, time, boot))
    return tuple(made)


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
