"""The store: a folder of parts, each complete or absent.

    STORE/store.json                        {"schema": "tdxwhy/fleet/4"}; readers hold a shared lock on it, who deletes an exclusive one
    STORE/parts/PART/{boots,attempts,events,findings,incidents,sources}.parquet
    STORE/parts/PART/manifest.json          rows, bytes and digests of the tables; the parts in whose place it stands
    STORE/tmp/WRITER/...                    what a writer has not finished; `lock` in it is held while it lives
    STORE/compact.lock                      held by the one who merges parts

A part is written in full under tmp/, synced, and renamed into parts/: there is no moment at which half of one can be seen.
Its name is a digest of its sources, so the same sources make the same part, whoever writes it.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tdxwhy.errors import TdxwhyError
from tdxwhy.fleet.isolated import isolated
from tdxwhy.fleet.part import Manifest, check_schema, document_of, manifest_of, sync, unpanicked, whole_rows_of
from tdxwhy.fleet.schema import SCHEMA
from tdxwhy.noun import NamedTuple

if TYPE_CHECKING:
    from arro3.core import RecordBatch

_NAME, _LOCK = "store.json", "lock"
# How often a writer takes a place that another one, clearing up, has taken for a dead writer's.
_ATTEMPTS = 100


class Known(NamedTuple):
    """The digests of sources, their sizes, and names and tags of objects: one of another size is new, whatever its digest."""

    digests: set[str]
    sizes: set[int]
    objects: set[tuple[str, str]]


class StoreFolder:
    """A store that exists."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts = folder / "parts"

    def all_manifests(self) -> list[Manifest]:
        """Return the manifest of every part, in the order of their names."""
        with self.locked():
            return [manifest_of(path) for path in sorted(self.parts.iterdir())]

    def manifests(self) -> list[Manifest]:
        """Return the manifests of the parts that count: all but those in whose place another one stands."""
        return counting(self.all_manifests())

    def known(self) -> Known:
        """Return by what all sources are known that are in the store."""
        with self.locked():
            known = Known(set(), set(), set())
            for told in isolated(
                self.manifests(), self._learnt, lambda one: f"store: {one.part}: sources.parquet: no Parquet that can be read"
            ):
                if isinstance(told, str):
                    raise TdxwhyError(told, "tdxwhy fleet check tells more")
                known.digests.update(told.digests)
                known.sizes.update(told.sizes)
                known.objects.update(told.objects)
        return known

    def _learnt(self, manifest: Manifest) -> Known | str:
        """Return by what the sources of a part are known, or why nobody can tell."""
        known = Known(set(), set(), set())
        try:
            with unpanicked():
                _learn(known, whole_rows_of(self.parts / manifest.part, manifest, "sources"))
        except TdxwhyError as error:
            return error.message if error.message.startswith("store:") else f"store: {manifest.part}: sources.parquet: {error.message}"
        return known

    def files(self, table: str, manifests: list[Manifest]) -> list[Path]:
        """Return the files of one table."""
        return [self.parts / manifest.part / f"{table}.parquet" for manifest in manifests]

    @contextmanager
    def locked(self, exclusive: bool = False, wait: bool = True) -> Iterator[bool]:
        """Keep files from being deleted, or for the one who deletes, others from reading; yield whether that came about."""
        with (self.folder / _NAME).open("rb+" if exclusive else "rb") as file:
            try:
                fcntl.flock(file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | (0 if wait else fcntl.LOCK_NB))
            except OSError:
                yield False
            else:
                yield True


def _learn(known: Known, table: Iterable[RecordBatch]) -> None:
    for batch in table:
        digests, names, sizes, tags = (batch.column(name).to_pylist() for name in ("digest", "name", "size", "tag"))
        known.digests.update(digests)
        known.sizes.update(sizes)
        known.objects.update((name, tag) for name, tag in zip(names, tags, strict=True) if tag)


def counting(manifests: list[Manifest]) -> list[Manifest]:
    """Return the manifests but for those of parts that others replace."""
    replaced = {name for manifest in manifests for name in manifest.replaces}
    return [manifest for manifest in manifests if manifest.part not in replaced]


def open_store(folder: Path) -> StoreFolder:
    """Open a store, or say in one line why not."""
    if not (folder / _NAME).is_file():
        raise TdxwhyError(f"{folder}: no store", "tdxwhy ingest SOURCE --store DIR makes one")
    check_schema(folder, document_of(folder / _NAME))
    return StoreFolder(folder)


def make_store(folder: Path) -> StoreFolder:
    """Open a store, or make one in a folder that is new or empty."""
    try:
        if not (folder / _NAME).is_file():
            if folder.exists() and any(one.name not in ("parts", "tmp") and not one.name.startswith("store.") for one in folder.iterdir()):
                raise TdxwhyError(f"{folder}: neither a store nor empty")
            for name in ("parts", "tmp"):
                (folder / name).mkdir(parents=True, exist_ok=True)
            written = folder / f"store.{os.getpid()}.tmp"
            written.write_bytes((json.dumps({"schema": SCHEMA}) + "\n").encode())
            sync(written)
            # Of two that make the store at once, the first may have cleared this away.
            with suppress(FileNotFoundError):
                written.replace(folder / _NAME)
            sync(folder)
    except OSError as error:
        raise TdxwhyError(f"{folder}: {(error.strerror or 'cannot be written').lower()}") from error
    return open_store(folder)


class Writer:
    """A place of one writer's own under tmp/, which tells by its lock that the writer lives."""

    def __init__(self, store: StoreFolder) -> None:
        self.store = store
        self.folder = store.folder / "tmp" / f"{os.uname().nodename}-{os.getpid()}-{os.urandom(4).hex()}"

    def __enter__(self) -> Writer:
        """Take the place, and clear away what dead writers left."""
        try:
            for file in self.store.folder.glob("store.*.tmp"):
                file.unlink(missing_ok=True)
            _clear(self.store.folder / "tmp")
            for _ in range(_ATTEMPTS):
                with suppress(FileNotFoundError):
                    self._take()
                    return self
        except OSError as error:
            raise TdxwhyError(f"{self.store.folder}: {(error.strerror or 'cannot be written').lower()}") from error
        raise TdxwhyError(f"{self.store.folder}: no place to write in")

    def _take(self) -> None:
        """Take the place, or complain that somebody cleared it away before its lock was held."""
        self.folder.mkdir(exist_ok=True)
        self._lock = (self.folder / _LOCK).open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            kept = (self.folder / _LOCK).stat().st_ino == os.fstat(self._lock.fileno()).st_ino
        except FileNotFoundError:
            kept = False
        if not kept:
            self._lock.close()
            raise FileNotFoundError

    def __exit__(self, *_: object) -> None:
        """Give the place up."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()


def _clear(folder: Path) -> None:
    """Remove the places of writers whose lock nobody holds."""
    for place in folder.iterdir():
        try:
            with (place / _LOCK).open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(place, ignore_errors=True)
        except FileNotFoundError:
            with suppress(OSError):
                place.rmdir()
        except OSError:
            continue
