"""`tdxwhy ingest`: the logs of a fleet into a store."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tdxwhy import collector
from tdxwhy.cli.ending import orderly
from tdxwhy.cli.parsing import Parser


def parser() -> argparse.ArgumentParser:
    """Return the arguments of `tdxwhy ingest`."""
    made = Parser(
        prog="tdxwhy ingest",
        description="Read the kernel logs of many boots and hosts, diagnose each, and keep the results in a store for `tdxwhy fleet`.",
    )
    made.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help="files, folders, globs, tar and zip archives, gz, xz, zst, bz2, journals as json or export, s3://bucket/prefix; - for stdin",
    )
    made.add_argument("--store", metavar="DIR", type=Path, required=True, help="the store, made if it is not there")
    made.add_argument("--host", metavar="NAME", default="", help="the host of all these logs")
    made.add_argument("--pattern", metavar="PATH", default="", help="where a path says host and time, as in '{host}/{date}/*.log'")
    made.add_argument("--jobs", metavar="N", type=int, default=0, help="processes to use (default: one for each processor)")
    made.add_argument("--engine", choices=["local", "dask"], default="local", help="who does the work")
    made.add_argument("--scheduler", metavar="ADDRESS", default="", help="the scheduler of --engine dask, such as tcp://head:8786")
    made.add_argument("--format", choices=["text", "json"], default="text", help="how the summary is printed")
    made.add_argument("--quiet", action="store_true", help="no progress")
    return made


def run(args: argparse.Namespace) -> int:
    """Ingest and print the summary; 2 if a named source could not be read, 3 if there was no boot in any."""
    collector.pause()
    from tdxwhy.errors import TdxwhyError
    from tdxwhy.fleet.ingest import IngestRequest, ingest
    from tdxwhy.report.ingest_text import as_json, as_text
    from tdxwhy.report.progress import bar

    if (args.engine == "dask") != bool(args.scheduler):
        raise TdxwhyError("--engine dask and --scheduler belong together")
    if args.jobs < 0:
        raise TdxwhyError("--jobs counts processes")
    request = IngestRequest(tuple(args.sources), args.store, args.pattern, args.host, args.jobs, args.scheduler)
    with orderly(), bar(sys.stderr, args.quiet) as tell:
        summary = ingest(request, tell)
    sys.stdout.write(as_json(summary) if args.format == "json" else as_text(summary))
    named = set(args.sources) | {Path(one).name for one in args.sources}
    if any(one.name in named for one in summary.unread):
        return 2
    return 0 if summary.boots or summary.known else 3
