"""`tdxwhy ready`: will TDX come up on this machine, before anybody tries."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tdxwhy.cli.parsing import Parser


def parser() -> argparse.ArgumentParser:
    """Return the arguments of `tdxwhy ready`."""
    made = Parser(
        prog="tdxwhy ready", description="Say what stands in TDX's way on this machine, each with its fix, and what the log would say."
    )
    made.add_argument("--root", metavar="DIR", default="/", help="a folder with copies of /proc and /sys instead of this machine")
    made.add_argument("--generation", metavar="NAME", help="the kernel generation, if the version number would mislead")
    made.add_argument("--format", choices=["text", "json"], default="text", help="how to print it")
    return made


def run(args: argparse.Namespace) -> int:
    """Report; exit 1 if something stands in the way."""
    from tdxwhy.replay.ready import ready
    from tdxwhy.report.ready_text import render

    found = ready(Path(args.root), args.generation)
    if args.format == "json":
        facts = found.facts._asdict() | {
            "topology": {"packages": len(found.facts.topology.packages), "cpus": len(found.facts.topology.cpus)}
        }
        obstacles = [one._asdict() for one in found.obstacles]
        lines = [{"level": one.level, "text": one.text} for one in found.foresight.simulation.lines]
        answer = {"schema": "tdxwhy/ready/1", "generation": found.generation, "facts": facts, "obstacles": obstacles}
        answer |= {"sentence": found.foresight.sentence, "lines": lines}
        sys.stdout.write(json.dumps(answer, indent=2) + "\n")
    else:
        sys.stdout.write(render(found))
    return 1 if any(one.severity == "error" for one in found.obstacles) else 0
