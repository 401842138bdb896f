"""`tdxwhy log --follow`: findings as they come."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tdxwhy.check.catalogue import rules_of
from tdxwhy.check.logs import judged
from tdxwhy.cli.complaints import complain
from tdxwhy.cli.ending import TERMINATED, Terminated, between
from tdxwhy.errors import TdxwhyError
from tdxwhy.explain.follow import BootReport, Watch
from tdxwhy.read.follow import KMSG, Follower
from tdxwhy.read.lines import LineReader
from tdxwhy.records import Topology
from tdxwhy.report.json_text import json_text

# Stands among outcomes for an incident.
INCIDENT = "incident"
# While lines come without a pause, news waits no longer than this.
_PATIENCE = 2.0


def run(args: argparse.Namespace, sidecar: Topology | None) -> int:
    """Follow one source, the kernel's own buffer by default; at its end 1 if anything failed, 3 if nothing was told."""
    if len(args.files) > 1:
        raise TdxwhyError("--follow follows one log")
    if args.format not in ("text", "json", "journal"):
        raise TdxwhyError("--follow prints text or json lines, or writes to the journal")
    name = args.files[0] if args.files else str(KMSG)
    follower = Follower(None if name == "-" else Path(name))
    outcomes: set[str] = set()
    rules = rules_of(only=("log",))
    watch = Watch(lambda boot: judged(boot, follower.name, sidecar, rules))
    try:
        with between() as ending:
            follow(follower, watch, _teller(args.format, outcomes), ending)
            ended = TERMINATED if ending() else 0
    except Terminated:
        ended = TERMINATED
    except KeyboardInterrupt:
        ended = 0
    for loss in follower.losses:
        complain(f"{loss.place.source}: {loss.what}")
    failures = {"init": {"failed"}, "incident": {INCIDENT}, "never": set()}.get(args.fail_on, {"failed", INCIDENT})
    return ended or (1 if outcomes & failures else 0 if outcomes else 3)


def follow(follower: Follower, watch: Watch, tell: Callable[[Iterable[BootReport]], None], ending: Callable[[], bool]) -> None:
    """Read until the end, or until it is `ending`; tell when the lines pause, when a boot ends, and at the end, however that comes."""
    reader, number, told = LineReader(follower.name), 0, time.monotonic()
    try:
        for block in follower:
            for raw in block:
                number += 1
                for item in reader.take(number, raw.decode("utf-8", "replace").rstrip("\r")):
                    tell(watch.take(item))
            if not block or time.monotonic() - told > _PATIENCE:
                tell(watch.news())
                told = time.monotonic()
            if ending():
                break
    finally:
        for item in reader.finish():
            tell(watch.take(item))
        tell(watch.news(last=True))


def _teller(form: str, outcomes: set[str]) -> Callable[[Iterable[BootReport]], None]:
    from tdxwhy.report.log_json import live
    from tdxwhy.report.log_text import brief

    def tell(news: Iterable[BootReport]) -> None:
        for one in news:
            outcomes.add(one.diagnosis.outcome)
            if one.incidents:
                outcomes.add(INCIDENT)
            if form == "journal":
                from tdxwhy.report.journal import send

                send(one)
            elif form == "json":
                sys.stdout.write(json_text(live(one)))
            else:
                sys.stdout.write(brief(one.diagnosis, one.incidents))
            sys.stdout.flush()

    return tell
