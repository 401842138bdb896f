"""Count the calls of our own functions in a run: a measure of how much happens that no other work on the machine disturbs.

    python benchmarks/calls.py                    # the runs that have a budget; exit 1 if one is over it
    python benchmarks/calls.py --top 20 log FILE  # one run, and its busiest functions

Counted are 'call' events of the package's frames, imports included. Tables are made before, as an installed package brings them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The aim for the log is 10,000; it made 17,250 before a TD's life and answers of commands were known.
# Most are the steps of its kernel's model.
BUDGETS = {
    ("gate", "samples/patches/callback.patch"): 3500,
    ("log", "samples/logs/package-without-cpu-of-16/dmesg.log"): 11200,
}
# Runs in an interpreter of its own: what it imports is part of what it counts.
_CHILD = """
import sys, collections, json, os
calls, package = collections.Counter(), sys.argv[1] + os.sep
def count(frame, event, _):
    if event == "call" and frame.f_code.co_filename.startswith(package):
        calls[frame.f_code.co_filename[len(package):] + ":" + frame.f_code.co_name] += 1
sys.setprofile(count)
from tdxwhy.cli import main
main(sys.argv[2:])
sys.setprofile(None)
sys.stderr.write(json.dumps(calls.most_common()))
"""


def counted(arguments: list[str]) -> list[tuple[str, int]]:
    """Run one command and return how often each of our functions was called, the busiest first."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "analyzer")}
    command = [sys.executable, "-c", _CHILD, str(ROOT / "analyzer" / "tdxwhy"), *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=environment)
    return [(name, int(times)) for name, times in json.loads(ran.stderr.splitlines()[-1])]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--top", type=int, default=0, help="so many of the busiest functions")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="a command of tdxwhy with its arguments")
    args = parser.parse_args()
    over = False
    for arguments, budget in {tuple(args.command): 0}.items() if args.command else BUDGETS.items():
        counted(list(arguments))  # makes the tables
        calls = counted(list(arguments))
        total = sum(times for _, times in calls)
        over |= bool(budget) and total > budget
        print(f"{total:7} calls of {len(calls)} functions: {' '.join(arguments)}" + (f" (at most {budget})" if budget else ""))
        for name, times in calls[: args.top]:
            print(f"{times:7}   {name}")
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
