"""Lines of every form to records and marks, one by one."""

from __future__ import annotations

from collections.abc import Iterable

from tdxwhy.read.item import Item, mark_of
from tdxwhy.read.jsonlog import JsonReader
from tdxwhy.read.plain import records_of
from tdxwhy.read.text import LINE_LIMIT, clean, unquote
from tdxwhy.records import Loss, Place

_STAMP_BEGINS = frozenset(" 0123456789")


class LineReader:
    """Give each line to the reader of its form: JSON entries, marks of a paste, records of any prefix.

    >>> reader = LineReader("paste")
    >>> [item.kind for item in reader.take(1, "$ sudo dmesg")], [item.text for item in reader.take(2, "> [    1.204511] virt/tdx: x")]
    (['prompt'], ['virt/tdx: x'])
    """

    def __init__(self, name: str) -> None:
        self.losses: list[Loss] = []
        self._name = name
        self._json = JsonReader(name)

    @property
    def inside(self) -> bool:
        """Tell whether an entry is open that spans lines."""
        return self._json.inside

    def take(self, number: int, raw: str) -> Iterable[Item]:
        """Return what the line holds or completes."""
        place = Place(self._name, number)
        if raw[:1] in ("[", "<") and raw[1:2] in _STAMP_BEGINS and not self.inside:
            return records_of(place, raw)
        taken = self._json.take(number, raw)
        if taken is not None:
            return taken
        if len(raw) > LINE_LIMIT:
            self.losses.append(Loss("line beyond the length limit, cut there", 1, place))
        mark = mark_of(unquote(clean(raw[:LINE_LIMIT])), number)
        return (mark,) if mark is not None else records_of(place, raw)

    def finish(self) -> Iterable[Item]:
        """Return what a cut input left unfinished."""
        self.losses += self._json.losses
        return self._json.finish()
