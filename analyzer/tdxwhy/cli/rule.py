"""tdxwhy rule ID: a rule's page, which is the rule file itself made readable."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tdxwhy.cli.parsing import Parser


def parser() -> argparse.ArgumentParser:
    """Return the command's own parser."""
    made = Parser(prog="tdxwhy rule", description="Show what a rule demands, why, how to satisfy it, and where it is blind.")
    made.add_argument("id", metavar="ID", nargs="+", help="such as TDX101")
    made.add_argument("--rules", metavar="DIR", type=Path, action="append", default=[], help="a folder of your own rules")
    return made


def run(args: argparse.Namespace) -> int:
    """Print the pages."""
    from tdxwhy.check.catalogue import find
    from tdxwhy.report.rule_page import page

    sys.stdout.write("\n".join(page(find(one, args.rules)) for one in args.id))
    return 0
