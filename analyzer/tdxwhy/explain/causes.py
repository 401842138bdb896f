"""The causes that fit, best first, each with why it fits this log, and whom it blames."""

from __future__ import annotations

from collections.abc import Sequence

from tdxwhy.explain.facts import BootFacts, evidence_of
from tdxwhy.explain.judgement import Judgement
from tdxwhy.explain.nouns import FoundCause, Seamcall
from tdxwhy.explain.outcome import meaning
from tdxwhy.hints import Any
from tdxwhy.know import tables
from tdxwhy.know.offline import Whom, whom
from tdxwhy.know.recognise import form_of
from tdxwhy.know.rows import When
from tdxwhy.records import Event, Topology

_MOST = 3
_QUOTED = 4


def candidates(judgement: Judgement, facts: BootFacts, call: Seamcall | None, events: Sequence[Event]) -> tuple[FoundCause, ...]:
    """Return at most three causes, best first; "unknown" where something failed and no pattern fits."""
    if judgement.outcome == "initialized" and judgement.refused_by_kvm:
        return (_described("kvm-refused", facts, ())._replace(evidence=judgement.refused_by_kvm),)
    if judgement.outcome == "initialized" or (judgement.outcome == "unknown" and not judgement.stated):
        return ()
    telling = _telling(judgement, events)
    ids_of_forms = frozenset(form.id for event in telling if (form := form_of(event)) is not None)
    fitting = (cause for seen in _seen(judgement, call) for cause in tables.causes_for(seen, judgement.facts, ids_of_forms))
    said = tuple(cause for event in telling for cause in event.values.get("causes", ()))
    found = said or _likely(tuple(dict.fromkeys(cause.id for cause in fitting)), facts)
    if _names_a_lost_package(judgement):
        found = tuple(sorted(found, key=lambda id: tables.cause(id).blames != "packages"))
    modelled = tuple(dict.fromkeys(e.cause for e in judgement.explanations if e.cause != "unknown"))
    ids = tuple(id for id in found or modelled if not _something_failed(judgement) or tables.cause(id).outcome == "failed")[:_MOST]
    if not ids and judgement.outcome == "failed":
        ids = ("unknown",)
    return tuple(_described(id, facts, telling) for id in ids)


def _names_a_lost_package(judgement: Judgement) -> bool:
    """Tell whether a failing line itself names a package together with its CPUs: it says then whom it blames."""
    return any(values.get("cpus") for values in _naming_packages(judgement))


def _naming_packages(judgement: Judgement) -> list[dict[str, Any]]:
    """Return what the failing lines say that name packages themselves."""
    failures = judgement.attempt.failures if judgement.attempt is not None else ()
    return [event.values for event in failures if isinstance(event.values.get("package"), int) or "packages" in event.values]


def _likely(ids: tuple[str, ...], facts: BootFacts) -> tuple[str, ...]:
    """Return the causes that nothing speaks against; all of them where something speaks against each."""
    left = tuple(id for id in ids if tables.cause(id).contradicted_by not in facts.names)
    return left or ids


def blame(first: FoundCause | None, judgement: Judgement, topology: Topology) -> Whom:
    """Return whom the first cause blames, by the model's history if it names somebody, else by the topology."""
    if first is None:
        return Whom()
    # What the kernel printed goes before what a history or the topology suggests.
    if stated := _stated(judgement):
        return stated
    if tables.cause(first.id).blames == "named-cpu" and (named := _named_cpus(judgement)):
        return Whom((), named)
    for explanation in judgement.explanations:
        if explanation.cause == first.id and (explanation.packages or explanation.cpus):
            return Whom(explanation.packages, explanation.cpus)
    return whom(tables.cause(first.id).blames, topology)


def _named_cpus(judgement: Judgement) -> tuple[int, ...]:
    """Return the CPUs that failing lines name as the ones at fault."""
    failures = judgement.attempt.failures if judgement.attempt is not None else ()
    return tuple(sorted({event.values["cpu"] for event in failures if isinstance(event.values.get("cpu"), int)}))


def _stated(judgement: Judgement) -> Whom | None:
    """Return the packages that failing lines name themselves, with the CPUs that they list; a CPU alone can be the wrong one."""
    naming = _naming_packages(judgement)
    packages = tuple(sorted({package for values in naming for package in values.get("packages") or (values["package"],)}))
    return Whom(packages, tuple(sorted({cpu for values in naming for cpu in values.get("cpus", ())}))) if packages else None


def _something_failed(judgement: Judgement) -> bool:
    """Tell whether something failed that was tried: then nothing that kept it from being tried is the cause."""
    return judgement.attempt is not None and any(meaning(event) == "failure" for event in judgement.attempt.failures)


def _seen(judgement: Judgement, call: Seamcall | None) -> tuple[When, ...]:
    status = call.status_name if call is not None and judgement.failure is not None else None
    errno = _errno(judgement)
    leaf = call.leaf if call is not None and status else None
    steps = judgement.steps or ("",)
    return tuple(When(rank=0, step=step, leaf=leaf, status=status or "", errno=None if status else errno) for step in steps)


def _telling(judgement: Judgement, events: Sequence[Event]) -> tuple[Event, ...]:
    """Return the events whose forms causes may ask for: the attempt's own, and what the boot says of the machine."""
    attempt = judgement.attempt.events if judgement.attempt is not None else ()
    return (*attempt, *(event for event in events if event.form is not None and event.form.kind == "boot"))


def _errno(judgement: Judgement) -> int | None:
    failures = judgement.attempt.failures if judgement.attempt is not None else ()
    return next((event.values["errno"] for event in reversed(failures) if isinstance(event.values.get("errno"), int)), None)


def _described(id: str, facts: BootFacts, telling: Sequence[Event]) -> FoundCause:
    cause = tables.cause(id)
    forms = {when.form for when in cause.when}
    lines = (evidence_of(event) for event in telling if event.form is not None and event.form.id in forms)
    stated = (evidence for when in cause.when for evidence in facts.named.get(when.fact, ()))
    against = facts.named.get(cause.contradicted_by, ())
    doubt = "every CPU that this kernel counts is online, so it is one that the kernel does not see" if against else ""
    return FoundCause(id, cause.title, cause.meaning, tuple(dict.fromkeys((*stated, *lines)))[:_QUOTED], doubt)
