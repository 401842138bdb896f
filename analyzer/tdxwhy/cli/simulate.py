"""`tdxwhy simulate`: what a kernel would print, return and ask the module in a scenario, or on a machine as it stands."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from tdxwhy.errors import RulesError, TdxwhyError, reason
from tdxwhy.files import reading
from tdxwhy.hints import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

# Characters of a request or of a scenario.
_MOST = 16 << 20


def parser() -> ArgumentParser:
    """Return the arguments of `tdxwhy simulate`."""
    from tdxwhy.cli.parsing import Parser

    made = Parser(prog="tdxwhy simulate", description="Say what a kernel would print in a scenario, or on a machine with this topology.")
    what = made.add_mutually_exclusive_group(required=True)
    what.add_argument("scenario", nargs="?", metavar="SCENARIO", help="TOML or JSON; reports/schema/scenario.schema.json describes it")
    what.add_argument("--topology", metavar="FILE", help="a real machine: output of lscpu -J -e, a copy of /sys/devices/system/cpu")
    what.add_argument("--jsonl", metavar="FILE", help="one scenario a line in, one answer a line out; - is standard input")
    made.add_argument("--generation", metavar="NAME", help="the kernel, instead of the scenario's own; the newest for --topology")
    made.add_argument("--packages", metavar="N", type=int, default=8, help="package ids that the module takes, for --topology (default: 8)")
    made.add_argument("--format", choices=["text", "json"], default="text", help="json adds the SEAMCALL trace and the final state")
    return made


def run(args: Namespace) -> int:
    """Simulate one scenario, one a line, or a real machine."""
    if args.jsonl is not None:
        return _stream(args.jsonl)
    if args.topology is not None:
        return _machine(args)
    data = load(Path(args.scenario))
    if args.generation and isinstance(data, dict):
        data["generation"] = args.generation
    try:
        answer = _answer(data, whole=True)
    except RulesError:  # of another file than the scenario
        raise
    except TdxwhyError as error:
        raise TdxwhyError(f"{args.scenario}: {error.message}", error.hint) from None
    if args.format == "json":
        sys.stdout.write(json.dumps(answer, indent=2) + "\n")
    else:
        sys.stdout.write("".join(f"<{line['level']}>{line['text']}\n" for line in answer["lines"]))
    return 0


def _machine(args: Namespace) -> int:
    from tdxwhy.know.topology import topology
    from tdxwhy.read.host.sidecar import read_sidecar
    from tdxwhy.ready.examine import why_no_host
    from tdxwhy.replay.forecast import foresee, generation_named, generation_of

    kernel = generation_named(args.generation) if args.generation else generation_of(None)
    why = why_no_host(Path(args.topology))
    if why:
        told = f"nothing to simulate: {why}"
        as_json = json.dumps({"schema": "tdxwhy/simulate/1", "error": told}, indent=2)
        sys.stdout.write((as_json if args.format == "json" else told) + "\n")
        return 1
    seen = foresee(
        topology((), read_sidecar(Path(args.topology))),
        kernel.name,
        {"max_packages": args.packages},
    )
    if args.format == "json":
        sys.stdout.write(json.dumps(_answer(seen.scenario, whole=True), indent=2) + "\n")
    else:
        sys.stdout.write("".join(f"<{one.level}>{one.text}\n" for one in seen.simulation.lines))
        sys.stdout.write(f"where firmware, kernel and module are fit, which a list of CPUs does not tell: {seen.sentence}\n")
    return 1 if seen.simulation.failures else 0


def load(path: Path) -> object:
    """Read a TOML or JSON file."""
    from tdxwhy.files import read_bytes

    try:
        text = read_bytes(path, _MOST).decode("utf-8")
    except UnicodeDecodeError as error:
        raise TdxwhyError(f"{path}: {error}") from None
    return parsed(text, str(path), path.suffix == ".json" or text.lstrip().startswith("{"))


def parsed(text: str, name: str, as_json: bool) -> object:
    """Return what a TOML or JSON text says."""
    from tdxwhy.files import toml

    try:
        return json.loads(text) if as_json else toml(text)
    except (ValueError, RecursionError) as error:
        raise TdxwhyError(f"{name}: {error}") from None


def _stream(name: str) -> int:
    for number, line in enumerate(requests(name), 1):
        sys.stdout.write(json.dumps(_one(line, number)) + "\n")
    return 0


# With which some editors begin a file.
_MARK = "\ufeff"


def requests(name: str) -> Iterator[str]:
    """Yield the lines of a file of requests, of one beyond 16 Mi characters its beginning; - is standard input."""
    if name == "-":
        yield from _lines(sys.stdin)
        return
    try:
        with io.TextIOWrapper(reading(name), encoding="utf-8", errors="replace") as file:
            yield from _lines(file)
    except OSError as error:
        raise TdxwhyError(f"{name}: {reason(error)}") from None


def _lines(file: TextIO) -> Iterator[str]:
    while line := file.readline(_MOST):
        yield line.removeprefix(_MARK)
        while len(line) == _MOST and not line.endswith("\n"):
            line = file.readline(_MOST)


def _one(line: str, number: int) -> dict[str, Any]:
    from tdxwhy.replay.answers import told

    try:
        return _answer(json.loads(line), whole=False)
    except Exception as error:  # noqa: BLE001 - no request ends those behind it
        return {"schema": "tdxwhy/simulate/1", "error": f"line {number}: {told(error)}"}


def _answer(data: object, whole: bool) -> dict[str, Any]:
    from tdxwhy.replay.scenario import parse
    from tdxwhy.replay.simulate import simulate

    scenario = parse(data)
    done = simulate(scenario)
    lines = [{"level": one.level, "text": one.text} | ({"approximate": True} if one.approximate else {}) for one in done.lines]
    answer: dict[str, Any] = {"schema": "tdxwhy/simulate/1", "lines": lines, "returns": list(done.returns)}
    if whole:
        from tdxwhy.replay.forecast import sentence_of

        trace = [{"leaf": call.leaf, "cpu": call.cpu, "status": f"0x{call.status:016x}"} for call in done.trace]
        failures = [one._asdict() | {"status": None if one.status is None else f"0x{one.status:016x}"} for one in done.failures]
        answer |= {
            "generation": scenario.generation,
            "trace": trace,
            "failures": failures,
            "state": done.state,
            "sentence": sentence_of(data),
        }
    return answer
