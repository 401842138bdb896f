"""Compare the processor time of this tree with another commit's, side by side: exit 1 if a row takes over 5 % more.

    python benchmarks/check.py [--base main] [--rounds 11] [--only NAME ...]

Each round runs every row on both trees, one after the other, and the median of the rounds' ratios counts: what else the machine does
slows both. A ratio of one run says nothing, and a loaded machine wants more rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import lines

import replay

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "samples"
ALLOWED = 1.05
SIZE, BOOTS = 1_500_000, 700


def starts() -> Iterator[tuple[str, list[str]]]:
    """Yield the name and the arguments of commands that have next to nothing to do."""
    yield "log", ["log", str(SAMPLES / "logs/package-without-cpu-of-16/dmesg.log")]
    yield "gate", ["gate", str(SAMPLES / "patches/callback.patch")]
    yield "decode", ["decode", "0xc000092100000122"]
    yield "simulate", ["simulate", str(SAMPLES / "scenarios/package-12-of-16-large-module.toml")]
    yield "replay", ["replay", str(SAMPLES / "logs/sys-rd-module-too-old/dmesg.log")]
    yield "review", ["review", str(SAMPLES / "threads/who-guarantees/thread.mbox")]


def rows(work: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the name and the arguments of each row."""
    yield from ((f"start of {name}", arguments) for name, arguments in starts())
    for kind in lines.KINDS:
        path = work / f"{kind}.log"
        path.write_bytes(lines.made(kind, SIZE))
        yield f"log, {kind}", ["log", str(path)]
    for name, repeats in (("replay, distinct", 1), ("replay, each eight times", 8)):
        path = work / f"{repeats}.jsonl"
        path.write_text("".join(json.dumps(one) + "\n" for one in replay.distinct(BOOTS, repeats)))
        yield name, ["replay", "--jsonl", str(path)]


def seconds(tree: Path, command: list[str]) -> float:
    """Return the processor time of one run on a tree."""
    environment = {**os.environ, "PYTHONPATH": str(tree / "analyzer"), "PYTHONDONTWRITEBYTECODE": ""}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ran.returncode not in (0, 1, 3):
        raise SystemExit(f"{' '.join(command)}: exit status {ran.returncode}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", default="main", help="the commit to compare with")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--only", nargs="*", help="rows whose names begin so")
    args = parser.parse_args()
    slower = False
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "base"
        subprocess.run(["git", "-C", ROOT, "worktree", "add", "--quiet", "--detach", base, args.base], check=True)
        try:
            for name, arguments in rows(Path(folder)):
                if args.only and not name.startswith(tuple(args.only)):
                    continue
                command = [sys.executable, "-m", "tdxwhy", *arguments]
                pairs = [(seconds(base, command), seconds(ROOT, command)) for _ in range(args.rounds + 1)][1:]
                ratio = statistics.median(here / there for there, here in pairs)
                slower |= ratio > ALLOWED
                fastest = min(here for _, here in pairs)
                print(f"{ratio:6.3f} x  {fastest * 1000:7.1f} ms  {name}{'  SLOWER' if ratio > ALLOWED else ''}", flush=True)
        finally:
            subprocess.run(["git", "-C", ROOT, "worktree", "remove", "--force", base], check=True)
    return int(slower)


if __name__ == "__main__":
    sys.exit(main())
