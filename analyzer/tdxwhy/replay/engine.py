"""The reference model run backwards: which histories can have printed these lines."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import pairwise

from tdxwhy.hints import Literal
from tdxwhy.know import tables
from tdxwhy.memo import Memo
from tdxwhy.noun import NamedTuple
from tdxwhy.records import Event, Outcome, Topology
from tdxwhy.replay.belief import FinalState
from tdxwhy.replay.blame import explain
from tdxwhy.replay.data import generation, generations, leaf_numbers
from tdxwhy.replay.generation import Generation
from tdxwhy.replay.nouns import Divergence, Explanation, Verdict
from tdxwhy.replay.repair import repairs, shown
from tdxwhy.replay.run import LogLine, Reading, ReplayRun, beliefs, follow, read
from tdxwhy.replay.states import UNSEEN, Blame
from tdxwhy.replay.symbols import recognised

__all__ = ["LogLine", "explain_events", "replay_log"]


def replay_log(lines: Sequence[LogLine], topology: Topology | None, complete: bool, generation: str | None = None) -> Verdict:
    """Follow every history that can have printed the lines, and say what they share.

    `complete`: every line of level <= 7 about TDX that this kernel printed since boot is there; otherwise lines may be missing anywhere.
    """
    return _replay(lines, topology, complete, generation, False)


def explain_events(events: Sequence[Event], topology: Topology | None, complete: bool, generation: str | None = None) -> Verdict:
    """Replay the events of one boot, whatever state its log is in: a line that fits no history is left out and counted in `settles`.

    Of a log that nobody can have printed no repairs are sought: they take longer than all else, and a diagnosis has no use for them.
    """
    lines = [LogLine(event.record.text, event.record.level, event.record.place.line or 0) for event in events]
    return _replay(lines, topology, complete, generation, True)


class _Fit(NamedTuple):
    """What the generations that can have printed a log share, whatever the machine's CPUs: the verdict but for its explanations, and the
    failures to explain, each with its status and the forms of the lines."""

    shared: Verdict
    failures: tuple[tuple[Blame, int | None, frozenset[str]], ...]

    def verdict(self, topology: Topology | None) -> Verdict:
        """Say what is shared, on a machine with these CPUs."""
        explanations = _explanations(self.failures, topology)
        outcome = self.shared.outcome
        if outcome == "failed" and explanations and all(tables.cause(one.cause).outcome != "failed" for one in explanations):
            outcome = "not-attempted"
        return self.shared._replace(outcome=outcome, explanations=explanations)


# Boots say the same again and again; what the model makes of their lines depends on nothing but this key.
_told = Memo[Hashable, Verdict | _Fit](1024)


def _replay(lines: Sequence[LogLine], topology: Topology | None, complete: bool, name: str | None, tolerant: bool) -> Verdict:
    key = tuple([(line.text, line.level) for line in lines]), complete, name, tolerant
    told = _told.get(key)
    if told is None:
        told = _judge(lines, complete, name, tolerant)
        if isinstance(told, _Fit) or told.diverged_at is None:  # a divergence names its line's number
            _told.keep(key, told)
    return told.verdict(topology) if isinstance(told, _Fit) else told


def _judge(lines: Sequence[LogLine], complete: bool, name: str | None, tolerant: bool) -> Verdict | _Fit:
    candidates = _candidates(name)
    if complete and not name:
        for variant in (False, True):
            asked = (read(one, lines, False, stop=True) for one in candidates if one.covered and one.variant is variant)
            fitting = [run for run in (follow(one) for one in asked if one.seen and not one.foreign) if run.conforms]
            if fitting:
                return _conforming(fitting)
    readings = [read(one, lines, not complete) for one in candidates]
    if not max(len(one.seen) for one in readings):
        passed = max(one.passed for one in readings)
        return Verdict("undecided", "unknown", name, 0, passed, None, (), _UNCOVERED if passed else ("a line about TDX",))
    own = [one for one in readings if not one.generation.by_role]
    # Where each generation meets a line that it cannot have printed, none of them fits: what all kernels share is cheaper to ask first.
    runs = _runs(own, tolerant) if not all(one.foreign for one in own) else []
    fitting = [run for run in runs if run.conforms and run.seen]
    if fitting:
        return _conforming(fitting)
    shared = [follow(one, tolerant) for one in readings if one.generation.by_role and one.seen]
    if any(run.conforms for run in shared) and (name or not complete or _of_another_design(lines)):
        found = _conforming(shared)
        return found._replace(shared=found.shared._replace(verdict="undecided", settles=_UNCOVERED))
    telling = [run for run in runs or _runs(own, tolerant) or [follow(one) for one in readings] if run.seen]
    if not telling:
        # Only words that all kernels share, of a step that no model has.
        return Verdict("undecided", "unknown", name, 0, max(len(one.seen) for one in readings), None, (), _UNCOVERED)
    return _diverging(telling, complete and not tolerant)


_UNCOVERED = ("a model of this kernel, which none covers: only the steps that all kernels share were followed",)


def _runs(readings: Sequence[Reading], tolerant: bool) -> list[ReplayRun]:
    """Follow the log on the generations that can have printed each line: covered ones first, the others only if none of those fits."""
    able = [one for one in readings if not one.foreign]
    if able:
        least = min(one.passed for one in able)
        able = [one for one in able if one.passed == least]
    chosen = able or list(readings)
    runs: list[ReplayRun] = []
    for covered, variant in ((True, False), (True, True), (False, False), (False, True)):
        asked = [one for one in chosen if (one.generation.covered, one.generation.variant) == (covered, variant)]
        runs += [follow(one, tolerant and bool(able)) for one in asked]
        if any(run.conforms for run in runs):
            break
    return runs


def _of_another_design(lines: Sequence[LogLine]) -> bool:
    """Tell whether one kernel design prints all these lines and no modelled one does."""
    shared: frozenset[str] | None = None
    for line in lines:
        form, _ = recognised(line.text)
        if form is not None and form.kind == "host":
            own = tables.generations_of(form)
            shared = own if shared is None else shared & own
    return bool(shared) and not (shared or frozenset()) & set(generations())


def _candidates(name: str | None) -> tuple[Generation, ...]:
    return (generation(name),) if name else tuple(generations().values())


# ---- a log that some history printed


def _conforming(runs: Sequence[ReplayRun]) -> _Fit:
    cheapest = min((run.skipped, run.lost) for run in runs)
    best = [run for run in runs if (run.skipped, run.lost) == cheapest]
    ways = _shown_first([(run, ending) for run in best for ending in run.endings])
    outcomes = {_outcome(ending) for _, ending in ways}
    outcome: Outcome = outcomes.pop() if len(outcomes) == 1 else "unknown"
    names = list(dict.fromkeys(run.generation.name for run in best))
    total = len(best[0].seen)
    unseen = any(UNSEEN in ending.flags for _, ending in ways)
    decided = outcome != "unknown" and not unseen
    settles = _UNSEEN if unseen else () if decided else _settles(outcomes | {outcome})
    if best[0].skipped:
        settles = (*settles, f"{best[0].skipped} lines fit no history of this boot and were left out")
    told: Literal["conforms", "undecided"] = "conforms" if decided else "undecided"
    return _Fit(Verdict(told, outcome, " or ".join(names), total, total, None, (), settles), _failures(ways))


_UNSEEN = ("the code that the model of this kernel marks as unseen: it may have printed any of these lines",)


def _shown_first(ways: list[tuple[ReplayRun, FinalState]]) -> list[tuple[ReplayRun, FinalState]]:
    """Leave out failures without a line where there is one with a line: whoever tried again in silence explains nothing."""
    shown = [(run, ending) for run, ending in ways if ending.blame is not None and ending.blame.shown]
    return shown or ways


# A module that was lost later, in a module update, had come up.
_CAME_UP = {"module=initialized", "module=lost"}


def _outcome(ending: FinalState) -> Outcome:
    if ending.flags & _CAME_UP:
        return "initialized"
    if ending.blame is None or (ending.blame.kind == "refused" and not ending.blame.refusal and "platform=off" in ending.flags):
        return "not-attempted"
    return "failed"


def _settles(outcomes: set[Outcome]) -> tuple[str, ...]:
    if "initialized" in outcomes:
        return ("the last line about TDX of this boot: initialized, or failed with an errno",)
    return (
        "whether anybody asked for TDX: kvm_intel.tdx on the command line, or the errno with which kvm_intel failed to load",
        "the end of the log: does it go on after these lines?",
    )


def _failures(ways: Sequence[tuple[ReplayRun, FinalState]]) -> tuple[tuple[Blame, int | None, frozenset[str]], ...]:
    """Return the failures that the ways to end here tell of, each once."""
    blamed: dict[tuple[Blame, int | None], ReplayRun] = {}
    for run, ending in ways:
        if ending.blame is not None and not ending.flags & _CAME_UP:
            blamed.setdefault((ending.blame._replace(shown=False), _status(run, ending.blame)), run)
    return tuple((blame, status, _form_ids(run)) for (blame, status), run in blamed.items())


def _explanations(failures: Sequence[tuple[Blame, int | None, frozenset[str]]], topology: Topology | None) -> tuple[Explanation, ...]:
    found: dict[tuple[str, int | None, int | None, str], Explanation] = {}
    for blame, status, forms in failures:
        for one in explain(blame, status, forms, topology):
            found.setdefault((one.step, one.status, one.errno, one.cause), one)
    return _likelier(tuple(found.values()))


def _status(run: ReplayRun, blame: Blame) -> int | None:
    """Return the status that the last line about the blamed leaf shows."""
    number = leaf_numbers().get(blame.step)
    if blame.kind != "status":
        return None
    for one in reversed(run.seen):
        if dict(one.symbol.values).get("leaf") == number:
            status = recognised(one.line.text)[1].get("status")
            if isinstance(status, int):
                return status
    return None


def _likelier(found: Sequence[Explanation]) -> tuple[Explanation, ...]:
    """Say of each history why it stands before the next one."""
    told = [one._replace(why=f"{one.why}; {_reason(one, other)}") for one, other in pairwise(found)]
    return (*told, *found[-1:])


def _reason(one: Explanation, other: Explanation) -> str:
    if one.step != other.step and one.cause == other.cause and tables.cause(one.cause).at_first_call:
        return "likelier here than later, as the first call would meet it"
    if one.step != other.step:
        return "the lines do not tell it from the next step, before which it comes"
    if one.cpus or one.packages:
        return "the states of the CPUs show it"
    return "the commoner reason"


def _form_ids(run: ReplayRun) -> frozenset[str]:
    ids: set[str] = set()
    for one in run.seen:
        form, _ = recognised(one.line.text)
        if form is not None:
            ids |= {row.id for row in tables.alike(form)}
    return frozenset(ids)


# ---- a log that nobody printed


def _diverging(runs: Sequence[ReplayRun], repaired: bool) -> Verdict:
    farthest = max(run.consumed for run in runs)
    best = [run.in_full for run in runs if run.consumed == farthest and len(run.seen) >= farthest]
    expected = list(dict.fromkeys(text for run in best for text in _expected(run)))
    first = best[0]
    if first.consumed < len(first.seen):
        line = first.seen[first.consumed].line
        place = Divergence(line.number, line.text, tuple(expected[:8]), repairs(best) if repaired else ())
    else:
        last = first.seen[-1].line.number
        place = Divergence(last + 1, "", tuple(expected[:8]), repairs(best) if repaired else ())
    names = list(dict.fromkeys(run.generation.name for run in best))
    return Verdict("diverges", "unknown", " or ".join(names), farthest, max(len(run.seen) for run in runs), place, ())


def _expected(run: ReplayRun) -> list[str]:
    owed = beliefs(run.generation.name, run.lossy).expected(run.belief)
    return [shown(run.generation.forms[pattern.form], pattern) for pattern in owed]
