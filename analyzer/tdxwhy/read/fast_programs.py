"""Lines in which other programs than the kernel speak, as most of a busy machine's are, read many at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import compress
from json import JSONDecoder
from typing import Any, Self

from tdxwhy.noun import NamedTuple
from tdxwhy.read.entries import PROGRAM, is_time, number_of
from tdxwhy.read.fast_lines import AGAIN, PROGRAM_LINE, LineColumns, turns_of
from tdxwhy.read.text import RAW_LIMIT, clean
from tdxwhy.records import LogRecord, record

_SYSLOG = re.compile(rf"(?m)^{PROGRAM_LINE}(.*)$")
_PRINTABLE = bytes(range(0x20, 0x7F)) + b"\n"
_read = JSONDecoder().raw_decode
_TEXT, _PERHAPS = {str}, {str, type(None)}


class ProgramColumns(NamedTuple):
    """Lines of syslog as their texts, the lines themselves, line numbers or offsets, wall clocks and hosts."""

    texts: list[str]
    raws: list[str]
    places: list[int]
    walls: list[str]
    hosts: list[str]


class ProgramLines(LineColumns):
    """Lines of classic syslog. They carry no time since boot, and none begins a boot."""

    columns: ProgramColumns

    def only(self, kept: Sequence[bool]) -> Self:
        """Return those lines of which it is true."""
        return self if all(kept) else self.of(list(compress(column, kept)) for column in self.columns)

    def _record(self, *values: Any) -> LogRecord:  # noqa: ANN401 - of each column one
        text, raw, place, wall, host = values
        return LogRecord(self._place(place), raw, text, wall=wall, host=host)


class ProgramEntryColumns(NamedTuple):
    """Entries of a journal as their times in nanoseconds since boot, texts, the entries themselves, line numbers or offsets, and more."""

    times: list[int]
    texts: list[str]
    raws: list[bytes]
    places: list[int]
    levels: list[int | None]
    facilities: list[int]
    callers: list[str | None]
    hosts: list[str | None]


class ProgramEntries(LineColumns):
    """Entries of a journal, of one line each. `turns` as of lines of a kernel."""

    columns: ProgramEntryColumns

    def only(self, kept: Sequence[bool]) -> Self:
        """Return those entries of which it is true."""
        if all(kept):
            return self
        found = self.of(list(compress(column, kept)) for column in self.columns)
        found.turns = turns_of(found.columns)
        return found

    def _record(self, *values: Any) -> LogRecord:  # noqa: ANN401 - of each column one
        time, text, raw, place, level, facility, caller, host = values
        return record(self._place(place), raw[:RAW_LIMIT].decode("ascii"), text, time, level, facility, caller, host)


def program_lines(raws: Sequence[bytes], name: str, where: tuple[list[int], bool]) -> ProgramLines | None:
    """Read lines as `fast_lines.program_line` does, many times as fast; None if it would not read every one.

    `where` are the lines' numbers and True, or their offsets and False.
    """
    places, counted = where
    data = b"\n".join(raws)
    if data.translate(None, _PRINTABLE) or max(map(len, raws)) > RAW_LIMIT:
        return None
    text = data.decode("ascii")
    found = _SYSLOG.findall(text)
    if len(found) < len(raws) or AGAIN.search(text) is not None:
        return None
    walls, hosts, said = map(list, zip(*found, strict=True))
    texts = list(map(str.rstrip, said))
    if "\nLinux" in "\n".join(["", *texts]):  # as a banner begins
        return None
    return ProgramLines(ProgramColumns(texts, text.split("\n"), places, walls, hosts), name, counted)


def program_entries(raws: Sequence[bytes], name: str, where: tuple[list[int], bool], boot: str | None) -> ProgramEntries | None:
    """Read entries of other programs in journald's json as `entries.records_of_entry` does, many times as fast.

    None if one is of another form, of the kernel or of another boot than `boot`. `where` as of lines.
    """
    places, counted = where
    if not all(raw.startswith(b'{"') and raw.isascii() for raw in raws):
        return None
    lines = [raw.decode("ascii") for raw in raws]
    try:
        found = list(map(_read, lines))
    except (ValueError, RecursionError):
        return None
    if [end for _, end in found] != list(map(len, lines)) or any("dmesg" in entry for entry, _ in found):
        return None
    columns = _columns([entry for entry, _ in found], boot)
    if columns is None:
        return None
    times, texts, *rest = columns
    made = ProgramEntryColumns(times, texts, list(raws), places, *rest)
    return ProgramEntries(made, name, counted, turns_of(made))


def _columns(entries: Sequence[dict[str, Any]], boot: str | None) -> tuple[list[Any], ...] | None:
    """Return times, texts, levels, facilities, callers and hosts of entries; None if they are not of the usual form."""
    columns: Iterable[list[Any]] = ([entry.get(field) for entry in entries] for field in _FIELDS)
    said, times, names, transports, boots, *rest = columns
    if not all(set(map(type, column)) <= _TEXT for column in (said, times, names)) or "" in names:
        return None
    if not all(set(map(type, column)) <= _PERHAPS for column in (transports, boots, *rest)) or not set(boots) <= {boot, None, ""}:
        return None
    if "kernel" in names and not {"kernel", None}.isdisjoint(transports):
        return None
    if not (all(map(str.isprintable, said)) and all(map(is_time, times))):
        return None
    levels, facilities, callers, hosts = rest
    return (
        [int(micro) * 1000 for micro in times],
        list(map("{}: {}".format, _each(clean, names), (clean(text).rstrip() for text in said))),
        _each(number_of, levels),
        [facility or PROGRAM for facility in _each(number_of, facilities)],
        callers,
        _each(lambda host: None if host is None else clean(host), hosts),
    )


_FIELDS = (
    *("MESSAGE", "__MONOTONIC_TIMESTAMP", "SYSLOG_IDENTIFIER", "_TRANSPORT", "_BOOT_ID"),
    *("PRIORITY", "SYSLOG_FACILITY", "_KERNEL_CALLER", "_HOSTNAME"),
)


def _each(made: Any, values: Iterable[Any]) -> list[Any]:  # noqa: ANN401 - a function of one of them
    """Return what is made of each of many values, few of which differ."""
    values = list(values)
    return list(map({value: made(value) for value in set(values)}.__getitem__, values))
