"""`tdxwhy replay`: a log, or a SEAMCALL trace, against the reference model."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

from tdxwhy.cli.inputs import sidecar_of
from tdxwhy.cli.simulate import load, parsed, requests
from tdxwhy.errors import NothingToJudge, TdxwhyError, reason
from tdxwhy.files import reading
from tdxwhy.hints import TYPE_CHECKING
from tdxwhy.records import BootRecords, Topology
from tdxwhy.replay.nouns import Verdict

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

_HEAD = 4096


def parser() -> ArgumentParser:
    """Return the arguments of `tdxwhy replay`."""
    from tdxwhy.cli.parsing import Parser

    made = Parser(
        prog="tdxwhy replay",
        description="Follow every history that can have printed a log, and say what they share, or which line none of them can print.",
    )
    made.add_argument(
        "log", nargs="?", metavar="LOG", help="a kernel log in any form, or a trace as `tdxwhy simulate --format json` prints it"
    )
    made.add_argument(
        "--topology", metavar="FILE", help="output of lscpu -J -e, a copy of /sys/devices/system/cpu, or an unpacked sosreport"
    )
    made.add_argument("--generation", metavar="NAME", help="the kernel generation, if it is known (`tdxwhy model` lists them)")
    made.add_argument("--complete", action="store_true", help="every line that this kernel printed about TDX since boot is there")
    made.add_argument("--format", choices=["text", "json"], default="text", help="how to print it")
    made.add_argument("--jsonl", metavar="FILE", help="one request a line in, one answer a line out; - is standard input")
    return made


def run(args: Namespace) -> int:
    """Replay one log, or one a line."""
    if (args.log is None) == (args.jsonl is None):
        raise TdxwhyError("replay takes a LOG or --jsonl FILE", "tdxwhy replay --help")
    if args.jsonl is not None:
        return _stream(args.jsonl, args.generation)
    verdicts = list(_verdicts(args))
    if args.format == "json":
        from tdxwhy.replay.answers import as_json

        sys.stdout.write(json.dumps([as_json(one) for one in verdicts], indent=2) + "\n")
    else:
        from tdxwhy.report.verdict_text import render

        sys.stdout.write("\n".join(render(one) for one in verdicts))
    if not any(one.total for one in verdicts):
        raise NothingToJudge(f"{args.log}: no line about TDX")
    return max(map(_status, verdicts))


def _status(verdict: Verdict) -> int:
    if verdict.verdict == "diverges" or verdict.outcome == "failed":
        return 1
    return 0 if verdict.outcome != "unknown" else 3


def _stream(name: str, generation: str | None) -> int:
    from tdxwhy.replay.answers import answer

    for number, line in enumerate(requests(name), 1):
        sys.stdout.write(answer(line, number, generation) + "\n")
    return 0


def _verdicts(args: Namespace) -> Iterator[Verdict]:
    """Yield a verdict for each boot of the log that says something of TDX, at least one."""
    from tdxwhy.read.log import read_boots

    piped = args.log == "-"
    head = _head(args.log)
    if b'"trace"' in head or b'"tdxwhy/simulate/' in head:
        from tdxwhy.replay.trace import replay_trace

        yield replay_trace(parsed(sys.stdin.read(), "stdin", as_json=True) if piped else load(Path(args.log)), args.generation)
        return
    reader = read_boots(sys.stdin.buffer if piped else Path(args.log), "stdin" if piped else args.log)
    sidecar = sidecar_of(args.topology)
    found = [verdict_of(boot, sidecar, args.complete, args.generation) for boot in reader] or [
        Verdict("undecided", "unknown", args.generation, 0, 0, None, ())
    ]
    telling = [one for one in found if one.total]
    yield from telling or found[-1:]


def _head(name: str) -> bytes:
    """Return how an input begins if that is how a JSON object begins: a trace says so there, and `dmesg --json` does not."""
    try:
        if name == "-":
            head = sys.stdin.buffer.peek(_HEAD) if isinstance(sys.stdin.buffer, BufferedReader) else b""
        else:
            with reading(name) as file:
                head = file.read(_HEAD)
    except OSError as error:
        raise TdxwhyError(f"{name}: {reason(error)}") from None
    return head if head.lstrip().startswith(b"{") else b""


def verdict_of(boot: BootRecords, sidecar: Topology | None, complete: bool, generation: str | None) -> Verdict:
    """Replay one boot's log, on the CPUs that its lines and the sidecar tell."""
    from tdxwhy.know.recognise import Recogniser
    from tdxwhy.replay.engine import LogLine, replay_log

    lines = [LogLine(record.text, record.level, record.place.line or 0) for record in boot.records]
    events = list(Recogniser().events(boot.records))
    from tdxwhy.know.topology import topology

    return replay_log(lines, topology(events, sidecar), complete, generation)
