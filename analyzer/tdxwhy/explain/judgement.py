"""What may be said of a boot: whose log it is, what became of initialisation, and at which steps it can have failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tdxwhy.explain.facts import TRACE, BootFacts, evidence_of
from tdxwhy.explain.outcome import Attempt, attempts, behind, may_be_harmless, ready_at_run_time
from tdxwhy.explain.role import whose
from tdxwhy.explain.silence import Silence, interpret
from tdxwhy.know import tables
from tdxwhy.know.recognise import step_of
from tdxwhy.noun import NamedTuple
from tdxwhy.records import BootRecords, Event, Evidence, MessageForm, Outcome, Role, Topology
from tdxwhy.replay.nouns import Explanation, Verdict

_MOST_STEPS, _TRACE_LINES = 3, 64
_OPTIONAL = "a field was asked for that this module does not know, which is harmless if the kernel can do without it, and no line closes it"
_CLOSING_LINE = "the next line of TDX in the log: does it say that the module was initialised, or that its initialisation failed?"
_VIRTUAL_MACHINE = "this is the log of a virtual machine, and the host beneath it initialises TDX"


class Judgement(NamedTuple):
    """The outcome with what carries it. `failure` is the line that tells the step, `explanations` the model's histories.

    `stated`: something beside the log names the cause, though the log does not tell the outcome.
    """

    role: Role
    outcome: Outcome
    why: str
    evidence: tuple[Evidence, ...] = ()
    steps: tuple[str, ...] = ()
    failure: Event | None = None
    attempt: Attempt | None = None
    explanations: tuple[Explanation, ...] = ()
    settles: tuple[str, ...] = ()
    facts: frozenset[str] = frozenset()
    refused_by_kvm: tuple[Evidence, ...] = ()
    stated: bool = False


def judge(boot: BootRecords, events: Sequence[Event], topology: Topology, facts: BootFacts) -> Judgement:
    """Judge one boot. What the log cannot carry is unknown, with what would settle it."""
    role, shown, of_td = whose(boot, events)
    if role == "guest":
        why = "this is the log of a guest; initialisation is its host's" if of_td else _VIRTUAL_MACHINE
        return Judgement(role, "not-attempted", why, shown, attempt=next(attempts(events), None))
    tried = tuple(attempts(events))
    last = next((one for one in reversed(tried) if one.outcome != "unknown"), tried[-1] if tried else None)
    if last is not None and last.outcome == "initialized" and last.closing is not None:
        refused = tuple(_refused_by_kvm(events, last.closing))
        return Judgement(
            role, "initialized", "the TDX module was initialised", (evidence_of(last.closing),), attempt=last, refused_by_kvm=refused
        )
    return _proven(role, last, events, facts) or _open_or_failed(role, boot, last, topology, facts)


def _proven(role: Role, last: Attempt | None, events: Sequence[Event], facts: BootFacts) -> Judgement | None:
    """Return that the module came up where what only an initialised module does shows it, whatever failed before."""
    ready = ready_at_run_time(behind(events, last.failures[-1]) if last is not None and last.failures else events)
    if ready is not None:
        why = "a SEAMCALL was answered as only an initialised module answers"
        return Judgement(role, "initialized", why, (evidence_of(ready),))
    proof = next((fact for fact in tables.deciding_facts() if fact.outcome == "initialized" and fact.id in facts.names), None)
    if proof is None:
        return None
    if last is None:
        return Judgement(role, "initialized", proof.says, facts.named[proof.id][:1])
    refused = tuple(evidence_of(event) for event in last.failures if event.form is not None and event.form.fact == proof.id)
    if refused and len(refused) == len(last.failures):  # what KVM refuses can itself be what only such a module says
        return Judgement(role, "initialized", proof.says, refused[:1], attempt=last, refused_by_kvm=refused)
    return None


def of_kvm_alone(attempt: Attempt | None) -> bool:
    """Tell whether nothing but KVM's refusal speaks, in words of kernels too that have initialised the module before KVM is asked."""
    return attempt is not None and all(
        event.form is not None and event.form.kind == "kvm" and event.form.outcome == "refusal" and _may_come_up_before(event.form)
        for event in attempt.events
    )


def _may_come_up_before(form: MessageForm) -> bool:
    designs = tables.generations_of(form)
    return any(one.asks == "boot" and one.id in designs for one in tables.generations())


def _open_or_failed(role: Role, boot: BootRecords, last: Attempt | None, topology: Topology, facts: BootFacts) -> Judgement:
    if last is not None and may_be_harmless(last):
        shown = tuple(evidence_of(event) for event in last.failures)
        return Judgement(role, "unknown", _OPTIONAL, shown, attempt=last, settles=(_CLOSING_LINE,), facts=facts.names)
    if last is not None and last.failures:
        return _failed(role, boot, last, topology, facts)
    return _silent(role, interpret(boot, last, facts), last, topology, facts)


