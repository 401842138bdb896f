"""An examination as text, with what stands in the way first, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from tdxwhy.ready.examine import CheckAnswer, Examination, checklist
from tdxwhy.report.log_text import wrap
from tdxwhy.report.terminal import Painter, safe

SCHEMA = "tdxwhy/ready/1"
_LABEL = 10
_WRONG = ("impossible", "error", "warning")
_PAINT = {"impossible": "bad", "error": "bad", "warning": "unsure", "unknown": "unsure", "up": "good", "ok": "quiet"}
_VERDICT = {"impossible": "bad", "not-ready": "bad", "undecided": "unsure", "ready": "good"}


def render(found: Examination, columns: int, paint: Painter) -> str:
    """Return the verdict, what stands in the way with its fix, what is in order, and what the model says of an attempt."""
    return "".join(f"{line}\n" for line in _lines(found, columns, paint))


def _lines(found: Examination, columns: int, paint: Painter) -> Iterator[str]:
    yield paint("quiet", safe(heading(found)))
    for line in wrap(safe(f"{found.sentence[:1].upper()}{found.sentence[1:]}."), columns, "  "):
        yield paint(_VERDICT[found.verdict], line)
    wrong = [one for one in found.answers if one.status in _WRONG]
    for one in wrong:
        yield from _wrong(one, columns, paint)
    if any(one.checklist for one in wrong):
        yield from _checklist(found, columns)
    yield from _rest(found, columns, paint)
    if found.foresight is not None and found.foresight.simulation.failures:
        yield from (safe(f"  {line.text}") for line in found.foresight.simulation.lines)


def heading(found: Examination) -> str:
    """Return the line that names the machine and its kernel."""
    value = found.facts.value
    kernel = f"Linux {value('release')}, followed as {found.generation}" if value("release") else ""
    return " · ".join(part for part in (found.root, value("board") or value("maker"), kernel) if part)


def _wrong(one: CheckAnswer, columns: int, paint: Painter) -> Iterator[str]:
    label = f"{one.status}: "
    first, *more = wrap(safe(f"{label}{one.says} [{one.sure}]"), columns, "  ")
    yield paint(_PAINT[one.status], label.rstrip()) + first[len(label) - 1 :]
    yield from more
    for fact in one.evidence:
        yield f"  evidence  {safe(fact.source)}: {safe(fact.quote)}"
    if one.fix:
        yield from wrap(safe(f"  fix: {one.fix}"), columns, "    ")
    if one.command:
        yield f"    $ {safe(one.command)}"


def _checklist(found: Examination, columns: int) -> Iterator[str]:
    yield "firmware set-up, in this order, with a reboot between; stop at the first that is wrong:"
    for number, step in enumerate(checklist(), 1):
        yield from wrap(f"  {number:2}. {step}", columns, "      ")
    if found.path:
        yield from wrap(safe(f"  {found.path}"), columns, "      ")


def _rest(found: Examination, columns: int, paint: Painter) -> Iterator[str]:
    """Yield what is in order and what could not be seen, by group."""
    rest = [one for one in found.answers if one.status not in _WRONG]
    for group, members in groupby(rest, key=lambda one: one.check.group):
        yield f"{group}:"
        for one in members:
            for number, line in enumerate(wrap(safe(one.says), columns - _LABEL)):
                yield paint(_PAINT[one.status], f"  {'' if number else one.status:{_LABEL - 2}}") + line
            if one.command:
                yield f"{'':{_LABEL}}  $ {safe(one.command)}"


def as_json(found: Examination) -> str:
    """Return the document; reports/schema/ready.schema.json describes it."""
    topology = {"packages": len(found.topology.packages), "cpus": len(found.topology.cpus)}
    facts: dict[str, Any] = {name: fact._asdict() for name, fact in sorted(found.facts.found.items())}
    lines = [] if found.foresight is None else [{"level": one.level, "text": one.text} for one in found.foresight.simulation.lines]
    answer = {
        "schema": SCHEMA,
        "root": found.root,
        "verdict": found.verdict,
        "generation": found.generation,
        "sentence": found.sentence,
        "obstacles": [one._asdict() for one in found.obstacles],
        "checks": list(map(_check, found.answers)),
        "facts": facts,
        "topology": topology,
        "firmware": list(checklist()) if any(one.checklist for one in found.answers) else [],
        "foreseen": None if found.foresight is None else found.foresight.sentence,
        "lines": lines,
    }
    return json.dumps(answer, indent=2) + "\n"


def _check(one: CheckAnswer) -> dict[str, Any]:
    return {
        "id": one.check.id,
        "group": one.check.group,
        "title": one.check.title,
        "status": one.status,
        "says": one.says,
        "evidence": [{"source": fact.source, "quote": fact.quote} for fact in one.evidence],
        "fix": one.fix or None,
        "command": one.command or None,
        "sure": one.sure,
        "cause": one.cause or None,
        "source": one.source,
    }
