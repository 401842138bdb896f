"""Logs as JSON: `journalctl -o json|json-pretty|json-sse`, `dmesg --json`, one object a line or spread over lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tdxwhy.lazy import lazy
from tdxwhy.read.entries import boot_of_entry, records_of_entry
from tdxwhy.read.item import Item, Mark
from tdxwhy.read.plain import records_of
from tdxwhy.read.text import RAW_LIMIT
from tdxwhy.records import Loss, Place

OBJECT = lazy(r"\s{0,8}(?:data: ?|\x1e)?\{ ?(?=\")")
_FIELD = lazy(r'\s{0,16}"(?P<key>\w{1,64})"\s{0,4}:\s{0,16}(?P<value>.*?),?\s{0,8}')
_OPENING = lazy(r'\s{0,16}(?:\}\s{0,4},\s{0,4})?\{\s{0,8}|\s{0,16}\{?\s{0,8}"dmesg"\s{0,4}:\s{0,4}\[\s{0,8}\{?\s{0,8}')
_CLOSING = lazy(r"\s{0,16}(?:\}|\]).{0,16}")
# What container run times and log shippers call the line that they wrap.
_WRAPPED = ("log", "message", "line")


def is_spread(head: bytes) -> bool:
    """Tell by its beginning whether a log is JSON whose entries span lines."""
    first = head[:4096].lstrip().split(b"\n", 1)[0].strip()
    return first == b"{" or (b'"dmesg"' in first and len(first) < 32)


class JsonReader:
    """Collect the fields of entries, line by line. It takes a line or refuses it; refused lines are another reader's.

    >>> (record,) = JsonReader("journal").take(1, '{"_TRANSPORT": "kernel", "PRIORITY": "6", "MESSAGE": "virt/tdx: module initialized"}')
    >>> record.text, record.level
    ('virt/tdx: module initialized', 6)
    """

    def __init__(self, name: str) -> None:
        self.losses: list[Loss] = []
        self._name = name
        self.boot: str | None = None
        self._fields: dict[str, Any] = {}
        self._first = 0
        self.inside = False

    def take(self, number: int, line: str) -> list[Item] | None:
        """Return the records that this line completes, or None if it is no JSON of a log."""
        if self.inside:
            return self._spread(number, line)
        if OBJECT.match(line):
            return self._object(number, line)
        if _OPENING.fullmatch(line):
            self.inside, self._first, self._fields = True, number, {}
            return []
        return [] if self._first and _CLOSING.fullmatch(line) else None

    def finish(self) -> list[Item]:
        """Return what a cut input left unfinished."""
        return self._flush()

    def _object(self, number: int, line: str) -> list[Item] | None:
        try:
            found = loaded(line[line.index("{") :])
        except (ValueError, RecursionError):
            if '"MESSAGE"' in line or '"msg"' in line:
                self.losses.append(Loss("entry of JSON that is cut or broken", 1, Place(self._name, number)))
                return []
            return None
        entries = found.get("dmesg", [found]) if isinstance(found, dict) else []
        usable = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
        items = [item for entry in usable for item in self._items(entry, number, line if len(usable) == 1 else json.dumps(entry))]
        return items or None

    def _spread(self, number: int, line: str) -> list[Item] | None:
        field = _FIELD.fullmatch(line)
        if field is not None and field["value"] not in ("[", "[{"):
            if not self._fields:
                self._first = number
            self._fields[field["key"]] = _value(field["value"])
            return []
        if _OPENING.fullmatch(line):
            return self._flush()
        if _CLOSING.fullmatch(line):
            items = self._flush()
            self.inside = line.strip() not in ("}", "]}", "]")
            return items
        items = self._flush()
        self.inside = False
        return items or None

    def _flush(self) -> list[Item]:
        fields, self._fields = self._fields, {}
        if not fields:
            return []
        return list(self._items(fields, self._first, json.dumps(fields, ensure_ascii=False)))

    def _items(self, entry: Mapping[str, Any], number: int, raw: str) -> Iterator[Item]:
        boot = boot_of_entry(entry)
        if boot is not None and boot != self.boot:
            self.boot = boot
            yield Mark("boot", number, boot)
        wrapped = next((entry[key] for key in _WRAPPED if isinstance(entry.get(key), str)), None)
        if wrapped is None or "MESSAGE" in entry or "msg" in entry:
            yield from records_of_entry(entry, Place(self._name, number), raw)
            return
        for line in wrapped.split("\n"):
            for record in records_of(Place(self._name, number), line):
                yield record._replace(raw=raw[:RAW_LIMIT])


def loaded(text: str) -> object:
    """Read JSON; a number of more digits than Python converts stays a text, and costs the entry nothing else."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return json.loads(text, parse_int=str)


def _value(text: str) -> object:
    try:
        return loaded(text)
    except (ValueError, RecursionError):
        return text
