"""Questions to a store in SQL: DuckDB in memory over the store's own files, and nothing else in reach."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from tdxwhy.errors import TdxwhyError
from tdxwhy.fleet.extra import needed
from tdxwhy.fleet.part import GROUP, LASTING, changed
from tdxwhy.fleet.schema import ABOUT_BOOTS, BOOTS, TABLES
from tdxwhy.fleet.store import StoreFolder, open_store
from tdxwhy.noun import NamedTuple

_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "temp_directory": "",
    "python_enable_replacements": "false",
}
# Of copies of a boot in several parts, the one that tells most stands for it.
# Which one that is depends on what it says, and on the part that holds it only where all that it says is the same.
_BEST = (
    "QUALIFY row_number() OVER (PARTITION BY boot ORDER BY events DESC, head_cut, source, "
    f"hash({', '.join(column.name for column in BOOTS)}), filename) = 1"
)
# Of the copies of a source that ingests at once leave, the first by name.
_ONE_SOURCE = "QUALIFY row_number() OVER (PARTITION BY digest ORDER BY name, boots DESC, filename) = 1"

# Arrow's types, by name, that its writer of Parquet files cannot write.
_NOT_IN_PARQUET = ("Interval", "Union")
# What Arrow puts before the text of an error.
_THROUGH_ARROW = "C Data interface error: "
# Rows of an answer that are in memory at a time.
_AT_ONCE = 10_000


class QueryResult(NamedTuple):
    """The rows of an answer under their columns' names."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class Fleet:
    """A store that can be asked. The tables are views that show each boot once, and nothing of it is deleted meanwhile."""

    def __init__(self, store: StoreFolder) -> None:
        self.store = store
        self._held = ExitStack()
        self._held.enter_context(store.locked())
        self._db = _connected(store)

    def close(self) -> None:
        """Let go of the store."""
        self._db.close()
        self._held.close()

    def ask(self, sql: str, parameters: Sequence[object] = ()) -> QueryResult:
        """Return the answer to one SELECT."""
        found = self._run(sql, parameters)
        with _said():
            return QueryResult(tuple(column[0] for column in found.description), found.fetchall())

    def rows(self, sql: str) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
        """Return the columns' names of the answer to one SELECT, and its rows as they are found."""
        found = self._run(sql)
        return tuple(column[0] for column in found.description), _fetched(found)

    def arrow(self, sql: str) -> Any:  # noqa: ANN401 - arro3's Table
        """Return the answer to one SELECT as an Arrow table."""
        from arro3.core import Table

        with _said():
            return Table.from_arrow(self._run(sql, way="sql"))

    def parquet(self, sql: str, out: BinaryIO) -> None:
        """Write the answer to one SELECT as Parquet, a row group at a time."""
        from arro3.core import RecordBatchReader
        from arro3.io import write_parquet

        with _said():
            answer = RecordBatchReader.from_arrow(self._run(sql, way="sql"))
        patient = _Patient(out)
        for name, held in zip(answer.schema.names, answer.schema.types, strict=True):
            if any(kind in str(held) for kind in _NOT_IN_PARQUET):
                raise TdxwhyError(f"query: column {name!r} has a type that is not written as Parquet", "cast it to VARCHAR")
        try:
            write_parquet(answer, cast(BinaryIO, patient), compression=LASTING, max_row_group_size=GROUP)
        except Exception as error:  # a failing query arrives through Arrow as one of no class of its own
            raise TdxwhyError(f"query: {_first_line(error).rpartition(_THROUGH_ARROW)[2]}") from error
        if patient.trouble is not None:
            raise patient.trouble
        out.flush()

    def _run(self, sql: str, parameters: Sequence[object] = (), way: str = "execute") -> Any:  # noqa: ANN401
        import duckdb

        with _said():
            statements = duckdb.extract_statements(sql)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise TdxwhyError("query: one SELECT, please; the store is only read")
            return getattr(self._db, way)(sql, *([list(parameters)] if parameters else ()))


class _Patient(io.RawIOBase):
    """A file that takes everything and tells afterwards what went wrong: the writer of Parquet files panics at an error."""

    def __init__(self, out: BinaryIO) -> None:
        self.trouble: OSError | None = None
        self._out = out

    def write(self, data: Any) -> int:  # noqa: ANN401 - as io declares it
        """Write what can be written."""
        if self.trouble is None:
            try:
                self._out.write(data)
            except OSError as error:
                self.trouble = error
        return len(data)


