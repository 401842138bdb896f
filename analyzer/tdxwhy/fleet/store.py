"""The store: a folder of parts, each complete or absent.

    STORE/store.json                        {"schema": "tdxwhy/fleet/1"}
    STORE/parts/PART/{boots,attempts,events,findings}.parquet
    STORE/parts/PART/manifest.json          rows, bytes and digests of the tables; digests of the sources
    STORE/tmp/WRITER/...                    what a writer has not finished; `lock` in it is held while it lives

A part is written in full under tmp/, synced, and renamed into parts/: there is no moment at which half of one can be seen.
Its name is a digest of its sources, so the same sources make the same part, whoever writes it.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from tdxwhy.errors import TdxwhyError
from tdxwhy.fleet.schema import SCHEMA, TABLES

if TYPE_CHECKING:
    import pyarrow as pa

_COMPRESSION = "zstd"
_LOCK = "lock"


class Manifest(NamedTuple):
    """What a part says of itself."""

    part: str
    tables: dict[str, dict[str, Any]]
    sources: tuple[str, ...]


class Store:
    """A store that exists."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts = folder / "parts"

    def manifests(self) -> Iterator[Manifest]:
        """Yield the manifest of every part, in the order of their names."""
        for path in sorted(self.parts.iterdir()):
            yield manifest_of(path)

    def sources(self) -> set[str]:
        """Return the digests of all sources that are in the store."""
        return {source for manifest in self.manifests() for source in manifest.sources}

    def files(self, table: str) -> list[Path]:
        """Return the files of one table."""
        return [self.parts / manifest.part / f"{table}.parquet" for manifest in self.manifests()]


def open_store(folder: Path) -> Store:
    """Open a store, or say in one line why not."""
    if not (folder / "store.json").is_file():
        raise TdxwhyError(f"{folder}: no store", "tdxwhy ingest SOURCE --store DIR makes one")
    _check_schema(folder, _document(folder / "store.json"))
    return Store(folder)


def make_store(folder: Path) -> Store:
    """Open a store, or make one in a folder that is new or empty."""
    try:
        if not (folder / "store.json").is_file():
            if folder.exists() and any(one.name not in ("parts", "tmp") and not one.name.startswith("store.") for one in folder.iterdir()):
                raise TdxwhyError(f"{folder}: neither a store nor empty")
            for name in ("parts", "tmp"):
                (folder / name).mkdir(parents=True, exist_ok=True)
            written = folder / f"store.{os.getpid()}.tmp"
            _write(written, (json.dumps({"schema": SCHEMA}) + "\n").encode())
            written.replace(folder / "store.json")
            _sync(folder)
    except OSError as error:
        raise TdxwhyError(f"{folder}: {(error.strerror or 'cannot be written').lower()}") from error
    return open_store(folder)


class Writer:
    """A place of one writer's own under tmp/, which tells by its lock that the writer lives."""

    def __init__(self, store: Store, name: str = "") -> None:
        self.store = store
        self.folder = store.folder / "tmp" / (name or f"{os.uname().nodename}-{os.getpid()}-{os.urandom(4).hex()}")

    def __enter__(self) -> Writer:
        """Take the place, and clear away what dead writers left."""
        _clear(self.store.folder / "tmp")
        self.folder.mkdir(parents=True)
        self._lock = (self.folder / _LOCK).open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        return self

    def __exit__(self, *_: object) -> None:
        """Give the place up."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()


def commit(store: Store, place: Path, part: str, tables: Mapping[str, pa.Table], sources: list[dict[str, Any]]) -> bool:
    """Write a part and make it visible in one step; return False if somebody else has done so."""
    target = store.parts / part
    if target.exists():
        return False
    made = place / f"{part}.{os.getpid()}"
    try:
        made.mkdir()
        described = {name: _write_table(made / f"{name}.parquet", table) for name, table in tables.items()}
        manifest = {"schema": SCHEMA, "part": part, "tables": described, "sources": sources}
        _write(made / "manifest.json", (json.dumps(manifest, ensure_ascii=False) + "\n").encode("utf-8", "replace"))
        _sync(made)
        try:
            made.rename(target)
        except OSError:
            if not target.exists():
                raise
            return False
        _sync(store.parts)
    except OSError as error:
        raise TdxwhyError(
            f"store: {(error.strerror or str(error)).lower()}", "what was written before is whole; run ingest again"
        ) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return True


def manifest_of(part: Path) -> Manifest:
    """Read the manifest of a part."""
    document = _document(part / "manifest.json")
    _check_schema(part, document)
    try:
        tables = {name: dict(document["tables"][name]) for name in TABLES}
        return Manifest(part.name, tables, tuple(str(source["digest"]) for source in document["sources"]))
    except (KeyError, TypeError, ValueError) as error:
        raise TdxwhyError(f"{part}: manifest is not whole", "tdxwhy fleet check tells more") from error


def digest_of(data: bytes | memoryview) -> str:
    """Return the digest by which content is told apart."""
    import xxhash

    return xxhash.xxh3_128_hexdigest(data)


def _document(path: Path) -> dict[str, Any]:
    import msgspec

    try:
        found = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise TdxwhyError(f"{path}: cannot be read", "tdxwhy fleet check tells more") from error
    if not isinstance(found, dict):
        raise TdxwhyError(f"{path}: not a description of a store")
    return found


def _check_schema(place: Path, document: dict[str, Any]) -> None:
    if document.get("schema") != SCHEMA:
        raise TdxwhyError(f"{place}: schema {document.get('schema')!r}, and this version reads {SCHEMA!r}")


def _write_table(path: Path, table: pa.Table) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression=_COMPRESSION, compression_level=1)
    data = memoryview(sink.getvalue())
    _write(path, data)
    return {"rows": table.num_rows, "bytes": len(data), "digest": digest_of(data)}


def _write(path: Path, data: bytes | memoryview) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _clear(folder: Path) -> None:
    """Remove the places of writers whose lock nobody holds."""
    for place in folder.iterdir():
        try:
            with (place / _LOCK).open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(place, ignore_errors=True)
        except OSError:
            continue


@contextmanager
def replaced(path: Path) -> Iterator[TextIO]:
    """Write a file aside and put it in its place when it is whole: whoever scrapes it never sees half."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("w", encoding="utf-8", errors="replace", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        raise TdxwhyError(f"{path}: {(error.strerror or 'cannot be written').lower()}") from error
    finally:
        aside.unlink(missing_ok=True)
