"""A trace of SEAMCALLs against the reference model: the same steps, with the calls instead of the lines."""

from __future__ import annotations

from collections.abc import Iterator

from tdxwhy.errors import TdxwhyError
from tdxwhy.replay.automaton import Automaton, Kind
from tdxwhy.replay.belief import DEAD, Beliefs, Graph
from tdxwhy.replay.blame import explain
from tdxwhy.replay.data import answer_class, generation, leaf_numbers
from tdxwhy.replay.generation import Generation, ModelStep
from tdxwhy.replay.nouns import Divergence, Verdict
from tdxwhy.replay.states import Blame, Pattern, State, Symbol, assign


class TraceAutomaton(Automaton):
    """An automaton that owes SEAMCALLs to a trace and prints nothing."""

    def _print(self, state: State, forms: tuple[str, ...], fixed: tuple[tuple[str, int | str], ...] = (), leaf: str = "") -> State:
        return state

    def _answers(self, state: State, step: ModelStep) -> Iterator[State]:
        leaf = step.leaf or step.name
        good = {"result": "result:0", "cpu": "cpus=some"}.get(step.remember)
        again = _again(self.generation, leaf)
        fine = Pattern("call", (("leaf", leaf), ("kind", "success")), many=bool(step.each or step.fields or step.tables))
        first = fine._replace(many=False)
        done = state._replace(flags=state.flags | {good}) if good else state
        yield self._next(done._replace(pending=(*again, first, *((fine, *again) if fine.many else ()))))
        if step.each == "added-page":  # of a TD that got none there is none to reclaim
            yield self._next(done)
        for answer in self._kinds(state, step):
            for kind in (answer.kind,) if answer.kind else self.generation.answers:
                yield self._refused(state, step, answer, (*again, *((fine, *again) if fine.many else ())), kind)

    def _refused(self, state: State, step: ModelStep, answer: Kind, before: tuple[Pattern, ...], kind: str) -> State:
        leaf = step.leaf or step.name
        bad = Pattern("call", (("leaf", leaf), ("kind", kind)), leaf if kind == "status" else "", True)
        on = step.ignore or answer.good
        more = (Pattern("call", (("leaf", leaf),), many=True),) if on and step.each else ()
        failed = state._replace(pending=(*before, bad, *more))
        if step.remember == "result":
            failed = failed._replace(flags=failed.flags | {f"result:{answer.errno}"})
        if answer.set:
            failed = failed._replace(flags=assign(failed.flags, answer.set))
        return self._next(failed) if on else self._fail(failed, Blame(step.name, kind, answer.errno))


def _again(generation: Generation, leaf: str) -> tuple[Pattern, ...]:
    if generation.retry is None:
        return ()
    return (Pattern("call", (("leaf", leaf), ("status", generation.retry.status)), many=True),)


def replay_trace(data: object, name: str | None = None) -> Verdict:
    """Follow a trace. Accepted form: what `tdxwhy simulate --format json` prints, with `generation` and `trace`."""
    rows = data.get("trace") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(rows, list):
        raise TdxwhyError("a trace is an object with a list `trace`", "tdxwhy simulate --format json prints one")
    kernel = generation(name or str(data.get("generation")))
    beliefs = Beliefs(Graph(TraceAutomaton(kernel)), False)
    belief, status = beliefs.start, None
    for number, row in enumerate(rows, 1):
        leaf, status = _call(row, number)
        kind = answer_class(status) if status else "success"
        following, _ = beliefs.step(belief, Symbol("call", (("leaf", leaf), ("status", status), ("kind", kind))))
        if following == DEAD:
            expected = [dict(one.fixed) for one in beliefs.expected(belief)]
            texts = tuple(dict.fromkeys(f"{one['leaf']}: {one.get('kind', 'no entropy')}" for one in expected))
            place = Divergence(number, f"{leaf}: 0x{status:016x}", texts)
            return Verdict("diverges", "unknown", kernel.name, number - 1, len(rows), place, ())
        belief = following
    return _end(beliefs, belief, kernel, len(rows), status)


def _call(row: object, number: int) -> tuple[str, int]:
    try:
        if isinstance(row, dict) and row["leaf"] in leaf_numbers():
            return str(row["leaf"]), int(str(row["status"]), 0)
    except (KeyError, ValueError):
        pass
    raise TdxwhyError(f"trace, call {number}: not a leaf and a status")


def _end(beliefs: Beliefs, belief: int, kernel: Generation, total: int, status: int | None) -> Verdict:
    endings = beliefs.endings(belief)
    done = [one for one in endings if "module=initialized" in one.flags]
    blamed = [one.blame for one in endings if one.blame is not None]
    if done or not blamed:
        return Verdict("conforms", "initialized" if done else "unknown", kernel.name, total, total, None, ())
    return Verdict("conforms", "failed", kernel.name, total, total, None, explain(blamed[0], status, frozenset(), None))