@contextmanager
def _said() -> Iterator[None]:
    """Say in one line what DuckDB does not like."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise TdxwhyError(f"query: {_first_line(error)}", f"the tables are {', '.join(TABLES)}") from error


def _fetched(found: Any) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - duckdb's connection
    with _said():
        while rows := found.fetchmany(_AT_ONCE):
            yield from rows


def open_fleet(folder: Path) -> Fleet:
    """Open a store for questions."""
    needed("duckdb", "arro3.io", "xxhash")
    return Fleet(open_store(folder))


def _connected(store: StoreFolder) -> Any:  # noqa: ANN401
    """Make the views, then lock everything: no file but the store's, no setting, no extension."""
    import duckdb

    db = duckdb.connect(":memory:", config=_SETTINGS)
    manifests = store.manifests()
    for manifest in manifests:
        changed(store.parts / manifest.part, manifest)
    files = {table: _listed(store.files(table, manifests)) for table in TABLES}
    try:
        for table in TABLES:
            db.execute(f"CREATE VIEW all_{table} AS {_rows(table, files[table])}")
        copies = db.execute("SELECT count(*) > count(DISTINCT boot) FROM all_boots").fetchone()
        for table in TABLES:
            db.execute(f"CREATE VIEW {table} AS {_once(table, table in ABOUT_BOOTS and bool(copies and copies[0]))}")
        db.execute("SET parquet_metadata_cache = true")
        allowed = ", ".join(listed for listed in files.values() if listed)
        db.execute(f"SET allowed_paths = [{allowed}]")
        db.execute("SET enable_external_access = false")
        db.execute("SET lock_configuration = true")
    except duckdb.Error as error:
        raise TdxwhyError(f"{store.folder}: {_first_line(error)}", "tdxwhy fleet check tells more") from error
    return db


def best_copies(folders: Sequence[Path]) -> dict[str, list[int]]:
    """Return the boots that stand for themselves in each of these parts, by its name: those without copies, and the best copies."""
    import duckdb

    listed = _listed([folder / "boots.parquet" for folder in folders])
    with duckdb.connect(":memory:", config=_SETTINGS) as db:
        rows = db.execute(f"SELECT boot, filename FROM read_parquet([{listed}], filename = true) {_BEST}").fetchall()  # noqa: S608
    found: dict[str, list[int]] = {}
    for boot, filename in rows:
        found.setdefault(Path(filename).parent.name, []).append(boot)
    return found


def _rows(table: str, listed: str) -> str:
    if listed:
        return f"SELECT * FROM read_parquet([{listed}], filename = true)"  # noqa: S608 - quoted by _listed
    columns = ", ".join(f"CAST(NULL AS {_sql_type(column.type)}) AS {column.name}" for column in TABLES[table])
    return f"SELECT {columns}, '' AS filename WHERE false"


def _once(table: str, copies: bool) -> str:
    """Return the rows of one table with each boot and each source once; where no part repeats another's, that is all of them."""
    if table == "sources":
        return f"SELECT * EXCLUDE (filename) FROM all_sources {_ONE_SOURCE}"  # noqa: S608 - our own words
    if not copies:
        return f"SELECT * EXCLUDE (filename) FROM all_{table}"  # noqa: S608
    if table == "boots":
        return f"SELECT * EXCLUDE (filename) FROM all_boots {_BEST}"  # noqa: S608
    part = "parse_dirpath({}.filename, 'system')"
    best = f"SELECT boot, filename FROM all_boots {_BEST}"  # noqa: S608
    same = f"one.boot = best.boot AND {part.format('one')} = {part.format('best')}"
    return f"SELECT one.* EXCLUDE (filename) FROM all_{table} AS one SEMI JOIN ({best}) AS best ON {same}"  # noqa: S608


def _sql_type(name: str) -> str:
    if name.startswith("list<"):
        return f"{_sql_type(name[5:-1])}[]"
    return {"int64": "BIGINT", "int32": "INTEGER", "string": "VARCHAR", "bool": "BOOLEAN"}.get(name, "TIMESTAMP_S")


def _listed(files: Sequence[Path]) -> str:
    return ", ".join("'" + str(file.resolve()).replace("'", "''") + "'" for file in files)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
