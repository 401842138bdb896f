"""A diagnosed boot as subjects: the whole failure, each of its messages, and the boot itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tdxwhy.check.engine import judge, unique
from tdxwhy.check.rules import Rule
from tdxwhy.check.subjects.message import scope_of, spelt
from tdxwhy.check.subjects.nouns import BootSubject, MessageSubject, Shown, Subject
from tdxwhy.explain.facts import evidence_of
from tdxwhy.explain.nouns import Diagnosis
from tdxwhy.know import tables
from tdxwhy.know.names import named, tells_failure
from tdxwhy.know.recognise import step_of
from tdxwhy.levels import LEVELS
from tdxwhy.records import QUOTE, Event, Finding, Naming

_FAILING = ("failure", "refusal")
# Lines of these kinds come from initialisation itself; KVM's, a guest's and run-time lines are others' failures.
_KINDS = ("host", "loader")
_QUOTED = 8
# A state that explains a failure; "package 0: CPUs 0-3 online" explains none.
_LACKING = re.compile(r"\b(?:offline|no online|not (?:online|present|responding|in VMX)|without an? online)\b", re.IGNORECASE)


def check_log(diagnosis: Diagnosis, rules: Sequence[Rule]) -> tuple[Finding, ...]:
    """Judge what one boot's messages say of a failure. A boot that did not fail has nothing to say."""
    return unique(judge(rules, subjects(diagnosis)))


def subjects(diagnosis: Diagnosis) -> Iterator[Subject]:
    """Yield the boot, its failure as a whole, and each failing message once."""
    if diagnosis.outcome not in ("failed", "unknown") or diagnosis.role != "host":
        return
    failing = [event for event in diagnosis.events if is_failing(event)] if diagnosis.outcome == "failed" else []
    boot = _boot(diagnosis, failing)
    if boot is not None:
        yield boot
    if failing:
        whole = _failure(diagnosis, failing)
        yield whole
        explained = whole.names.package and whole.names.cpu_state
        yield from (line._replace(explained=explained) for line in _lines(diagnosis, failing))


def _boot(diagnosis: Diagnosis, failing: Sequence[Event]) -> BootSubject | None:
    forms = [(event, event.form or event.nearest) for event in diagnosis.events]
    own = [event for event, form in forms if form is not None and form.kind in _KINDS]
    last = (evidence_of(own[-1]),) if own else ()
    evidence = tuple(evidence_of(event) for event in failing) or last or diagnosis.evidence or diagnosis.request.evidence
    if not evidence:
        return None
    return BootSubject(
        kind="boot",
        evidence=evidence[:_QUOTED],
        role=diagnosis.role,
        outcome=diagnosis.outcome,
        printed=bool(failing),
        ready=bool(own) and all(step_of(event) == tables.opening_step() for event in own),
        asked={True: "yes", False: "no", None: "unknown"}[diagnosis.request.asked],
        steps=diagnosis.steps,
        proposal=diagnosis.sentence,
    )


def is_failing(event: Event) -> bool:
    """Tell whether a message says that initialisation failed: by its form, or else by its words."""
    form = event.form
    if form is not None:
        return form.kind in _KINDS and form.outcome in _FAILING
    nearest = event.nearest
    if nearest is not None and (nearest.kind not in _KINDS or nearest.outcome == "detail"):
        return False
    return tells_failure("", event.record.text)


def _failure(diagnosis: Diagnosis, failing: Sequence[Event]) -> MessageSubject:
    names = [_names(event) for event in (*failing, *_explaining(diagnosis.events, failing))]
    texts = [event.record.text for event in failing]
    shows = frozenset[Shown]().union(*(_shows(event) for event in failing))
    main = max(failing, key=_tells_most)
    others = [event for event in failing if event is not main]
    return MessageSubject(
        kind="failure",
        text=main.record.text[:QUOTE],
        evidence=tuple(evidence_of(event) for event in [main, *others][:_QUOTED]),
        names=Naming(*(any(said) for said in zip(*names, strict=True))),
        level=_level(main),
        scope=scope_of(texts, [step_of(event) for event in failing], shows),
        shows=shows,
        outcome=diagnosis.outcome,
        proposal=diagnosis.sentence,
        package=diagnosis.packages[0] if len(diagnosis.packages) == 1 else None,
        cpu=diagnosis.cpus[0] if len(diagnosis.cpus) == 1 else None,
    )


def _explaining(events: Sequence[Event], failing: Sequence[Event]) -> list[Event]:
    """Return lines in words of their own that are no failure by themselves and say whom it concerns: "package 12: CPUs 24-25 offline"."""
    return [
        event
        for event in events
        if event.form is None and event not in failing and _LACKING.search(event.record.text) and named(event.record.text).package
    ]


def _tells_most(event: Event) -> int:
    """The line that carries the call and its status stands for the failure, before the one that closes it."""
    return 2 * len(_shows(event) & {"leaf", "status"}) + (step_of(event) is not None)


def _lines(diagnosis: Diagnosis, failing: Sequence[Event]) -> Iterator[MessageSubject]:
    first: dict[str, list[Event]] = {}
    for event in failing:
        first.setdefault(event.record.text, []).append(event)
    for text, events in first.items():
        yield _line(diagnosis, text, events)


def _line(diagnosis: Diagnosis, text: str, events: Sequence[Event]) -> MessageSubject:
    event = events[0]
    cpu = event.values.get("cpu")
    return MessageSubject(
        kind="log-line",
        text=text,
        evidence=tuple(evidence_of(one) for one in events[:_QUOTED]),
        names=_names(event),
        level=_level(event),
        once=event.form is not None and event.form.once,
        ratelimited=event.form is not None and event.form.ratelimited,
        spread=_step_of_line(diagnosis, event) in tables.spread_steps(),
        scope=scope_of([text], [step_of(event)], _shows(event)),
        shows=_shows(event),
        spells=spelt(text),
        equals=len({one.record.time_ns for one in events}),
        blames_right_cpu=_blames_right(diagnosis, cpu),
        outcome=diagnosis.outcome,
        proposal=diagnosis.sentence,
        cpu=cpu if isinstance(cpu, int) else None,
    )


def _blames_right(diagnosis: Diagnosis, cpu: object) -> bool | None:
    """A CPU that printed is online; it is the wrong one where CPUs or packages that never ran the step are at fault."""
    if not isinstance(cpu, int) or not diagnosis.causes:
        return None
    if cpu in diagnosis.cpus:
        return True
    return False if tables.cause(diagnosis.causes[0].id).blames in ("packages", "cpus") else None


def _step_of_line(diagnosis: Diagnosis, event: Event) -> str | None:
    call = diagnosis.seamcall
    if call is not None and event.values.get("leaf") == call.leaf:
        return call.name
    return step_of(event)


def _level(event: Event) -> str | None:
    if event.record.level is not None and 0 <= event.record.level < len(LEVELS):
        return LEVELS[event.record.level]
    return event.form.level if event.form else None


def _names(event: Event) -> Naming:
    """Return what a line names: its form knows unless a %s carries words of its own."""
    form = event.form
    if form is not None and "%s" not in form.format:
        return Naming(form.names_package, form.names_cpu, form.names_cpu_state)
    said = named(event.record.text)
    if form is None:
        return said
    return Naming(said.package or form.names_package, said.cpu or form.names_cpu, said.cpu_state or form.names_cpu_state)


def _shows(event: Event) -> frozenset[Shown]:
    shown: tuple[Shown, ...] = ("leaf", "status", "errno")
    return frozenset(name for name in shown if event.values.get(name) is not None)
