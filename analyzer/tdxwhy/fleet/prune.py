"""Boots that nobody asks about any more leave a store: each part that holds some is replaced by one without them.

Their sources stay known, so that an ingest of the same logs does not bring them back.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from tdxwhy.fleet.compact import alone, replace, sweep
from tdxwhy.fleet.part import rows_of, troubles_of
from tdxwhy.fleet.store import StoreFolder, Writer
from tdxwhy.noun import NamedTuple


class Pruning(NamedTuple):
    """What was done: boots taken out of so many parts, replaced parts deleted and kept for readers; parts that are not whole."""

    boots: int = 0
    parts: int = 0
    deleted: int = 0
    waiting: int = 0
    damaged: tuple[str, ...] = ()


def prune(store: StoreFolder, before: datetime) -> Pruning:
    """Take out what is kept of boots that started before a point in time, UTC; one whose start nobody knows stays."""
    boots = parts = 0
    with alone(store), Writer(store) as writer:
        manifests = store.manifests()
        damaged = troubles_of(store.parts, manifests)
        for manifest in manifests:
            if manifest.part in damaged:
                continue
            old, kept = _parted(store.parts / manifest.part, before)
            name = hashlib.blake2b(f"{manifest.part} from {before.isoformat()}".encode(), digest_size=16).hexdigest()
            if old and replace(store, writer.folder, name, [manifest], {manifest.part: kept}):
                boots, parts = boots + old, parts + 1
        deleted, waiting = sweep(store, writer.folder)
    return Pruning(boots, parts, deleted, waiting, tuple(sorted(damaged)))


def _parted(part: Path, before: datetime) -> tuple[int, frozenset[int]]:
    """Return how many boots of a part are older, and the others."""
    old, kept = 0, set()
    for batch in rows_of(part / "boots.parquet"):
        for boot, started in zip(batch.column("boot").to_pylist(), batch.column("started").to_pylist(), strict=True):
            if started is not None and _utc(started) < before:
                old += 1
            else:
                kept.add(boot)
    return old, frozenset(kept)


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
