"""One part of a store: a folder of tables and the manifest that describes them, written whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdxwhy.digits import is_whole
from tdxwhy.errors import TdxwhyError
from tdxwhy.fleet.isolated import isolated
from tdxwhy.fleet.schema import SCHEMA, TABLES, arrow_schema
from tdxwhy.noun import NamedTuple

if TYPE_CHECKING:
    from arro3.core import RecordBatch, RecordBatchReader

MANIFEST = "manifest.json"
# How what stays is compressed, and what a later merge compresses again; how many rows DuckDB reads fastest at a time.
LASTING, PASSING, GROUP = "zstd(1)", "snappy", 128 << 10


_MORE = "tdxwhy fleet check tells more"
_PIECE = 1 << 20


class Manifest(NamedTuple):
    """What a part says of itself: rows, bytes and digest of each table, and the parts in whose place it stands."""

    part: str
    tables: dict[str, dict[str, Any]]
    replaces: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Return the bytes of its tables."""
        return sum(int(told["bytes"]) for told in self.tables.values())


def commit(parts: Path, place: Path, part: str, tables: Mapping[str, Iterable[RecordBatch]], replaces: Sequence[str] = ()) -> bool:
    """Write a part under `place` and make it visible in `parts` in one step; return False if somebody else has done so.

    One that replaces others is compressed by a fifth more, in twice the time.
    """
    target = parts / part
    if target.exists():
        return False
    made = place / f"{part}.{os.getpid()}"
    try:
        made.mkdir()
        how = LASTING if replaces else PASSING
        described = {name: _write_table(made / f"{name}.parquet", name, batches, how) for name, batches in tables.items()}
        manifest = {"schema": SCHEMA, "part": part, "tables": described, "replaces": list(replaces)}
        (made / MANIFEST).write_bytes((json.dumps(manifest) + "\n").encode())
        for path in (*made.iterdir(), made):
            sync(path)
        try:
            made.rename(target)
        except OSError:
            if not target.exists():
                raise
            return False
        sync(parts)
    except OSError as error:
        raise TdxwhyError(
            f"store: {(error.strerror or str(error)).lower()}", "what was written before is whole; run the command again"
        ) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return True


def manifest_of(part: Path) -> Manifest:
    """Read the manifest of a part."""
    document = document_of(part / MANIFEST)
    check_schema(part, document)
    try:
        tables = {name: _described(document["tables"][name]) for name in TABLES}
        return Manifest(part.name, tables, tuple(str(name) for name in document["replaces"]))
    except (KeyError, TypeError, ValueError) as error:
        raise TdxwhyError(f"{part}: manifest is not whole", "tdxwhy fleet check tells more") from error


def troubles_of(parts: Path, manifests: Sequence[Manifest]) -> dict[str, list[str]]:
    """Return, of each part that is not whole, how its files differ from what its manifest says, with the part's name before each."""
    found = isolated(manifests, lambda one: _trouble_of(parts / one.part, one), lambda one: [f"{one.part}: no Parquet that can be read"])
    return {one.part: troubles for one, troubles in zip(manifests, found, strict=True) if troubles}


def _trouble_of(part: Path, manifest: Manifest) -> list[str]:
    found = [trouble for name, told in manifest.tables.items() for trouble in _differences(part / f"{name}.parquet", name, told)]
    known = {f"{name}.parquet" for name in TABLES} | {MANIFEST}
    found += [f"{one.name} does not belong there" for one in sorted(part.iterdir()) if one.name not in known]
    return [f"{part.name}: {trouble}" for trouble in found]


def digest_of(data: bytes | memoryview) -> str:
    """Return the digest by which content is told apart."""
    import xxhash

    return xxhash.xxh3_128_hexdigest(data)


