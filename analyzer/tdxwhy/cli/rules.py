"""tdxwhy rules list|test|coverage: what the rules are, whether their examples hold, and how much of them is tried."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tdxwhy.cli.parsing import AnyOrder
from tdxwhy.ranges import counted

if TYPE_CHECKING:
    from tdxwhy.check.rules import Rule


def parser() -> argparse.ArgumentParser:
    """Return the command's own parser."""
    made = AnyOrder(prog="tdxwhy rules", description="List the rules, run their examples, or say how much of them is tried.")
    made.add_argument("action", choices=("list", "test", "coverage"), help="list them, run their examples, or count what is tried")
    made.add_argument("prefix", nargs="*", metavar="PREFIX", help="rules whose id starts so; all without one")
    made.add_argument("--rules", metavar="DIR", type=Path, action="append", default=[], help="a folder of your own rules")
    made.add_argument("--format", choices=("text", "json"), default="text", help="how to print it")
    return made


def run(args: argparse.Namespace) -> int:
    """Do what was asked; 1 where an example does not hold."""
    from tdxwhy.check.catalogue import chosen, with_examples

    rules = chosen(with_examples(args.rules), args.prefix)
    return {"list": _list, "test": _test, "coverage": _coverage}[args.action](rules, args.format == "json")


def _list(rules: Sequence[Rule], as_json: bool) -> int:
    if as_json:
        import json

        fields = ("id", "title", "subject", "severity", "precision", "status", "source")
        sys.stdout.write(json.dumps([{name: getattr(rule, name) for name in fields} for rule in rules], indent=1) + "\n")
    else:
        sys.stdout.writelines(f"{rule.id}  {rule.severity:8}{rule.precision:8}{rule.subject:12}{rule.title}\n" for rule in rules)
    return 0


def _test(rules: Sequence[Rule], as_json: bool) -> int:
    from tdxwhy.check.examples import try_rule

    tried = [one for rule in rules for one in try_rule(rule)]
    failed = [one for one in tried if one.why]
    if as_json:
        import json

        sys.stdout.write(json.dumps([one._asdict() for one in tried], indent=1) + "\n")
    else:
        sys.stdout.writelines(f"{one.rule} example {one.number}: {one.why}\n" for one in failed)
        sys.stdout.write(f"{counted(len(tried), 'example')} of {counted(len(rules), 'rule')}, {len(failed)} failed\n")
    return 1 if failed else 0


def _coverage(rules: Sequence[Rule], as_json: bool) -> int:
    from tdxwhy.check.examples import coverage

    rows = coverage(rules)
    whole = [rule for rule, bad, good in rows if bad and good and bad + good == len(rule.example)]
    percent = 100 * len(whole) // len(rows) if rows else 0
    if as_json:
        import json

        found = [{"rule": rule.id, "bad": bad, "good": good, "examples": len(rule.example)} for rule, bad, good in rows]
        sys.stdout.write(json.dumps({"coverage": percent, "rules": found}, indent=1) + "\n")
    else:
        sys.stdout.writelines(f"{rule.id}  bad {bad}, good {good} of {len(rule.example)} examples hold\n" for rule, bad, good in rows)
        sys.stdout.write(f"coverage {percent} % ({len(whole)} of {counted(len(rows), 'rule')})\n")
    return 0 if len(whole) == len(rows) else 1
