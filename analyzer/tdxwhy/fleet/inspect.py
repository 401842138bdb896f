"""Prove a store whole: every part's files are there, as long, as digested and of the schema that its manifest says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tdxwhy.errors import TdxwhyError
from tdxwhy.fleet.schema import TABLES
from tdxwhy.fleet.store import Store, digest_of, manifest_of


class Health(NamedTuple):
    """What a store holds, what is wrong with it, and what unfinished work lies about (which harms nothing)."""

    parts: int
    rows: dict[str, int]
    sources: int
    troubles: tuple[str, ...]
    leftovers: tuple[str, ...]


def inspect(store: Store) -> Health:
    """Read everything in the store once."""
    rows = dict.fromkeys(TABLES, 0)
    sources: set[str] = set()
    troubles: list[str] = []
    parts = sorted(store.parts.iterdir())
    for part in parts:
        try:
            manifest = manifest_of(part)
        except TdxwhyError as error:
            troubles.append(f"{part.name}: {error.message.removeprefix(f'{part}').lstrip('/: ')}")
            continue
        sources.update(manifest.sources)
        found = list(_troubles(part, manifest.tables))
        troubles += found
        for name in TABLES if not found else ():
            rows[name] += manifest.tables[name]["rows"]
    leftovers = sorted(one.name for one in (store.folder / "tmp").iterdir())
    return Health(len(parts), rows, len(sources), tuple(troubles), tuple(leftovers))


def _troubles(part: Path, tables: dict[str, dict[str, object]]) -> Iterator[str]:
    for name, told in tables.items():
        path = part / f"{name}.parquet"
        try:
            data = path.read_bytes()
        except OSError as error:
            yield f"{part.name}: {path.name}: {(error.strerror or 'cannot be read').lower()}"
            continue
        if len(data) != told.get("bytes"):
            yield f"{part.name}: {path.name}: {len(data)} bytes, and {told.get('bytes')} were written"
        elif digest_of(data) != told.get("digest"):
            yield f"{part.name}: {path.name}: its content has changed"
        else:
            yield from _unlike(part, path, name, told.get("rows"))
    known = {f"{name}.parquet" for name in TABLES} | {"manifest.json"}
    yield from (f"{part.name}: {one.name} does not belong there" for one in sorted(part.iterdir()) if one.name not in known)


def _unlike(part: Path, path: Path, name: str, rows: object) -> Iterator[str]:
    import pyarrow.parquet as pq

    found = pq.ParquetFile(path)
    if found.schema_arrow.names != [column.name for column in TABLES[name]]:
        yield f"{part.name}: {path.name}: other columns than the schema's"
    if found.metadata.num_rows != rows:
        yield f"{part.name}: {path.name}: {found.metadata.num_rows} rows, and {rows} were written"
