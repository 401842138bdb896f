"""`tdxwhy fleet`: report, query, export, check and compact a store."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tdxwhy.cli.parsing import Parser

if TYPE_CHECKING:
    from tdxwhy.fleet.query import Fleet
    from tdxwhy.fleet.questions import FleetReport

    _Commands = argparse._SubParsersAction[Parser]


# What --fail-on knows.
_FAILS: dict[str, Callable[[FleetReport], bool]] = {
    "regression": lambda found: bool(found.regressions),
    "outlier": lambda found: bool(found.outliers),
    "failed": lambda found: found.outcomes.failed > 0,
    "incident": lambda found: bool(found.incidents),
}


def parser() -> argparse.ArgumentParser:
    """Return the arguments of `tdxwhy fleet`."""
    made = Parser(own=True, prog="tdxwhy fleet", description="Ask a store that `tdxwhy ingest` has filled.")
    commands = made.add_subparsers(dest="what", metavar="WHAT", required=True)
    _report_arguments(
        _command(commands, "report", "what came of TDX, by kernel, module, firmware and board; what fails, what is new, who is out of line")
    )
    query = _command(
        commands,
        "query",
        "one SELECT over the tables boots, attempts, events, findings, incidents, sources, which may read these and nothing else",
    )
    query.add_argument("sql", metavar="SQL", help="in DuckDB's dialect; `DESCRIBE boots` lists columns")
    query.add_argument("--format", choices=["text", "csv", "json", "parquet"], default="text", help="how to print it")
    export = _command(commands, "export", "a whole table, each boot once")
    export.add_argument(
        "--table", choices=["boots", "attempts", "events", "findings", "incidents", "sources"], default="boots", help="which of them"
    )
    export.add_argument("--format", choices=["csv", "json", "parquet"], default="csv", help="how to print it")
    _command(commands, "check", "prove the store whole").add_argument(
        "--format", choices=["text", "json"], default="text", help="how to print it"
    )
    compact = _command(commands, "compact", "merge the many small parts that many small ingests leave")
    compact.add_argument("--format", choices=["text", "json"], default="text", help="how to print it")
    prune = _command(commands, "prune", "take boots out that started before a day; their sources stay known")
    prune.add_argument("--before", metavar="DATE", type=_day, required=True, help="the day, UTC; boots of an unknown start stay")
    prune.add_argument("--format", choices=["text", "json"], default="text", help="how to print it")
    _command(commands, "schema", "what each column means", store=False)
    return made


def _report_arguments(report: argparse.ArgumentParser) -> None:
    report.add_argument("--format", choices=["text", "json", "html", "openmetrics"], default="text", help="how to print it")
    report.add_argument("--split", metavar="DATE", type=_day, help="compare boots from this day on with those before")
    report.add_argument("--all", action="store_true", help="all rows of each table of text and html, not the first 15 alone")
    report.add_argument(
        "--fail-on",
        metavar="WHAT",
        action="append",
        default=[],
        choices=sorted(_FAILS),
        help="exit 1 on WHAT: regression (a failure has become more frequent), outlier (a host fails more often than its peers), "
        "failed (a boot failed), incident (something went wrong later); may be repeated",
    )


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
    if args.what in _READING:
        from tdxwhy.cli.ending import at_once

        with at_once():
            return _READING[args.what](args)
    return {"check": _check, "compact": _compact, "prune": _prune}[args.what](args)


def _report(args: argparse.Namespace) -> int:
    from tdxwhy.fleet.query import open_fleet
    from tdxwhy.fleet.questions import answers

    fleet = open_fleet(args.store)
    found = answers(fleet, args.split) if args.format != "openmetrics" or args.fail_on else None
    if args.format == "openmetrics":
        from tdxwhy.report.openmetrics import metrics

        sys.stdout.write(metrics(fleet))
    elif found is not None:
        sys.stdout.write(_shown(found, args.format, args.all))
    if found is None:
        return 0
    return 3 if not found.boots else int(any(_FAILS[what](found) for what in args.fail_on))


def _shown(found: FleetReport, form: str, every: bool) -> str:
    from tdxwhy.report.fleet_text import MOST, as_json, as_text

    if form == "json":
        return as_json(found)
    if form == "html":
        from tdxwhy.report.fleet_page import page

        return page(found, None if every else MOST)
    return as_text(found, None if every else MOST)


def _query(args: argparse.Namespace) -> int:
    from tdxwhy.fleet.query import open_fleet

    _rows(args, open_fleet(args.store), args.sql)
    return 0


def _export(args: argparse.Namespace) -> int:
    from tdxwhy.fleet.query import open_fleet

    _rows(args, open_fleet(args.store), f"SELECT * FROM {args.table} ORDER BY ALL")  # noqa: S608 - one of five names
    return 0


_READING = {"report": _report, "query": _query, "export": _export}


def _rows(args: argparse.Namespace, fleet: Fleet, sql: str) -> None:
    from tdxwhy.report.rows import write

    write(fleet, sql, args.format, sys.stdout)


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
    from tdxwhy.cli.ending import orderly

    with orderly():
        done = compact(open_store(args.store))
    sys.stdout.write(compaction_json(done) if args.format == "json" else f"{compaction(done)}\n")
    return 1 if done.damaged else 0


def _prune(args: argparse.Namespace) -> int:
    from tdxwhy.cli.ending import orderly
    from tdxwhy.fleet.extra import needed
    from tdxwhy.fleet.prune import prune
    from tdxwhy.fleet.store import open_store
    from tdxwhy.report.ingest_text import pruning, pruning_json

    needed("arro3.io", "xxhash")
    with orderly():
        done = prune(open_store(args.store), args.before)
    sys.stdout.write(pruning_json(done) if args.format == "json" else f"{pruning(done)}\n")
    return 1 if done.damaged else 0
