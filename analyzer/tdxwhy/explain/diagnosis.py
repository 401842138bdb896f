"""The diagnosis of one boot: outcome, step, causes best first, packages and CPUs, the missing sentence, what to do and what is open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from tdxwhy.explain.actions import actions
from tdxwhy.explain.causes import blame, candidates
from tdxwhy.explain.facts import BootFacts, evidence_of, gather, said_of
from tdxwhy.explain.judgement import Judgement, judge, of_kvm_alone
from tdxwhy.explain.nouns import Diagnosis, FoundCause, Note, Seamcall
from tdxwhy.explain.outcome import out_of_place
from tdxwhy.explain.relayed import own
from tdxwhy.explain.sentence import sentence
from tdxwhy.know import tables
from tdxwhy.know.beside import Contradiction, contradiction
from tdxwhy.know.cpu_facts import facts_of
from tdxwhy.know.decode import decode_leaf, decode_status, errno_name
from tdxwhy.know.offline import Whom
from tdxwhy.know.partial import certain
from tdxwhy.know.recognise import Recogniser, leaf_of
from tdxwhy.know.rows import Cause, lowered
from tdxwhy.know.topology import topology as read_topology
from tdxwhy.lazy import lazy
from tdxwhy.records import BootRecords, Event, Evidence, LogRecord, Topology

_QUOTED = 12
# What stands before a line, and in it numbers of more than one digit and acronyms.
_SUBSYSTEM = lazy(r"^(?:[\w./-]{1,32}: ){1,3}(?:initialization failed: )?")
_TELLING = lazy(r"\b0x[0-9a-f]{2,16}\b|\b\d{2,20}\b|\b(?!TDX\b|BIOS\b|CPU\b|SEAMCALL\b)[A-Z]{3,16}\b")
_MODULE = "whether the module was initialised: journalctl -k -b | grep virt/tdx"
_WHO = "which CPUs: lscpu -J -e=CPU,SOCKET,ONLINE > lscpu.json on that machine, then tdxwhy log --topology lscpu.json"


Read = Callable[[Sequence[Event], Topology | None], Topology]


def diagnose(boot: BootRecords, source: str, sidecar: Topology | None = None, read: Read = read_topology) -> Diagnosis:
    """Say what became of TDX in one boot and why, as far as its log and the sidecar tell; `read` makes a topology of both."""
    recogniser = Recogniser()
    events = own(tuple(recogniser.events(_as_told(boot.records))))
    against = contradiction(facts_of(events), sidecar) if sidecar is not None else None
    topology = read(events, sidecar if against is None else None)
    facts = gather(boot, events, topology)
    judgement = judge(boot, events, topology, facts)
    call = _seamcall(judgement, events)
    causes = candidates(judgement, facts, call, events)
    judgement = _by_cause(judgement, causes)
    blamed = blame(causes[0] if causes else None, judgement, topology)
    return Diagnosis(
        source=source,
        role=judgement.role,
        outcome=judgement.outcome,
        reason=_reason(judgement, call, causes),
        steps=judgement.steps,
        seamcall=call,
        causes=causes,
        packages=blamed.packages,
        cpus=blamed.cpus,
        sentence=_sentence(judgement, call, causes, topology, blamed),
        actions=tuple(actions(judgement, causes, call, blamed, facts)),
        settles=(*judgement.settles, *_who(causes, blamed)),
        notes=_notes(judgement, facts, against, events, recogniser),
        evidence=_evidence(judgement, causes),
        reached=_reached(judgement, facts.generation),
        generation=facts.generation,
        kernel=facts.kernel,
        module=facts.module,
        command_line=facts.command_line,
        boot_id=boot.boot_id,
        topology=topology,
        events=events,
        request=facts.request,
    )


def _notes(
    judgement: Judgement,
    facts: BootFacts,
    against: Contradiction | None,
    events: Sequence[Event],
    recogniser: Recogniser,
) -> tuple[Note, ...]:
    return (
        *((Note(*against),) if against is not None else ()),
        *facts.notes,
        *_contradiction(events),
        *(said_of(facts) if judgement.outcome != "initialized" else ()),
        *_unjudged(recogniser),
    )


def _unjudged(recogniser: Recogniser) -> Iterator[Note]:
    """Count the lines that were passed over, for there were enough unknown ones like them."""
    found = recogniser.unjudged
    if found is not None:
        text = f"{found.lines} more lines about TDX that no known form matches were counted, not judged"
        yield Note(text, tuple(Evidence(record.place, record.text) for record in (found.first, found.last)))


def _as_told(records: Sequence[LogRecord]) -> Sequence[LogRecord]:
    """Return records in the order of the text: pieces pasted into one text need not be of one time.

    A log that was printed newest line first keeps the order of time.
    """
    lines = [record.place.line or 0 for record in records]
    back = sum(1 for one, two in pairwise(lines) if two < one)
    return records if not back or 2 * back > len(lines) else sorted(records, key=lambda record: record.place.line or 0)


def _seamcall(judgement: Judgement, events: Sequence[Event]) -> Seamcall | None:
    """Return the call that failed initialisation; if none did, the first failing SEAMCALL in the log."""
    failure = judgement.failure
    if failure is not None:
        number = leaf_of(failure.form, failure.values)
        return None if number is None else _call(failure, number)
    answered = ((event, _leaf(event)) for event in events if event.values.keys() & {"status", "leaf"})
    return next((_call(event, number) for event, number in answered if number is not None), None)


def _leaf(event: Event) -> int | None:
    number = leaf_of(event.form, event.values)
    return certain(event.record.text).get("leaf") if number is None else number


def _call(event: Event, number: int) -> Seamcall:
    value = event.values.get("status")
    leaf = decode_leaf(number)
    status = decode_status(value) if isinstance(value, int) else None
    cpu = event.values.get("cpu")
    return Seamcall(
        number,
        leaf.name if leaf is not None else f"leaf {number}",
        status.value if status is not None else None,
        status.name if status is not None else event.values.get("status_name"),
        status.detail if status is not None else "",
        cpu if isinstance(cpu, int) else None,
        evidence_of(event),
    )


def _by_cause(judgement: Judgement, causes: Sequence[FoundCause]) -> Judgement:
    """Let the cause correct the outcome: a refusal on a machine without TDX is no failure."""
    if judgement.outcome != "failed" or not causes:
        return judgement
    outcome = tables.cause(causes[0].id).outcome
    if outcome == "failed" and of_kvm_alone(judgement.attempt):
        why = f"{lowered(causes[0].title)}, and no line tells what came of the module, which kernels from 7.1 on initialise before that"
        return judgement._replace(outcome="unknown", why=why, steps=(), failure=None, settles=(_MODULE,))
    return judgement if outcome == "failed" else judgement._replace(outcome=outcome, steps=(), failure=None)


def _reason(judgement: Judgement, call: Seamcall | None, causes: Sequence[FoundCause]) -> str:
    title = causes[0].title if causes else ""
    if judgement.outcome == "initialized":
        return f"TDX came up: {judgement.why}" + (f", but {lowered(title)}." if title else ".")
    if judgement.outcome == "unknown":
        return f"Undecided: {judgement.why or 'the log does not tell'}."
    if judgement.outcome == "disabled-by-bios":
        return f"TDX is off: {judgement.why or lowered(title)}."
    if judgement.outcome == "not-attempted":
        return f"TDX was not attempted: {judgement.why or lowered(title)}."
    where = " or ".join(judgement.steps) if judgement.steps else "a step that the log does not name"
    status = f" with {call.status_name}" if call is not None and call.status_name and judgement.failure is not None else ""
    rest = f": {_why(causes)}" if title and causes[0].id != "unknown" else ""
    return f"TDX did not come up. It failed at {where}{status}{rest}."


def by_status_alone(causes: Sequence[FoundCause]) -> bool:
    """Tell whether there are several causes and no line or fact of this log picks the first."""
    return len(causes) > 1 and not causes[0].evidence


def _why(causes: Sequence[FoundCause]) -> str:
    """Return the cause as a clause: one of several where only the status leads to them."""
    if by_status_alone(causes):
        return "one of these: " + "; ".join(lowered(cause.title) for cause in causes)
    return lowered(causes[0].title) + (f" ({causes[0].doubt})" if causes[0].doubt else "")


def _contradiction(events: Sequence[Event]) -> Iterator[Note]:
    """Yield what stands in an order that no kernel prints."""
    found = out_of_place(events)
    if found is not None:
        success, failure = map(evidence_of, found)
        text = (
            f"{_line(success)} says that the module came up, and behind it {_line(failure)} that a step before that failed: "
            "no kernel prints them in this order, so lines are out of place, or of two boots"
        )
        yield Note(text, (success, failure))


def _line(evidence: Evidence) -> str:
    """Return where a passage stands, such as "line 7"."""
    place = evidence.place
    return f"line {place.line}" if place.line is not None else f"byte {place.offset}" if place.offset is not None else "a line"


def _sentence(judgement: Judgement, call: Seamcall | None, causes: Sequence[FoundCause], topology: Topology, blamed: Whom) -> str | None:
    if judgement.outcome != "failed" or not judgement.steps:
        return None
    found = tuple(tables.cause(one.id) for one in causes[: 2 if by_status_alone(causes) else 1])
    named = call if judgement.failure is not None else None
    return sentence(judgement.steps, found, named, topology, blamed) + _more_of(judgement, named, found)


def _more_of(judgement: Judgement, call: Seamcall | None, causes: Sequence[Cause]) -> str:
    """Return what the kernel's own lines say beyond the sentence, a name, a range or an errno: no sentence says less than they did."""
    failures = judgement.attempt.failures if judgement.attempt is not None else ()
    if call is not None or any("causes" in event.values for event in failures):
        return ""
    said = " ".join([*judgement.steps, *(f"{cause.title} {cause.sentence}" for cause in causes)]).lower()
    for event in failures:
        told = _SUBSYSTEM.sub("", event.record.text)
        errno = event.values.get("errno")
        if isinstance(errno, int):
            return f" ({errno} {errno_name(errno)})" if errno_name(errno) else ""
        if any(token.lower() not in said for token in _TELLING.findall(told)):
            return f": {told}"
    return ""