def explain_events(events: Sequence[Event], topology: Topology, complete: bool) -> Verdict:
    """Ask the reference model, which only a failure needs."""
    from tdxwhy.replay import engine

    return engine.explain_events(events, topology, complete)


def _refused_by_kvm(events: Sequence[Event], success: Event) -> Iterator[Evidence]:
    """Yield what KVM says after the module came up and yet will not use it."""
    for event in events[events.index(success) + 1 :]:
        if event.form is not None and event.form.kind == "kvm" and event.form.outcome in ("refusal", "failure"):
            yield evidence_of(event)


def _failed(role: Role, boot: BootRecords, attempt: Attempt, topology: Topology, facts: BootFacts) -> Judgement:
    complete = not (boot.head_cut or boot.tail_cut or boot.gaps)
    verdict = explain_events(attempt.events, topology, complete)
    failure = _telling(attempt)
    step = step_of(failure)
    fitting = (e for e in _at_first_call(verdict.explanations) if step is None or e.step == step)
    explanations = tuple(e for e in fitting if not _explains_away(e, failure))
    steps = (step,) if step else _likeliest(explanations)
    traced = None if step else _traced(boot, failure)
    if traced in steps:
        steps = (traced,)
        explanations = tuple(e for e in explanations if e.step == traced)
    return Judgement(
        role,
        "failed",
        "",
        tuple(evidence_of(event) for event in attempt.failures),
        steps,
        failure,
        attempt,
        explanations,
        () if step or traced in steps else verdict.settles,
        facts.names,
    )


def _traced(boot: BootRecords, failure: Event) -> str:
    """Return the step that a trace in the lines above a failure names, such as that of an allocation which failed; else ""."""
    steps = tables.functions()
    end = next((place for place, record in enumerate(boot.records) if record is failure.record), 0)
    above = boot.records[max(0, end - _TRACE_LINES) : end]
    return next((steps[found[1]] for record in above if (found := TRACE.search(record.text)) and found[1] in steps), "")


def _explains_away(explanation: Explanation, failure: Event) -> bool:
    """Tell whether a history would have the line show another status than it does."""
    status = failure.values.get("status")
    return isinstance(status, int) and explanation.status != status


def _likeliest(explanations: Sequence[Explanation]) -> tuple[str, ...]:
    """Return the steps of the histories, the likeliest first and no more than a reader can use."""
    likely = tuple(step for e in explanations if (step := tables.cause(e.cause).likely_step) == e.step)
    return tuple(dict.fromkeys((*likely, *(e.step for e in explanations))))[:_MOST_STEPS]


def _at_first_call(explanations: Sequence[Explanation]) -> tuple[Explanation, ...]:
    """Leave out the later calls of a history whose cause the first call would have met."""
    order = tables.steps()
    first: dict[str, Explanation] = {}
    for explanation in sorted(explanations, key=lambda e: order.index(e.step)):
        first.setdefault(explanation.cause, explanation)
    return tuple(e for e in explanations if e is first[e.cause] or not tables.cause(e.cause).at_first_call)


def _telling(attempt: Attempt) -> Event:
    """Return the failure that tells most: the last one that names its step, else the last one."""
    return next((event for event in reversed(attempt.failures) if step_of(event)), attempt.failures[-1])


def _silent(role: Role, silence: Silence, attempt: Attempt | None, topology: Topology, facts: BootFacts) -> Judgement:
    steps = silence.steps
    explanations: tuple[Explanation, ...] = ()
    if silence.fact and silence.outcome == "failed" and attempt is not None:
        # Which lines a kernel prints on its way depends on its configuration, so a log that lacks one is replayed as lossy;
        # what then can have failed without a word is a call that was answered with a fault.
        explanations = explain_events(attempt.events, topology, True).explanations or tuple(
            e for e in explain_events(attempt.events, topology, False).explanations if e.status is not None
        )
        explanations = _at_first_call(explanations)
        steps = tuple(dict.fromkeys(e.step for e in explanations))
    stated = silence.outcome == "unknown" and bool(silence.fact)
    names = frozenset({silence.fact}) if stated else facts.names | {silence.fact} if silence.fact else facts.names
    return Judgement(
        role,
        silence.outcome,
        silence.why,
        silence.evidence,
        steps,
        None,
        attempt,
        explanations,
        silence.settles,
        frozenset(names),
        stated=stated,
    )
