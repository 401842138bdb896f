"""`tdxwhy fleet`: report, query, export, check and compact a store."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tdxwhy.cli.parsing import Parser

if TYPE_CHECKING:
    _Commands = argparse._SubParsersAction[Parser]


def parser() -> argparse.ArgumentParser:
    """Return the arguments of `tdxwhy fleet`."""
    made = Parser(prog="tdxwhy fleet", description="Ask a store that `tdxwhy ingest` has filled.")
    commands = made.add_subparsers(dest="what", metavar="WHAT", required=True)
    report = _command(
        commands, "report", "what came of TDX, by kernel, module, firmware and board; what fails, what is new, who is out of line"
    )
    report.add_argument("--format", choices=["text", "json", "html", "openmetrics"], default="text")
    report.add_argument("--split", metavar="DATE", type=_day, help="compare boots from this day on with those before")
    query = _command(commands, "query", "one SELECT over the tables boots, attempts, events, findings, incidents, sources")
    query.add_argument("sql", metavar="SQL", help="in DuckDB's dialect; `DESCRIBE boots` lists columns")
    query.add_argument("--format", choices=["text", "csv", "json", "parquet"], default="text")
    export = _command(commands, "export", "a whole table, each boot once")
    export.add_argument("--table", choices=["boots", "attempts", "events", "findings", "incidents", "sources"], default="boots")
    export.add_argument("--format", choices=["csv", "json", "parquet"], default="csv")
    for one in (report, query, export):
        one.add_argument("-o", "--output", metavar="FILE", type=Path, help="write there instead of to standard output")
    _command(commands, "check", "prove the store whole").add_argument("--format", choices=["text", "json"], default="text")
    compact = _command(commands, "compact", "merge the many small parts that many small ingests leave")
    compact.add_argument("--format", choices=["text", "json"], default="text")
    _command(commands, "schema", "what each column means", store=False)
    return made


def _day(text: str) -> datetime:
    """Return a point in time, UTC where it says no zone. Accepted form: 2026-03-01, with a time of day or without."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date such as 2026-03-01") from None
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def _command(commands: _Commands, name: str, text: str, store: bool = True) -> argparse.ArgumentParser:
    made = commands.add_parser(name, help=text, description=text)
    if store:
        made.add_argument("--store", metavar="DIR", type=Path, required=True, help="the store")
    return made


def run(args: argparse.Namespace) -> int:
    """Answer; `check` and `compact` return 1 if the store is not whole, `report` 3 if it is empty."""
    if args.what == "schema":
        from tdxwhy.report.fleet_text import schema

        sys.stdout.write(schema())
        return 0
    return {"report": _report, "query": _query, "export": _export, "check": _check, "compact": _compact}[args.what](args)


def _report(args: argparse.Namespace) -> int:
    from tdxwhy.fleet.query import open_fleet
    from tdxwhy.fleet.questions import answers

    fleet = open_fleet(args.store)
    if args.format == "openmetrics":
        from tdxwhy.report.openmetrics import metrics

        _write(args, metrics(fleet))
        return 0
    found = answers(fleet, args.split)
    if args.format == "json":
        from tdxwhy.report.fleet_text import as_json as shown
    elif args.format == "html":
        from tdxwhy.report.fleet_page import page as shown
    else:
        from tdxwhy.report.fleet_text import as_text as shown
    _write(args, shown(found))
    return 0 if found.boots else 3


def _query(args: argparse.Namespace) -> int:
    from tdxwhy.fleet.query import open_fleet

    _rows(args, open_fleet(args.store), args.sql)
    return 0


def _export(args: argparse.Namespace) -> int:
    from tdxwhy.fleet.query import open_fleet

    _rows(args, open_fleet(args.store), f"SELECT * FROM {args.table} ORDER BY ALL")  # noqa: S608 - one of five names
    return 0


def _rows(args: argparse.Namespace, fleet: object, sql: str) -> None:
    from tdxwhy.fleet.query import Fleet
    from tdxwhy.report.rows import write

    assert isinstance(fleet, Fleet)  # noqa: S101 - for the type checker
    if args.output is None:
        write(fleet, sql, args.format, sys.stdout)
    else:
        from tdxwhy.files import replaced

        with replaced(args.output) as file:
            write(fleet, sql, args.format, file)


def _check(args: argparse.Namespace) -> int:
    from tdxwhy.fleet.extra import needed
    from tdxwhy.fleet.inspect import inspect
    from tdxwhy.fleet.store import open_store
    from tdxwhy.report.fleet_text import health, health_json

    needed("arro3.io", "xxhash")
    found = inspect(open_store(args.store))
    sys.stdout.write(health_json(found) if args.format == "json" else health(found))
    return 1 if found.troubles else 0


def _compact(args: argparse.Namespace) -> int:
    from tdxwhy.fleet.compact import compact
    from tdxwhy.fleet.extra import needed
    from tdxwhy.fleet.store import open_store
    from tdxwhy.report.ingest_text import compaction, compaction_json

    needed("arro3.io", "xxhash")
    done = compact(open_store(args.store))
    sys.stdout.write(compaction_json(done) if args.format == "json" else f"{compaction(done)}\n")
    return 1 if done.damaged else 0


def _write(args: argparse.Namespace, text: str) -> None:
    if args.output is None:
        sys.stdout.write(text)
        return
    from tdxwhy.files import replaced

    with replaced(args.output) as file:
        file.write(text)
