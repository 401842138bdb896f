"""Rows of a query or a table: as aligned text, CSV, JSON Lines or Parquet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TextIO

from tdxwhy.digits import is_whole
from tdxwhy.errors import TdxwhyError
from tdxwhy.fleet.query import Fleet
from tdxwhy.report.json_text import neutral
from tdxwhy.report.terminal import safe

_WIDEST = 60


def write(fleet: Fleet, sql: str, form: str, out: TextIO) -> None:
    """Write the answer to a query; CSV, JSON and Parquet row by row, so that any size will do."""
    if form == "text":
        answer = fleet.ask(sql)
        out.writelines(table(answer.columns, answer.rows))
        return
    if form == "parquet":
        if out.isatty():
            raise TdxwhyError("parquet is nothing for a terminal", "name a file with --output")
        fleet.parquet(sql, out.buffer)
        return
    {"csv": _csv, "json": _json}[form](*fleet.rows(sql), out)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    """Yield the lines of an aligned table, numbers to the right."""
    shown = [[_short(value) for value in row] for row in rows]
    widths = [max(len(name), *(len(row[place]) for row in shown)) if shown else len(name) for place, name in enumerate(columns)]
    right = [all(isinstance(row[place], int | float | Decimal | None) for row in rows) and bool(rows) for place in range(len(columns))]
    yield _line(columns, widths, right)
    yield from (_line(row, widths, right) for row in shown)


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = (cell.rjust(width) if to else cell.ljust(width) for cell, width, to in zip(cells, widths, right, strict=True))
    return "  ".join(padded).rstrip() + "\n"


def _short(value: object) -> str:
    text = safe(_text(value)).replace("\n", " ")
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return ",".join(_text(one) for one in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Any]], out: TextIO) -> None:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_harmless(_text(value)) for value in row] for row in rows)


def _harmless(text: str) -> str:
    """Return text that no spreadsheet takes for a formula, and no terminal for a command."""
    formula = text[:1] in ("=", "+", "@", "\t", "\r") or (text[:1] == "-" and not is_whole(text[1:]))
    return f"'{safe(text)}" if formula else safe(text)


def _json(columns: Sequence[str], rows: Iterable[Sequence[Any]], out: TextIO) -> None:
    """Write strict JSON: what is no number is null, bytes are base64, an interval is that of ISO 8601."""
    import msgspec

    encode = msgspec.json.Encoder().encode
    for row in rows:
        try:
            out.write(neutral(encode(dict(zip(columns, row, strict=True))).decode()) + "\n")
        except TypeError as error:
            raise TdxwhyError(f"query: {str(error).lower()}", "cast the column to VARCHAR") from error
