"""What became of initialisation in one boot: the last attempt decides, and silence only where the log can carry it.

Which step a failure belongs to is not decided here: that is the reference model's to say (`tdxwhy.replay`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tdxwhy.hints import Literal
from tdxwhy.know import tables
from tdxwhy.know.decode import decode_status, harmless_statuses, leaf_needs_ready, leaf_step, says_not_ready
from tdxwhy.noun import NamedTuple
from tdxwhy.records import Event, Outcome

Meaning = Literal["success", "failure", "refusal", "progress", "detail", "runtime", "elsewhere"]

_INITIALISING = ("host", "loader", "kvm")
# So many lines lie between a CPU that is started and what fails on it.
_SOON = 3


class Attempt(NamedTuple):
    """One try to initialise: its events, the one that closes it, and what went wrong on the way."""

    events: tuple[Event, ...]
    closing: Event | None
    failures: tuple[Event, ...]
    outcome: Outcome


def meaning(event: Event) -> Meaning:
    """Say what an event means for initialisation; a SEAMCALL that is no step of it happened at run time."""
    leaf = event.values.get("leaf")
    if "causes" in event.values or (isinstance(leaf, int) and _is_failure(event)):  # our own sentence, or a call
        return "failure" if leaf is None or leaf_step(leaf) else "runtime"
    if event.form is None:
        return _by_words(event)
    if event.form.kind == "runtime":
        return "runtime"
    if event.form.kind not in _INITIALISING or event.form.outcome == "warning":
        return "elsewhere"
    outcome: Meaning = event.form.outcome
    if event.form.kind == "loader" and outcome == "success":
        return "progress"
    return outcome


def attempts(events: Sequence[Event]) -> Iterator[Attempt]:
    """Split a boot's events into attempts, each closed by a success or by the line that gives the errno.

    What KVM says after the core has failed is a consequence and no failure of its own.
    """
    gathered: list[Event] = []
    failures: list[Event] = []
    behind: list[Event] = []  # calls that failed behind the line of success: they count once a line says that all of it failed
    done = False
    for event in _without_late_cpus(events):
        what = meaning(event)
        if what == "detail" and gathered:
            gathered.append(event)
        if what in ("elsewhere", "runtime", "detail") or (done and what != "success" and _after_all(event)):
            behind += [event] if done and what == "failure" and _is_call(event) else []
            continue
        if done and _begins_anew(event):
            gathered, failures, behind, done = [], [], [], False
        gathered.append(event)
        if what == "success":
            if not done or failures:
                yield Attempt(tuple(gathered), event, tuple(failures), "initialized")
            gathered, failures, behind, done = [], [], [], True
        elif _counts(event, what, failures):
            failures += [*behind, event]
            behind, done = [], False
    if failures:
        yield Attempt(tuple(gathered), failures[-1], tuple(failures), "failed")
    elif gathered and not done:
        yield Attempt(tuple(gathered), None, (), "unknown")


def _without_late_cpus(events: Sequence[Event]) -> Iterator[Event]:
    """Yield the events but for calls that failed on a CPU which came online long after boot."""
    before: Event | None = None
    for event in events:
        if before is None or not _is_of_late_cpu(before, event):
            yield event
        before = event


def _is_of_late_cpu(before: Event, event: Event) -> bool:
    """Tell whether a call failed on a CPU that came online long after boot: the line before names it, and initialisation had been."""
    form = before.form
    if form is None or form.kind != "topology" or "apic_id" not in before.values:
        return False
    if not (leaf_step(event.values["leaf"]) in tables.steps_of_a_cpu() if _is_call(event) else meaning(event) == "failure"):
        return False
    first, second = before.record.place.line, event.record.place.line
    return first is not None and second is not None and second - first <= _SOON


def _counts(event: Event, what: Meaning, before: Sequence[Event]) -> bool:
    return what in ("failure", "refusal") and not (before and _is_of_kvm(event))


def _begins_anew(event: Event) -> bool:
    """Tell whether a line opens another boot that nothing else parted from the one before."""
    return event.form is not None and event.form.outcome == "progress" and event.form.step == tables.opening_step()


def _after_all(event: Event) -> bool:
    """Tell whether a failure leaves the module initialised: a CPU brought online later, a warning, or KVM that refuses to use it."""
    hidden = event.nearest is not None and "leaf" in event.nearest.args
    return hidden or _is_call(event) or _is_of_kvm(event) or (event.form is not None and event.form.level == "warning")


def _is_call(event: Event) -> bool:
    return event.values.get("leaf") is not None


def out_of_place(events: Sequence[Event]) -> tuple[Event, Event] | None:
    """Return a line of success and a failed call of a step before it that follows, in an order that no kernel prints.

    A CPU that comes online later runs TDH.SYS.LP.INIT then; a module that is updated is initialised once more.
    """
    success: Event | None = None
    for event in events:
        what = meaning(event)
        if what == "success":
            success = event
        elif _begins_anew(event) or (event.form is not None and event.form.kind == "loader"):
            success = None
        elif success is not None and what == "failure" and _is_call(event):
            step = leaf_step(event.values["leaf"])
            if step and step not in tables.steps_of_a_cpu():
                return success, event
    return None


def may_be_harmless(attempt: Attempt) -> bool:
    """Tell whether all that failed may have been optional, and no line tells how the attempt ended."""
    return bool(attempt.failures) and all(map(_is_harmless, attempt.failures))


def _is_harmless(event: Event) -> bool:
    leaf, status = event.values.get("leaf"), event.values.get("status")
    return isinstance(leaf, int) and isinstance(status, int) and decode_status(status).name in harmless_statuses(leaf)


def behind(events: Sequence[Event], event: Event) -> Sequence[Event]:
    """Return the events that follow one."""
    return events[next(place for place, one in enumerate(events) if one is event) + 1 :]


def _is_of_kvm(event: Event) -> bool:
    return event.form is not None and event.form.kind == "kvm"


def ready_at_run_time(events: Sequence[Event]) -> Event | None:
    """Return a run-time SEAMCALL whose answer only a ready module gives, if there is one."""
    for event in events:
        leaf, status = event.values.get("leaf"), event.values.get("status")
        if isinstance(leaf, int) and isinstance(status, int) and leaf_needs_ready(leaf) and not says_not_ready(status):
            return event
    return None


def _by_words(event: Event) -> Meaning:
    """Say what a line of unknown wording means: its words count where the nearest form agrees or numbers bear them out."""
    word, nearest = event.values.get("outcome"), event.nearest
    if nearest is not None and nearest.kind not in _INITIALISING:
        return "elsewhere"
    if "module update" in event.record.text:  # it comes after initialisation
        return "elsewhere"
    if nearest is not None and nearest.kind == "kvm":
        return "elsewhere"
    if nearest is not None and nearest.outcome == word and word in ("success", "failure", "refusal"):
        agreed: Meaning = word
        return agreed
    if word in ("failure", "refusal") and any(isinstance(event.values.get(name), int) for name in ("status", "errno")):
        return "failure"
    return "progress" if nearest is not None and nearest.outcome == "progress" else "elsewhere"


def _is_failure(event: Event) -> bool:
    """Tell whether a line with a leaf says that the call failed; one that gives an errno too tells of more than the call."""
    if event.values.get("status") is not None:
        return True
    if event.form is not None:
        return event.form.outcome == "failure"
    return event.values.get("outcome") == "failure" and "errno" not in event.values