def _who(causes: Sequence[FoundCause], blamed: Whom) -> Iterator[str]:
    """Yield what would settle which CPUs or package the first cause blames, where nothing names them."""
    if causes and not blamed.cpus and tables.cause(causes[0].id).command_for_cpus:
        yield _WHO


def _evidence(judgement: Judgement, causes: Sequence[FoundCause]) -> tuple[Evidence, ...]:
    carried = (*judgement.evidence, *(evidence for cause in causes[:1] for evidence in cause.evidence))
    ordered = sorted(dict.fromkeys(carried), key=lambda evidence: (evidence.place.line or 0, evidence.place.offset or 0))
    return tuple(ordered[:_QUOTED])


def _reached(judgement: Judgement, generation: str | None) -> tuple[str, ...]:
    """Return the steps that are known to lie behind."""
    events = judgement.attempt.events if judgement.attempt is not None else ()
    seen = {event.form.step for event in events if event.form is not None}
    taken = tables.steps_of(generation)
    order = tuple(step for step in tables.steps() if step in taken or step in seen)
    if judgement.outcome == "initialized":
        return order
    failed = [order.index(step) for step in judgement.steps if step in order]
    passed = [order.index(step) for step in order if step in seen]
    return order[: min(failed)] if failed else order[: max(passed, default=-1) + 1]
