"""The causes that fit, best first, each with why it fits this log, and whom it blames."""

from __future__ import annotations

from typing import NamedTuple

from tdxwhy.explain.facts import Facts
from tdxwhy.explain.judgement import Judgement
from tdxwhy.know import tables
from tdxwhy.records import Cause, FoundCause, Seamcall, Topology, When

_MOST = 3
_OF_PACKAGES = "package-without-online-cpu"
_OF_CPUS = "cpu-not-initialized"


class Blame(NamedTuple):
    """The packages and CPUs that the first cause blames; empty where the log names none."""

    packages: tuple[int, ...] = ()
    cpus: tuple[int, ...] = ()


def candidates(judgement: Judgement, facts: Facts, call: Seamcall | None) -> tuple[FoundCause, ...]:
    """Return at most three causes, best first; "unknown" where something failed and no pattern fits."""
    if judgement.outcome in ("initialized", "unknown") or judgement.role == "guest":
        return ()
    found = tuple(dict.fromkeys(cause.id for seen in _seen(judgement, call) for cause in _fitting(seen, judgement)))
    modelled = tuple(e.cause for e in judgement.explanations if e.cause != "unknown")
    ids = tuple(dict.fromkeys((*found, *modelled)))[:_MOST]
    if not ids and judgement.outcome == "failed":
        ids = ("unknown",)
    return tuple(_described(id, judgement, facts) for id in ids)


def blame(first: FoundCause | None, judgement: Judgement, topology: Topology) -> Blame:
    """Return whom the first cause blames, by the model's history if it names somebody, else by the topology."""
    if first is None:
        return Blame()
    for explanation in judgement.explanations:
        if explanation.cause == first.id and (explanation.packages or explanation.cpus):
            return Blame(explanation.packages, explanation.cpus)
    lost = [package for package in topology.packages if package.cpus and not package.online]
    if first.id == _OF_PACKAGES:
        ids = tuple(package.id for package in lost if package.id is not None)
        return Blame(ids, tuple(sorted({number for package in lost for number in package.cpus})))
    if first.id == _OF_CPUS:
        return Blame((), tuple(cpu.number for cpu in topology.cpus if cpu.presence in ("offline", "never-seen")))
    return Blame()


def _seen(judgement: Judgement, call: Seamcall | None) -> tuple[When, ...]:
    status = call.status_name if call is not None and judgement.failure is not None else None
    errno = _errno(judgement)
    leaf = call.leaf if call is not None and status else None
    steps = judgement.steps or ("",)
    return tuple(When(rank=0, step=step, leaf=leaf, status=status or "", errno=None if status else errno) for step in steps)


def _fitting(seen: When, judgement: Judgement) -> tuple[Cause, ...]:
    events = judgement.attempt.events if judgement.attempt is not None else ()
    ids = frozenset(event.form.id for event in events if event.form is not None)
    return tables.causes_for(seen, judgement.facts, ids)


def _errno(judgement: Judgement) -> int | None:
    failures = judgement.attempt.failures if judgement.attempt is not None else ()
    return next((event.values["errno"] for event in reversed(failures) if isinstance(event.values.get("errno"), int)), None)


def _described(id: str, judgement: Judgement, facts: Facts) -> FoundCause:
    cause = tables.cause(id)
    told = next((e.why for e in judgement.explanations if e.cause == id and e.why), "")
    evidence = next((facts.named[when.fact] for when in cause.when if when.fact in facts.named), ())
    return FoundCause(id, cause.title, told or cause.meaning, evidence)