def document_of(path: Path) -> dict[str, Any]:
    """Read a description: of a store or of a part."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise TdxwhyError(f"{path}: cannot be read", "tdxwhy fleet check tells more") from error
    if not isinstance(found, dict):
        raise TdxwhyError(f"{path}: not a description of a store")
    return found


def check_schema(place: Path, document: dict[str, Any]) -> None:
    """Refuse what another version wrote."""
    told = document.get("schema")
    if told == SCHEMA:
        return
    name, _, number = str(told).rpartition("/")
    own, _, ours = SCHEMA.rpartition("/")
    older = name == own and is_whole(number, 8) and int(number) < int(ours)
    hint = "tdxwhy ingest --store NEW LOGS... makes a new one of its logs" if older else "a newer tdxwhy may read it"
    raise TdxwhyError(f"{place}: schema {str(told)[:40]!r}, and this version reads {SCHEMA!r}", hint)


def sync(path: Path) -> None:
    """See that a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_table(path: Path, name: str, batches: Iterable[RecordBatch], compression: str) -> dict[str, Any]:
    from arro3.core import RecordBatchReader
    from arro3.io import write_parquet

    sink, rows = BytesIO(), [0]

    def counted() -> Iterator[RecordBatch]:
        for batch in batches:
            rows[0] += batch.num_rows
            yield batch

    write_parquet(RecordBatchReader.from_batches(arrow_schema(name), counted()), sink, compression=compression, max_row_group_size=GROUP)
    data = sink.getbuffer()
    path.write_bytes(data)
    return {"rows": rows[0], "bytes": len(data), "digest": digest_of(data)}


def whole_rows_of(part: Path, manifest: Manifest, name: str) -> RecordBatchReader:
    """Read a table of a part, or complain that it is not as it was written."""
    data, trouble = _loaded(part / f"{name}.parquet", manifest.tables[name])
    if trouble:
        raise TdxwhyError(f"store: {part.name}: {trouble}", "tdxwhy fleet check tells more")
    return rows_of(data)


def changed(part: Path, manifest: Manifest) -> None:
    """Complain of a table that is not as it was written; it is read piece by piece."""
    for name, told in manifest.tables.items():
        path = part / f"{name}.parquet"
        try:
            size, digest = _measured(path)
        except OSError as error:
            raise TdxwhyError(f"store: {part.name}: {path.name}: {(error.strerror or 'cannot be read').lower()}", _MORE) from error
        if (size, digest) != (told["bytes"], told["digest"]):
            raise TdxwhyError(f"store: {part.name}: {path.name}: its content has changed", _MORE)


def _measured(path: Path) -> tuple[int, str]:
    import xxhash

    state, size = xxhash.xxh3_128(), 0
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_PIECE):
            state.update(piece)
            size += len(piece)
    return size, state.hexdigest()


@contextmanager
def unpanicked() -> Iterator[None]:
    """Turn a panic of the Parquet library, which is no Exception and says its own on standard error, into one line."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit, OSError, TdxwhyError):
        raise
    except BaseException as error:  # noqa: BLE001 - a panic is one
        raise TdxwhyError(f"no Parquet that can be read ({type(error).__name__})") from None
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def rows_of(table: Path | bytes) -> RecordBatchReader:
    """Read a table of a part, a file or its content, batch by batch."""
    from arro3.io import read_parquet

    return read_parquet(table, batch_size=GROUP)


def _described(told: dict[str, Any]) -> dict[str, Any]:
    return {"rows": int(told["rows"]), "bytes": int(told["bytes"]), "digest": str(told["digest"])}


def _differences(path: Path, name: str, told: dict[str, Any]) -> list[str]:
    data, trouble = _loaded(path, told)
    if trouble:
        return [trouble]
    rows = told.get("rows")
    try:
        with unpanicked():
            found = rows_of(data)
            columns = found.schema.names == [column.name for column in TABLES[name]]
            read = sum(batch.num_rows for batch in found)
    except TdxwhyError as error:
        return [f"{path.name}: {error.message}"]
    return [
        *([] if columns else [f"{path.name}: other columns than the schema's"]),
        *([f"{path.name}: {read} rows, and {rows} were written"] if read != rows else []),
    ]


def _loaded(path: Path, told: dict[str, Any]) -> tuple[bytes, str]:
    """Return the content of a table, and how it differs from what was written."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return b"", f"{path.name}: {(error.strerror or 'cannot be read').lower()}"
    if len(data) != told.get("bytes"):
        return data, f"{path.name}: {len(data)} bytes, and {told.get('bytes')} were written"
    return data, f"{path.name}: its content has changed" if digest_of(data) != told.get("digest") else ""
