"""Kernel lines in journald's json, of which a kernel's journal consists, read in as few steps as possible."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, Literal

import msgspec

from tdxwhy.noun import NamedTuple
from tdxwhy.read.entries import is_time
from tdxwhy.read.fast_lines import Columnar
from tdxwhy.read.text import RAW_LIMIT, clean
from tdxwhy.records import LogRecord, record


class UsualEntry(msgspec.Struct, gc=False):
    """What is read of an entry; one with values of other types, or of another program, is not of the usual form."""

    text: str = msgspec.field(name="MESSAGE")
    micros: str = msgspec.field(name="_SOURCE_MONOTONIC_TIMESTAMP")
    boot: str | None = msgspec.field(name="_BOOT_ID", default=None)
    level: Literal["0", "1", "2", "3", "4", "5", "6", "7"] | None = msgspec.field(name="PRIORITY", default=None)
    caller: str | None = msgspec.field(name="_KERNEL_CALLER", default=None)
    host: str | None = msgspec.field(name="_HOSTNAME", default=None)
    transport: Literal["kernel"] = msgspec.field(name="_TRANSPORT", default="kernel")
    program: Literal["kernel"] | None = msgspec.field(name="SYSLOG_IDENTIFIER", default=None)


_decode = msgspec.json.Decoder(UsualEntry).decode
_told = attrgetter("text", "micros", "boot", "level", "caller", "host")
_LEVELS: dict[str | None, int | None] = {None: None, **{str(level): level for level in range(8)}}


class EntryColumns(NamedTuple):
    """Entries as their times in nanoseconds since boot, texts, the entries themselves, offsets, levels, callers and hosts."""

    times: list[int]
    texts: list[str]
    raws: list[bytes]
    places: list[int]
    levels: list[int | None]
    callers: list[str | None]
    hosts: list[str | None]


class EntryLines(Columnar):
    """Lines of a kernel from a journal."""

    columns: EntryColumns

    def levels(self) -> list[int | None]:
        """Return the level of each line."""
        return self.columns.levels

    def _record(self, *values: Any) -> LogRecord:  # noqa: ANN401 - of each column one
        time, text, raw, place, level, caller, host = values
        return record(self._place(place), raw.decode("utf-8", "replace"), text, time, level, 0, caller, host)


def usual_entries(raws: list[bytes], name: str, offsets: list[int]) -> tuple[list[str | None], EntryLines] | None:
    """Read entries as `entries.records_of_entry` does, all at once and many times as fast; None if one is of another form.

    Each makes one line, and the ids of their boots stand first.
    """
    try:
        entries = list(map(_decode, raws))
    except (ValueError, msgspec.MsgspecError):  # one and the same from 0.21 on
        return None
    texts, micros, boots, levels, callers, hosts = map(list, zip(*map(_told, entries), strict=True))
    if not (all(map(str.isprintable, texts)) and all(map(is_time, micros))):
        return None
    columns = EntryColumns(
        [int(micro) * 1000 for micro in micros],
        [(text if text.isascii() else clean(text)).rstrip() for text in texts],
        [raw[:RAW_LIMIT] for raw in raws],
        offsets,
        list(map(_LEVELS.__getitem__, levels)),
        callers,
        [host if host is None or (host.isascii() and host.isprintable()) else clean(host) for host in hosts],
    )
    return [boot or None for boot in boots], EntryLines(columns, name, counted=False)
