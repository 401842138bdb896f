"""tdxwhy replay: a log against the reference model."""

from __future__ import annotations

import argparse
import json
import sys

from tdxwhy.cli.simulate import requests
from tdxwhy.errors import NothingToJudge, TdxwhyError
from tdxwhy.records import Explanation, Verdict


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    made = argparse.ArgumentParser(prog="tdxwhy replay", description="Which histories can have printed this log?")
    made.add_argument("log", nargs="?", help="a kernel log")
    made.add_argument("--jsonl", metavar="FILE", help="one request a line in, one answer a line out; - is standard input")
    made.add_argument("--generation", metavar="NAME", help="the kernel generation, if it is known")
    made.add_argument("--complete", action="store_true", help="every line that this kernel printed about TDX is there")
    made.add_argument("--format", choices=["text", "json"], default="text")
    return made


def run(args: argparse.Namespace) -> int:
    """Replay one log, or one a line."""
    if (args.log is None) == (args.jsonl is None):
        raise TdxwhyError("replay takes a LOG or --jsonl FILE", "tdxwhy replay --help")
    if args.jsonl is not None:
        return _stream(args.jsonl, args.generation)
    return _one(args)


def _one(args: argparse.Namespace) -> int:
    from tdxwhy.replay.answers import as_json, parse_log
    from tdxwhy.replay.engine import replay_log

    verdict = replay_log(parse_log("".join(requests(args.log))), None, args.complete, args.generation)
    if args.format == "json":
        sys.stdout.write(json.dumps(as_json(verdict), indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(shown(verdict)) + "\n")
    if not verdict.total:
        raise NothingToJudge(f"{args.log}: no line about TDX")
    return 1 if verdict.verdict == "diverges" or verdict.outcome == "failed" else 3 if verdict.outcome == "unknown" else 0


def _stream(name: str, generation: str | None) -> int:
    from tdxwhy.replay.answers import answer

    for number, line in enumerate(requests(name), 1):
        sys.stdout.write(answer(line, number, generation) + "\n")
    return 0


def shown(verdict: Verdict) -> list[str]:
    """Return a verdict as lines of text."""
    lines = [f"{verdict.verdict}: {verdict.consumed} of {verdict.total} lines fit Linux {verdict.generation}; outcome {verdict.outcome}"]
    place = verdict.diverged_at
    if place is not None:
        lines.append(f"line {place.line} cannot come here: {place.text}" if place.text else f"line {place.line}: the log ends too early")
        lines += [f"  could have come: {text}" for text in place.expected]
        lines += [f"  would explain it: {text}" for text in place.repair]
    lines += [f"{number}. {_history(one)}" for number, one in enumerate(verdict.explanations, 1)]
    return lines + [f"would settle it: {text}" for text in verdict.settles]


def _history(one: Explanation) -> str:
    errno = f" (errno {one.errno})" if one.errno is not None else ""
    return f"{one.why}{errno} [{one.cause}]"
