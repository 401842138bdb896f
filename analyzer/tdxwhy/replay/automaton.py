"""A generation's operations as an automaton: the same steps as the driver takes, with every answer that the world can give.

A state knows what the kernel remembers and which lines it owes to the log. Nothing here repeats the order of steps: it comes from the
generation's data alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from tdxwhy.replay.data import leaf_numbers
from tdxwhy.replay.generation import Answer, Generation, Operation, Step
from tdxwhy.replay.states import ANY, UNSEEN, Blame, Frame, Pattern, State, Symbol, assign, fits, holds, known, learn


class Automaton:
    """The automaton of one generation."""

    def __init__(self, generation: Generation) -> None:
        self.generation = generation
        self.starts = [one for one in generation.operations.values() if one.asked]
        names = [step.name for one in self.starts for step in _steps(generation, one)]
        self._order = {name: number for number, name in enumerate(dict.fromkeys(names))}

    def order(self, blame: Blame | None) -> int:
        """Return where in the order of steps a blame stands; nothing to blame comes first."""
        return -1 if blame is None else self._order.get(blame.step, len(self._order))

    # ---- moves

    def silent(self, state: State) -> Iterator[State]:
        """Yield the states that can follow without a line."""
        if state.pending:
            if state.pending[0].many:
                yield self._advance(state, False)
            return
        if not state.stack:
            yield from self._asked(state)
            return
        frame = state.stack[-1]
        operation = self.generation.operations[frame.operation]
        if frame.at < len(operation.step):
            yield from self._step(state, operation.step[frame.at])
        else:
            yield from self._finished(state, operation)

    def consume(self, state: State, symbol: Symbol) -> Iterator[State]:
        """Yield the state after a line, if the line is the one that the state owes."""
        if state.pending and fits(state.pending[0], symbol):
            learned = learn(state, symbol)
            if learned.blame is not None and not learned.blame.shown:
                learned = learned._replace(blame=None)  # an attempt before this line that left no trace explains nothing any more
            if state.pending[0].many:
                yield learned
            yield self._advance(learned, state.pending[0].telling)

    def lose(self, state: State) -> State | None:
        """Return the state after the line that it owes was lost."""
        return self._advance(state, False) if state.pending else None

    def accepts(self, state: State) -> bool:
        """Tell whether a complete log can end here."""
        if state.pending or state.stack:
            return False
        return all(f"ran:{one.name}" in state.flags for one in self.starts if one.always or one.asked == "boot")

    def _advance(self, state: State, telling: bool) -> State:
        rest = state.pending[1:]
        blame, suspect = state.blame, state.suspect
        if telling and suspect is not None and not (blame is not None and blame.refusal):
            blame = suspect._replace(shown=True)
        if not rest:
            blame, suspect = blame or suspect, None
        return state._replace(pending=rest, blame=blame, suspect=suspect)

    # ---- operations

    def _asked(self, state: State) -> Iterator[State]:
        boot = [one for one in self.starts if one.asked == "boot" and f"ran:{one.name}" not in state.flags]
        due = boot or [one for one in self.starts if one.always and f"ran:{one.name}" not in state.flags]
        for operation in due or self.starts:
            ran = f"ran:{operation.name}"
            if ran in state.flags or (operation.needs and not holds(operation.needs, state.flags)):
                continue
            once = operation.once or operation.always or operation.asked == "boot"
            started = state._replace(stack=(Frame(operation.name, 0),), flags=state.flags | {ran} if once else state.flags)
            # What an earlier attempt failed at is told by the histories without this one; the fewer states, the sooner a log is judged.
            forget = operation.attempt and state.blame is not None and not state.blame.refusal
            yield started._replace(blame=None) if forget else started

    def _finished(self, state: State, operation: Operation) -> Iterator[State]:
        frame = state.stack[-1]
        if frame.loop:
            yield state._replace(stack=(*state.stack[:-1], frame._replace(at=0)))
            if "vmx=faulted" in state.flags and any(step.does == "seamcall" for step in operation.step):
                return
        if frame.gather and "gather=failed" in state.flags:
            blame = state.blame or Blame(operation.name, "gathered", frame.gather)
            rest = state._replace(stack=state.stack[:-1], flags=state.flags - {"gather=failed"})
            yield self._fail(rest, blame._replace(errno=frame.gather))
            return
        flags = assign(state.flags, frame.installs) if frame.installs else state.flags
        done = state._replace(stack=state.stack[:-1], flags=flags)
        done = self._print(done, operation.on_success.print)
        for one in operation.on_success.set:
            done = done._replace(flags=assign(done.flags, one))
        if "module=initialized" in operation.on_success.set:
            done = done._replace(blame=None)
        yield done

    def _print(self, state: State, forms: tuple[str, ...], fixed: tuple[tuple[str, int | str], ...] = (), leaf: str = "") -> State:
        pending, flags = list(state.pending), state.flags
        step = self._where(state)
        for name in forms:
            form = self.generation.forms[name]
            if form.once:
                if f"once:{name}" in flags:
                    continue
                flags |= {f"once:{name}"}
            known = tuple((arg, value) for arg, value in (*fixed, ("step", step)) if arg in form.args)
            pending.append(Pattern(name, known, leaf if "status" in form.args else "", bool(fixed), bool(form.each)))
        return state._replace(pending=tuple(pending), flags=flags)

    def _where(self, state: State) -> str:
        """Return the name of the step that the state is at."""
        if not state.stack:
            return ""
        frame = state.stack[-1]
        steps = self.generation.operations[frame.operation].step
        return steps[frame.at].name if frame.at < len(steps) else ""

    def _next(self, state: State) -> State:
        frame = state.stack[-1]
        return state._replace(stack=(*state.stack[:-1], frame._replace(at=frame.at + 1)))

    def _fail(self, state: State, blame: Blame) -> State:
        """Unwind every operation on the stack: what each prints and sets on failure, from the inside out."""
        operations = [self.generation.operations[frame.operation] for frame in state.stack]
        attempt = any(one.attempt or one.asked == "boot" for one in operations)
        for depth in range(len(operations) - 1, -1, -1):
            if state.stack[depth].gather:
                return self._gather(state, depth, blame)
            ending = operations[depth].on_failure
            state = self._print(state, ending.print, (("errno", blame.errno),))
            for one in ending.set:
                state = state._replace(flags=assign(state.flags, one))
        state = state._replace(stack=(), flags=state.flags - {"vmx=faulted"}, suspect=blame if attempt else None)
        if not state.pending:
            state = state._replace(blame=state.blame or state.suspect, suspect=None)
        return state

    def _gather(self, state: State, depth: int, blame: Blame) -> State:
        """Note the failure of one CPU among many and go on with the next one."""
        frame = state.stack[depth]._replace(at=len(self.generation.operations[state.stack[depth].operation].step))
        flags = (state.flags - {"vmx=faulted"}) | {"gather=failed"}
        state = state._replace(stack=(*state.stack[:depth], frame), flags=flags, suspect=blame)
        return state if state.pending else state._replace(blame=state.blame or blame, suspect=None)

    # ---- steps

    def _step(self, state: State, step: Step) -> Iterator[State]:
        handler = getattr(self, "_do_" + step.does.replace("-", "_"), None)
        if handler is None:
            yield from self._fallible(state, step)
        else:
            yield from handler(state, step)

    def _do_check(self, state: State, step: Step) -> Iterator[State]:
        truth = known(step.when, state.flags)
        taken = self._true(state, step) if truth is not False else None
        if taken is not None:
            yield taken
        if truth is not True:
            yield self._next(state)

    def _true(self, state: State, step: Step) -> State | None:
        state = self._print(state, step.print, (("errno", step.stop or 0),) if step.stop is not None else ())
        if step.set:
            state = state._replace(flags=assign(state.flags, step.set))
        if step.stop is None:
            return self._next(state)
        if step.stop == 0 and not step.cause and not step.refusal:
            return state._replace(stack=())
        if "=" in step.when and not state.pending and not step.cause:
            return None  # refused for what the kernel remembers, without a word: as if nobody had asked again
        return self._fail(state, Blame(step.name, "refused", step.stop, step.cause, step.refusal))

    def _do_print(self, state: State, step: Step) -> Iterator[State]:
        yield self._next(self._print(state, step.print))

    def _do_set(self, state: State, step: Step) -> Iterator[State]:
        yield self._next(state._replace(flags=assign(state.flags, step.set)))

    def _do_call(self, state: State, step: Step) -> Iterator[State]:
        after = self._next(state)
        yield after._replace(stack=(*after.stack, Frame(step.call, 0, bool(step.each), step.installs, step.gather_errno)))

    def _do_unseen(self, state: State, step: Step) -> Iterator[State]:
        passed = state._replace(pending=(*state.pending, Pattern(ANY, many=True)), flags=assign(state.flags, UNSEEN))
        yield self._next(passed)

    def _do_take_keyid(self, state: State, step: Step) -> Iterator[State]:
        yield state._replace(stack=())

    def _do_vmxon(self, state: State, step: Step) -> Iterator[State]:
        yield self._next(state)
        faulted = self._print(state, step.print)
        if step.fault_errno:
            yield self._fail(faulted, Blame(self._needing(state, step), "vmxon", step.fault_errno, "cpu-not-in-vmx"))
        else:
            yield self._next(faulted._replace(flags=faulted.flags | {"vmx=faulted"}))
        if step.unsupported_errno:
            yield self._fail(state, Blame(self._needing(state, step), "vmx", step.unsupported_errno, "cpu-not-in-vmx"))

    @staticmethod
    def _needing(state: State, step: Step) -> str:
        """Return the step that VMX was needed for: the first of those named until its result is known, then the last."""
        if not step.needed_by:
            return step.name
        return step.needed_by[-1 if any(flag.startswith("result:") for flag in state.flags) else 0]

    def _do_seamcall(self, state: State, step: Step) -> Iterator[State]:
        remembered = next((flag for flag in state.flags if flag.startswith("result:")), None) if step.remember == "result" else None
        if remembered == "result:0":
            yield self._next(state)
            return
        if remembered is not None:
            return  # fails again without a word, as if nobody had asked again
        if step.remember == "cpu" and "cpus=some" in state.flags:
            yield self._next(state)
        yield from self._answers(state, step)

    def _do_read_metadata(self, state: State, step: Step) -> Iterator[State]:
        yield from self._answers(state, step)

    def _answers(self, state: State, step: Step) -> Iterator[State]:
        if not (step.each == "online-cpu" and "vmx=faulted" in state.flags):
            good = {"result": "result:0", "cpu": "cpus=some"}.get(step.remember)
            done = state._replace(flags=state.flags | {good}) if good else state
            yield self._next(self._print(done, step.always_print))
        for kind, answer in self._kinds(step):
            forms = step.print_status or (answer.print_registers if step.registers and answer.print_registers else answer.print)
            leaf = step.leaf or step.name
            shown = self._print(state, forms, (("leaf", leaf_numbers()[leaf]),), leaf if kind == "status" else "")
            if kind == "vmfailinvalid":
                shown = self._print(shown, step.print_vmfailinvalid, (("leaf", 0),))
            shown = self._print(shown, step.always_print)
            if step.ignore:
                yield self._next(shown)
                continue
            if step.remember == "result":
                shown = shown._replace(flags=shown.flags | {f"result:{answer.errno}"})
            yield self._fail(shown, Blame(step.name, kind, answer.errno))

    def _kinds(self, step: Step) -> Iterator[tuple[str, Answer]]:
        """Yield every kind of answer with what becomes of it: what the step says itself, else the generation."""
        for one in step.answers:
            yield one.kind, Answer(one.errno, one.print)
        whole = {one.kind for one in step.answers if one.status is None}
        yield from ((kind, answer) for kind, answer in self.generation.answers.items() if kind not in whole)

    def _fallible(self, state: State, step: Step) -> Iterator[State]:
        """Take a step of the kernel's own that works, or fails with its errno (an allocation, a limit)."""
        yield self._next(state)
        if step.print_near_limit:
            yield self._next(self._print(state, step.print_near_limit))
        yield self._fail(self._print(state, step.print, (("errno", step.errno),)), Blame(step.name, step.does, step.errno, step.cause))


def _steps(generation: Generation, operation: Operation) -> Iterator[Step]:
    """Yield the steps of an operation and of those that it calls, in order."""
    for step in operation.step:
        if step.call:
            yield from _steps(generation, generation.operations[step.call])
        else:
            yield step
