"""`tdxwhy explain`: a page on a step, cause, stage, parameter, status, leaf, rule, kernel, firmware option or term that a report names."""

from __future__ import annotations

import argparse
import sys

from tdxwhy.cli.parsing import Parser
from tdxwhy.report.explained import render


def parser() -> argparse.ArgumentParser:
    """Return the arguments of `tdxwhy explain`."""
    made = Parser(prog="tdxwhy explain", description="Explain what a report names: what it means, looks like, how to tell it, what to do.")
    made.add_argument(
        "names",
        nargs="+",
        metavar="NAME",
        help="a step, cause, stage, parameter, status, leaf, errno, rule, kernel release, firmware option or term, such as PAMT",
    )
    return made


def run(args: argparse.Namespace) -> int:
    """Print a page for each name; an unknown one is answered with the nearest that are known."""
    from tdxwhy.cli.pages import pages_on

    found = [pages for name in args.names for pages in pages_on(name)]
    sys.stdout.write("\n".join(map(render, found)))
    return 0
