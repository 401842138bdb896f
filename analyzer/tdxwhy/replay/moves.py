"""How a history goes on from a state: to the next step, to the line after, to the end of what failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tdxwhy.replay.generation import Generation, ModelStep, Operation
from tdxwhy.replay.states import Blame, Frame, Pattern, State, assign

Printers = Callable[[str], frozenset[str]]


class Moves:
    """What every step of an automaton does to a state, whichever way it goes."""

    def __init__(self, generation: Generation, concerned: frozenset[str] | None = None, printers: Printers | None = None) -> None:
        """Follow all operations that are asked for from outside, or those of them that are `concerned`.

        `printers` tells by which of them a form is printed, where that is known.
        """
        self.generation = generation
        self.operations = dict(generation.operations)
        asked = [one for one in self.operations.values() if one.asked]
        self.starts = [one for one in asked if concerned is None or one.name in concerned]
        names = [step.name for one in asked for step in _steps(generation, one)]
        self._order = {name: number for number, name in enumerate(dict.fromkeys(names))}

        self._printers = printers

    def spent(self, form: str) -> frozenset[str]:
        """Return the flags of a kernel that prints no line of a form any more, for what prints it runs once; none if that is not so."""
        printing = self._printers(form) if self._printers is not None else frozenset()
        starts = [one for one in self.starts if one.name in printing]
        return frozenset(f"ran:{one.name}" for one in starts) if all(map(runs_once, starts)) else frozenset()

    def order(self, blame: Blame | None) -> int:
        """Return where in the order of steps a blame stands; nothing to blame comes first."""
        return -1 if blame is None else self._order.get(blame.step, len(self._order))

    def _advance(self, state: State, telling: bool) -> State:
        rest = state.pending[1:]
        blame, suspect = state.blame, state.suspect
        if telling and suspect is not None and not (blame is not None and blame.refusal):
            blame = suspect._replace(shown=True)
        if not rest:
            blame, suspect = blame or suspect, None
        return state._replace(pending=rest, blame=blame, suspect=suspect)

    def _print(self, state: State, forms: tuple[str, ...], fixed: tuple[tuple[str, int | str], ...] = (), leaf: str = "") -> State:
        if not forms:
            return state
        pending, flags = list(state.pending), state.flags
        step, many = self._where(state), _stopped(state)
        for name in forms:
            form = self.generation.forms[name]
            if form.once:
                if f"once:{name}" in flags:
                    continue
                flags |= {f"once:{name}"}
            known = tuple([pair for pair in (*fixed, ("step", step)) if pair[0] in form.args]) if form.args else ()
            pending.append(
                Pattern(
                    name,
                    known,
                    leaf if "status" in form.args else "",
                    bool(fixed),
                    many or bool(form.each),
                    bool(form.warning) or form.ratelimited,
                )
            )
        return state._replace(pending=tuple(pending), flags=flags)

    def _where(self, state: State) -> str:
        """Return the name of the step that the state is at."""
        if not state.stack:
            return ""
        frame = state.stack[-1]
        steps = self.operations[frame.operation].step
        return steps[frame.at].name if frame.at < len(steps) else ""

    def _next(self, state: State) -> State:
        frame = state.stack[-1]
        return state._replace(stack=(*state.stack[:-1], frame._replace(at=frame.at + 1)))

    def _fail(self, state: State, blame: Blame) -> State:
        """Unwind every operation on the stack: what each prints and sets on failure, from the inside out."""
        operations = [self.operations[frame.operation] for frame in state.stack]
        attempt = any(one.attempt or one.asked == "boot" for one in operations)
        for depth in range(len(operations) - 1, -1, -1):
            frame, ending = state.stack[depth], operations[depth].on_failure
            if frame.gather:
                return self._gather(state, depth, blame)
            state = self._print(state, ending.print, (("errno", blame.errno),))
            for one in ending.set:
                state = state._replace(flags=assign(state.flags, one))
            if frame.failing is not None:
                return self._fail(state._replace(stack=state.stack[:depth]), frame.failing)
            if ending.call:
                return state._replace(stack=(*state.stack[:depth], Frame(ending.call, 0, failing=blame)))
        state = state._replace(stack=(), flags=state.flags - {"vmx=faulted"}, suspect=blame if attempt else None)
        if not state.pending:
            state = state._replace(blame=state.blame or state.suspect, suspect=None)
        return state

    def _gather(self, state: State, depth: int, blame: Blame) -> State:
        """Note the failure of one CPU among many and go on with the next one."""
        frame = state.stack[depth]._replace(at=len(self.operations[state.stack[depth].operation].step))
        flags = (state.flags - {"vmx=faulted"}) | {"gather=failed"}
        state = state._replace(stack=(*state.stack[:depth], frame), flags=flags, suspect=blame)
        return state if state.pending else state._replace(blame=state.blame or blame, suspect=None)


def runs_once(operation: Operation) -> bool:
    """Tell whether an operation that ran is not asked for again in a boot, which its flag `ran:` then tells."""
    return operation.once or operation.always or operation.asked == "boot"


def _stopped(state: State) -> bool:
    for frame in state.stack:  # noqa: SIM110 - asked at every step: a generator costs as much as the question
        if frame.stopped:
            return True
    return False


def _steps(generation: Generation, operation: Operation) -> Iterator[ModelStep]:
    """Yield the steps of an operation and of those that it calls, in order."""
    for step in operation.step:
        if step.call:
            yield from _steps(generation, generation.operations[step.call])
        else:
            yield step
