"""What is said of an incident: the sentence, what to do, and what would settle it; each short, none asking for what is pasted."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tdxwhy.incident import tables
from tdxwhy.incident.cases import Case
from tdxwhy.incident.evidence import PastedEvidence
from tdxwhy.incident.nouns import NextStep
from tdxwhy.incident.rank import Ranked
from tdxwhy.incident.rows import Advice, Settle
from tdxwhy.incident.templates import filled

_SENTENCE, _ACTION, _SETTLE = 400, 300, 200
_ACTIONS, _SETTLES = 4, 3
# So much of the line itself is said where nobody says why it is printed.
_WORDS = 120
# What KVM made of a TD after a SEAMCALL failed: told, or the rule.
_GAVE_UP = ("KVM gave the TD up after a SEAMCALL failed", "as a rule KVM gives the TD up after it")


def sentence(case: Case, ranked: Ranked, values: Mapping[str, Any]) -> str:
    """Return what should have been said."""
    stage = next(stage for stage in tables.stages() if stage.id == case.stage)
    open_end = bool(stage.alone) and all(mark.sign.message.may_go_on for mark in case.marks)
    failed = stage.alone if open_end else stage.failed
    known = {"op": failed, "gave_up": _GAVE_UP[open_end], **values}
    if ranked.causes and not ranked.is_open:
        said = filled(tables.causes()[ranked.causes[0]].sentence, known)
        unsaid = [str(known[name]) for name in ("cpus", "packages") if name in known and str(known[name]) not in said]
        return _cut(said + (f" ({', '.join(unsaid)})" if unsaid else ""), _SENTENCE)
    words = f", {known['what']}" if "what" in known else f": {_cut(str(known['words']), _WORDS)}" if "words" in known else ""
    said = f"{failed if case.main.sign.known else 'a failure of TDX in words that no row knows'}{_why(case) or words}"
    if not ranked.causes:
        return _cut(f"{said}; the paste does not tell why", _SENTENCE)
    titles = [tables.causes()[id].title for id in ranked.causes]
    return _cut(f"{said}; it may be " + ", or it may be ".join(titles), _SENTENCE)


def _why(case: Case) -> str:
    main = case.main
    if main.seamcall is not None and main.seamcall.status is not None:
        status = main.seamcall.status_name or f"0x{main.seamcall.status:016x}"
        return f" ({main.seamcall.name} answered {status})"
    reason = os.strerror(-main.errno) if main.errno is not None else ""
    what = ": ".join(part for part in (main.call if "call" in main.sign.values else "", reason) if part)
    return f" ({what})" if what else ""


def actions(case: Case, ranked: Ranked, facts: frozenset[str], values: Mapping[str, Any]) -> tuple[NextStep, ...]:
    """Return what to do: of the first cause, then the first step of the next; where it is open which, what each would come to."""
    found: list[NextStep] = []
    for number, id in enumerate(ranked.causes):
        cause = tables.causes()[id]
        steps = list(_steps(cause.action, case, facts, values))
        if ranked.is_open:
            found += [NextStep(_cut(f"If it is {cause.title}: {step.text}", _ACTION), step.command) for step in steps[:1]]
            continue
        found += steps if number == 0 else steps[:1]
    unique = {step.text: step for step in found}
    return tuple(unique.values())[:_ACTIONS]


def _steps(advice: Sequence[Advice], case: Case, facts: frozenset[str], values: Mapping[str, Any]) -> Iterator[NextStep]:
    ids = [mark.sign.message.id for mark in case.marks]
    for one in advice:
        if (one.needs and one.needs not in values) or (one.lacks and one.lacks in values):
            continue
        if not (facts.issuperset(one.facts) and facts.isdisjoint(one.without)):
            continue
        if (one.component and one.component != case.main.component) or one.not_component == case.main.component:
            continue
        if one.forms and not any(id.startswith(one.forms) for id in ids):
            continue
        yield NextStep(_cut(filled(one.text, values), _ACTION), filled(one.command, values))


def settles(case: Case, ranked: Ranked, brought: set[str], facts: frozenset[str]) -> tuple[str, ...]:
    """Return what would tell the candidates apart, leaving out what the paste holds; of a settled cause only what is not known of it."""
    if not ranked.causes:
        return (next(stage.settle for stage in tables.stages() if stage.id == case.stage),)
    if not ranked.is_open:
        own = tables.causes()[ranked.causes[0]].settle
        return tuple(row.text for row in own if row.facts and facts.issuperset(row.facts) and row.brings not in brought)[:_SETTLES]
    rows: list[Settle] = []
    for place in range(4):
        for id in ranked.causes:
            own = tables.causes()[id].settle
            if place < len(own) and not own[place].facts:
                rows.append(own[place])
    found: list[str] = []
    said: set[str] = set()
    ids = [mark.sign.message.id for mark in case.marks]
    for row in rows:
        known = row.brings and (row.brings in brought or row.brings in said)
        if known or (row.forms and not any(id.startswith(row.forms) for id in ids)):
            continue
        said.add(row.brings)
        found.append(_cut(row.text, _SETTLE))
    return tuple(dict.fromkeys(found))[:_SETTLES]


def whom_settles(case: Case, evidence: PastedEvidence, named: bool) -> Iterator[str]:
    """Yield what would name the CPU or package, where a cause has one and nothing names it."""
    if not named and case.main.sign.message.kind in ("no-cpu", "last-cpu") and "cpus" not in evidence.brought:
        yield "which package and CPU: lscpu -e=CPU,SOCKET,ONLINE; cat /sys/devices/system/cpu/offline"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
