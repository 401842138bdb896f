"""`tdxwhy ready`: can this machine be a TDX host, what stands in the way, and what its log would say, before anybody tries."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tdxwhy.cli.parsing import Parser

_STATUS = {"ready": 0, "not-ready": 1, "impossible": 1, "undecided": 3}


def parser() -> argparse.ArgumentParser:
    """Return the arguments of `tdxwhy ready`."""
    made = Parser(
        prog="tdxwhy ready",
        description="Say whether this machine can be a TDX host, what stands in the way, each with its evidence and fix, and what the log "
        "would say. As root it reads more.",
    )
    made.add_argument(
        "--root",
        metavar="DIR",
        default="/",
        help="another machine's files: a copy of its /proc and /sys, a sosreport or a bundle, unpacked or not (default: this machine)",
    )
    made.add_argument("--generation", metavar="NAME", help="the kernel generation, if the version number would mislead")
    made.add_argument("--format", choices=["text", "json", "markdown"], default="text", help="how to print it")
    return made


def run(args: argparse.Namespace) -> int:
    """Report; exit 1 if something stands in the way, 3 if nobody can tell."""
    from tdxwhy.ready.examine import examine

    found = examine(Path(args.root), args.generation)
    if args.format == "markdown":
        from tdxwhy.report.ready_page import page

        sys.stdout.write(page(found))
    else:
        from tdxwhy.report.ready_text import as_json, render
        from tdxwhy.report.terminal import painter, width

        sys.stdout.write(as_json(found) if args.format == "json" else render(found, width(sys.stdout), painter()))
    return _STATUS[found.verdict]
