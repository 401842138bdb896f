"""The sentence that tdxwhy says a kernel should have printed, read back: which step failed, why, which packages and CPUs, in which state.

`explain/sentence.py` writes it, of the same rows: how a step's failure begins, and what each cause says.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from tdxwhy.digits import whole
from tdxwhy.know import tables
from tdxwhy.know.decode import leaf_named
from tdxwhy.know.rows import Cause
from tdxwhy.lazy import lazy
from tdxwhy.ranges import numbers

_LIST = r"\d{1,5}(?:-\d{1,5})?(?:(?:, ?| and |, and )\d{1,5}(?:-\d{1,5})?){0,512}"
# Accepted form: what a subsystem puts before its lines, then the sentence, then the call and its status in brackets.
_PREFIX = lazy(r"(?:[\w./-]{1,32}: ){0,3}")
_CALL = lazy(r" \((?P<leaf>TDH[\w.]{4,40}): .{1,120}\)\.?$")
_WHERE = r"(?: on CPU (?P<cpu>\d{1,5})(?: of package (?P<on>\d{1,4}))?)?"
_PLACES = {
    "packages": rf"(?:packages? (?P<packages>{_LIST})|a package that no line names)",
    "cpus": rf"(?:: CPUs? (?P<cpus>{_LIST}) (?P<state>offline|never came online))?",
    "named": rf"(?:CPUs? (?P<named>{_LIST}) (?:is|are) |a CPU is )",
    "detail": r".{0,160}?",
}
# What the kernel itself said beyond it, in its own words or as an errno.
_TAIL = r"(?:: .{1,400}| \(-\d{1,4} E\w{1,20}\))?$"
_STATES = lazy(r" (?:offline|never came online) or ")
_HOLE = re.compile(r"\{(\w+)\}")


def own_sentence(text: str) -> dict[str, Any] | None:
    """Return what the sentence says by the names that forms use; None of any other text.

    `step` failed, of `causes` in their order; `packages` and `cpus` are tuples, `presence` the state of the CPUs; `cpu` is where it failed,
    `on` which package.
    """
    begin = _PREFIX.match(text)
    head = _heads().match(text, begin.end() if begin is not None else 0)
    if head is None:
        return None
    call = _CALL.search(text, head.end())
    said = text[head.end() : call.start() if call is not None else len(text)].rstrip(".")
    found: dict[str, Any] = {"outcome": "failure", "causes": ()}
    for clause in _clauses_of(said):
        _take(clause, found)
    if not found["causes"]:
        return None
    step = next((step.id for step in tables.step_rows() if step.failure.lower() == head["failed"].lower()), None)
    leaf = leaf_named(call["leaf"]) if call is not None else None
    told = {"step": step, "leaf": leaf, "cpu": _number(head["cpu"]), "on": _number(head["on"])}
    return found | {name: value for name, value in told.items() if value is not None}


def _number(text: str | None) -> int | None:
    return whole(text)


def _clauses_of(said: str) -> list[str]:
    """Part the alternatives; what follows a colon may hold the word too, in the kernel's own sentence."""
    before, colon, after = said.partition(": ")
    *first, last = before.split(" or ")
    return [*first, f"{last}{colon}{after}"] if " or " not in after or not _STATES.search(after) else said.split(" or ")


@cache
def _heads() -> re.Pattern[str]:
    failures = sorted((tables.FAILED_SOMEWHERE, *(step.failure for step in tables.step_rows())), key=len, reverse=True)
    return re.compile(rf"(?P<failed>{'|'.join(map(re.escape, failures))}){_WHERE}, ", re.IGNORECASE)


@cache
def _clauses() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((cause.id, re.compile(_expression(cause), re.IGNORECASE)) for cause in tables.causes())


def _expression(cause: Cause) -> str:
    parts = _HOLE.split(cause.sentence or cause.title)
    return "".join(_PLACES.get(part, ".{0,160}?") if place % 2 else re.escape(part) for place, part in enumerate(parts)) + _TAIL


def _take(clause: str, found: dict[str, Any]) -> None:
    for cause, pattern in _clauses():
        match = pattern.match(clause)
        if match is None:
            continue
        groups = match.groupdict()
        found["causes"] = (*found["causes"], cause)
        packages, cpus = _numbers(groups.get("packages")), _numbers(groups.get("cpus") or groups.get("named"))
        if packages:
            found["packages"] = tuple(dict.fromkeys((*found.get("packages", ()), *packages)))
        if cpus:
            found["cpus"] = tuple(dict.fromkeys((*found.get("cpus", ()), *cpus)))
        if groups.get("state"):
            found["presence"] = "offline" if groups["state"] == "offline" else "never-seen"
        return


def _numbers(text: str | None) -> tuple[int, ...]:
    return numbers(text.replace(" and ", ", ").replace(",,", ",")) if text else ()
