"""Prove a store whole: every part's files are there, as long, as digested and of the schema that its manifest says."""

from __future__ import annotations

from tdxwhy.errors import TdxwhyError
from tdxwhy.fleet.part import Manifest, manifest_of, troubles_of, whole_rows_of
from tdxwhy.fleet.schema import ABOUT_BOOTS, TABLES
from tdxwhy.fleet.store import StoreFolder, counting
from tdxwhy.noun import NamedTuple


class Health(NamedTuple):
    """What a store holds, what is wrong with it, and what unfinished work lies about (which harms nothing)."""

    parts: int
    rows: dict[str, int]
    sources: int
    troubles: tuple[str, ...]
    leftovers: tuple[str, ...]


def inspect(store: StoreFolder) -> Health:
    """Read everything in the store once."""
    troubles: list[str] = []
    manifests: list[Manifest] = []
    with store.locked():
        for part in sorted(store.parts.iterdir()):
            try:
                manifests.append(manifest_of(part))
            except TdxwhyError as error:
                troubles.append(f"{part.name}: {error.message.removeprefix(f'{part}').lstrip('/: ')}")
        counted = counting(manifests)
        unread = len(troubles)
        broken = troubles_of(store.parts, counted)
        good = [one for one in counted if one.part not in broken]
        rows = {table: sum(one.tables[table]["rows"] for one in good) for table in TABLES}
        rows |= {table: _distinct(store, good, table, column) for table, column in (("boots", "boot"), ("sources", "digest"))}
    troubles += [trouble for found in broken.values() for trouble in found]
    leftovers = [f"{one.part} (replaced)" for one in manifests if one not in counted]
    leftovers += sorted(one.name for one in (store.folder / "tmp").iterdir())
    return Health(len(counted) + unread, {name: rows[name] for name in ABOUT_BOOTS}, rows["sources"], tuple(troubles), tuple(leftovers))


def _distinct(store: StoreFolder, parts: list[Manifest], table: str, column: str) -> int:
    """Count what the report counts: copies that ingests at once have left are one."""
    found: set[object] = set()
    for one in parts:
        for batch in whole_rows_of(store.parts / one.part, one, table):
            found.update(batch.column(column).to_pylist())
    return len(found)
