"""Many small parts to few large ones: an ingest a minute leaves half a million parts a year, and a question opens each.

A merged part names the parts in whose place it stands. The rename that makes it visible is also the moment at which those stop
counting; only then are they deleted, and only while nobody reads. Whatever is left of them after a crash counts for nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tdxwhy.errors import TdxwhyError
from tdxwhy.fleet.part import Manifest, commit, rows_of, troubles_of, unpanicked
from tdxwhy.fleet.query import best_copies
from tdxwhy.fleet.schema import ABOUT_BOOTS, TABLES, arrow_schema, arrow_type
from tdxwhy.fleet.store import StoreFolder, Writer, counting
from tdxwhy.noun import NamedTuple

if TYPE_CHECKING:
    from arro3.core import RecordBatch

# Parts of fewer bytes are small and get merged; a merged part grows to about the larger figure.
_SMALL, _LARGE = 8 << 20, 64 << 20
# An ingest compacts when it finds so many parts: until then a question pays less than a tenth of a second for them.
_MANY = 64


class Compaction(NamedTuple):
    """What was done: parts merged, parts they became, replaced parts deleted and kept for readers; parts that are not whole."""

    merged: int = 0
    made: int = 0
    deleted: int = 0
    waiting: int = 0
    damaged: tuple[str, ...] = ()
    trouble: str = ""


def compact(store: StoreFolder, least: int = 2) -> Compaction:
    """Merge the small parts if there are at least so many, and delete what is replaced unless somebody reads."""
    merged = made = 0
    damaged: set[str] = set()
    with alone(store), Writer(store) as writer:
        while len(small := _small(store, damaged)) >= (2 if merged else max(2, least)):
            damaged |= troubles_of(store.parts, small).keys()
            groups = [group for group in _groups([one for one in small if one.part not in damaged]) if _merge(store, writer.folder, group)]
            if not groups:
                break
            merged, made = merged + sum(map(len, groups)), made + len(groups)
        deleted, waiting = sweep(store, writer.folder)
    return Compaction(merged, made, deleted, waiting, tuple(sorted(damaged)))


def compact_if_many(store: StoreFolder) -> Compaction:
    """Compact a store of many small parts; if that fails all is as it was, and the next ingest tries again."""
    if sum(1 for _ in store.parts.iterdir()) < _MANY:
        return Compaction()
    try:
        return compact(store, _MANY)
    except TdxwhyError as error:
        return Compaction(trouble=error.message)


@contextmanager
def alone(store: StoreFolder) -> Iterator[None]:
    """Be the only one who replaces parts, or complain."""
    try:
        with (store.folder / "compact.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise TdxwhyError(f"{store.folder}: another process compacts it") from error
            try:
                yield
            finally:
                fcntl.flock(lock, fcntl.LOCK_UN)  # a child that was just made may have it open
    except OSError as error:
        raise TdxwhyError(f"{store.folder}: {(error.strerror or 'cannot be written').lower()}") from error


def _small(store: StoreFolder, damaged: set[str]) -> list[Manifest]:
    return [one for one in store.manifests() if one.size < _SMALL and one.part not in damaged]


def _groups(small: Sequence[Manifest]) -> Iterator[list[Manifest]]:
    """Cut parts into groups, each to become one; one alone stays as it is."""
    group: list[Manifest] = []
    size = 0
    for manifest in small:
        if size + manifest.size > _LARGE and len(group) > 1:
            yield group
            group, size = [], 0
        group.append(manifest)
        size += manifest.size
    if len(group) > 1:
        yield group


def _merge(store: StoreFolder, place: Path, group: Sequence[Manifest]) -> bool:
    name = hashlib.blake2b("\n".join(one.part for one in group).encode(), digest_size=16).hexdigest()
    with unpanicked():
        return replace(store, place, name, group, best_copies([store.parts / one.part for one in group]))


def replace(store: StoreFolder, place: Path, name: str, group: Sequence[Manifest], kept: Mapping[str, Collection[int]]) -> bool:
    """Put one part with the boots that are kept, by part, in the place of a group; all that is no boot's stays."""
    folders = [store.parts / one.part for one in group]
    tables = {table: _rows_but(folders, table, kept if table in ABOUT_BOOTS else None) for table in TABLES}
    # What these parts replaced and could not be deleted yet must not come back with their going.
    there = {one.name for one in store.parts.iterdir()}
    replaces = {one.part for one in group} | {name for one in group for name in one.replaces if name in there}
    return commit(store.parts, place, name, tables, sorted(replaces))


def _rows_but(folders: Sequence[Path], table: str, kept: Mapping[str, Collection[int]] | None) -> Iterator[RecordBatch]:
    """Yield the rows of one table of all parts; of the copies of a boot only the one that is kept."""
    from arro3.core import RecordBatch

    schema = arrow_schema(table)
    for folder in folders:
        boots = None if kept is None else frozenset(kept.get(folder.name, ()))
        for batch in rows_of(folder / f"{table}.parquet"):
            columns = [column.cast(arrow_type(told.type)) for column, told in zip(batch.columns, TABLES[table], strict=True)]
            whole = RecordBatch.from_arrays(columns, schema=schema)
            yield whole if boots is None else _only(whole, boots)


def _only(rows: RecordBatch, boots: frozenset[int]) -> RecordBatch:
    from arro3.core import Array

    told = rows.column("boot").to_pylist()
    places = [place for place, boot in enumerate(told) if boot in boots]
    return rows if len(places) == len(told) else rows.take(Array(places, arrow_type("int64")))


def sweep(store: StoreFolder, place: Path) -> tuple[int, int]:
    """Delete the parts that are replaced; while somebody reads they wait for the next time. Return how many are gone and how many wait."""
    manifests = store.all_manifests()
    counted = {manifest.part for manifest in counting(manifests)}
    doomed = [manifest.part for manifest in manifests if manifest.part not in counted]
    if not doomed:
        return 0, 0
    grave = place / "replaced"
    grave.mkdir()
    with store.locked(exclusive=True, wait=False) as alone:
        if not alone:
            return 0, len(doomed)
        for part in doomed:
            (store.parts / part).rename(grave / part)
    with suppress(OSError):
        shutil.rmtree(grave)
    return len(doomed), 0
