"""tdxwhy simulate: what a kernel would print, return and ask the module in a scenario."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tdxwhy.errors import TdxwhyError


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    made = argparse.ArgumentParser(prog="tdxwhy simulate", description="What would the kernel print?")
    made.add_argument("scenario", nargs="?", help="a scenario, TOML or JSON (reports/schema/scenario.schema.json)")
    made.add_argument("--jsonl", metavar="FILE", help="one scenario a line in, one answer a line out; - is standard input")
    made.add_argument("--format", choices=["text", "json"], default="text", help="json adds the SEAMCALL trace and the final state")
    return made


def run(args: argparse.Namespace) -> int:
    """Simulate one scenario, or one a line."""
    if (args.scenario is None) == (args.jsonl is None):
        raise TdxwhyError("simulate takes a SCENARIO or --jsonl FILE", "tdxwhy simulate --help")
    if args.jsonl is not None:
        return _stream(args.jsonl)
    answer = _answer(_load(Path(args.scenario)), whole=True)
    if args.format == "json":
        sys.stdout.write(json.dumps(answer, indent=2) + "\n")
    else:
        sys.stdout.write("".join(f"<{line['level']}>{line['text']}\n" for line in answer["lines"]))
    return 0


def _load(path: Path) -> object:
    import tomllib

    try:
        text = path.read_text(encoding="utf-8")
        return json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise TdxwhyError(f"{path}: {getattr(error, 'strerror', None) or error}") from None


def _stream(name: str) -> int:
    for number, line in enumerate(requests(name), 1):
        sys.stdout.write(json.dumps(_one(line, number)) + "\n")
    return 0


def requests(name: str) -> Iterator[str]:
    """Yield the lines of a file of requests; - is standard input."""
    if name == "-":
        yield from sys.stdin
        return
    try:
        with Path(name).open(encoding="utf-8", errors="replace") as file:
            yield from file
    except OSError as error:
        raise TdxwhyError(f"{name}: {error.strerror}") from None


def _one(line: str, number: int) -> dict[str, Any]:
    try:
        return _answer(json.loads(line), whole=False)
    except (TdxwhyError, ValueError, RecursionError) as error:
        return {"schema": "tdxwhy/simulate/1", "error": f"line {number}: {error}"}


def _answer(data: object, whole: bool) -> dict[str, Any]:
    from tdxwhy.replay.scenario import parse
    from tdxwhy.replay.simulate import simulate

    scenario = parse(data)
    done = simulate(scenario)
    lines = [{"level": one.level, "text": one.text} | ({"approximate": True} if one.approximate else {}) for one in done.lines]
    answer: dict[str, Any] = {"schema": "tdxwhy/simulate/1", "lines": lines, "returns": list(done.returns)}
    if whole:
        trace = [{"leaf": call.leaf, "cpu": call.cpu, "status": f"0x{call.status:016x}"} for call in done.trace]
        failures = [one._asdict() | {"status": None if one.status is None else f"0x{one.status:016x}"} for one in done.failures]
        answer |= {"generation": scenario.generation, "trace": trace, "failures": failures, "state": done.state}
    return answer
