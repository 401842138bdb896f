"""A generation's operations as an automaton: the same steps as the driver takes, with every answer that the world can give.

A state knows what the kernel remembers and which lines it owes to the log. Nothing here repeats the order of steps: it comes from the
generation's data alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tdxwhy.noun import NamedTuple
from tdxwhy.replay.data import cause_of_answer, leaf_number
from tdxwhy.replay.generation import ModelStep, Operation
from tdxwhy.replay.moves import Moves, runs_once
from tdxwhy.replay.states import ANY, UNSEEN, Blame, Frame, Pattern, State, Symbol, assign, fits, holds, known, learn


class Kind(NamedTuple):
    """A kind of answer to a SEAMCALL, empty for any, and what becomes of it; `good`: it is taken as success."""

    kind: str
    errno: int
    print: tuple[str, ...]
    set: str = ""
    good: bool = False


class Automaton(Moves):
    """The automaton of one generation."""

    # ---- moves

    def silent(self, state: State) -> Iterator[State]:
        """Yield the states that can follow without a line."""
        if state.pending:
            if state.pending[0].many or state.pending[0].optional:
                yield self._advance(state, False)
            return
        if not state.stack:
            yield from self._asked(state)
            return
        frame = state.stack[-1]
        operation = self.operations[frame.operation]
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

    # ---- operations

    def _asked(self, state: State) -> Iterator[State]:
        boot = [one for one in self.starts if one.asked == "boot" and f"ran:{one.name}" not in state.flags]
        due = boot or [one for one in self.starts if one.always and f"ran:{one.name}" not in state.flags]
        for operation in due or self.starts:
            ran = f"ran:{operation.name}"
            if ran in state.flags or (operation.needs and not holds(operation.needs, state.flags)):
                continue
            flags = state.flags | {ran} if runs_once(operation) else state.flags
            started = state._replace(stack=(Frame(operation.name, 0),), flags=flags)
            # What an earlier attempt failed at is told by the histories without this one; the fewer states, the sooner a log is judged.
            forget = operation.attempt and state.blame is not None and not state.blame.refusal
            yield started._replace(blame=None) if forget else started

    def _finished(self, state: State, operation: Operation) -> Iterator[State]:
        frame = state.stack[-1]
        if frame.failing is not None:
            yield self._fail(state._replace(stack=state.stack[:-1]), frame.failing)
            return
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

    # ---- steps

    def _step(self, state: State, step: ModelStep) -> Iterator[State]:
        skipped = known(step.unless, state.flags) if step.unless else False
        if skipped is not False:
            yield self._next(state)
        if skipped is True:
            return
        yield from _DOES.get(step.does, Automaton._fallible)(self, state, step)

    def _do_check(self, state: State, step: ModelStep) -> Iterator[State]:
        truth = known(step.when, state.flags)
        taken = self._true(state, step) if truth is not False else None
        if taken is not None:
            yield taken
        if truth is not True:
            yield self._next(state)

    def _true(self, state: State, step: ModelStep) -> State | None:
        state = self._print(state, step.print, (("errno", step.stop or 0),) if step.stop is not None else ())
        if step.set:
            state = state._replace(flags=assign(state.flags, step.set))
        if step.stop is None:
            return self._next(state)
        if step.stop == 0 and not step.cause and not step.refusal:
            return state._replace(stack=())
        if ("=" in step.when or step.at) and not state.pending and not step.cause:
            return None  # without a word, for what the kernel remembers or the model has no word for: as if nobody had asked
        return self._fail(state, Blame(step.name, "refused", step.stop, step.cause, step.refusal))

    def _do_print(self, state: State, step: ModelStep) -> Iterator[State]:
        yield self._next(self._print(state, step.print))

    def _do_set(self, state: State, step: ModelStep) -> Iterator[State]:
        yield self._next(state._replace(flags=assign(state.flags, step.set)))

    def _do_call(self, state: State, step: ModelStep) -> Iterator[State]:
        after = self._next(state)
        yield after._replace(stack=(*after.stack, _frame(step)))

    def _do_unseen(self, state: State, step: ModelStep) -> Iterator[State]:
        passed = state._replace(pending=(*state.pending, Pattern(ANY, many=True)), flags=assign(state.flags, UNSEEN))
        yield self._next(passed)

    def _do_take_keyid(self, state: State, step: ModelStep) -> Iterator[State]:
        yield from self._fallible(state._replace(flags=assign(state.flags, "td=another")), step)

    def _do_give_keyid(self, state: State, step: ModelStep) -> Iterator[State]:
        yield self._next(state)

    def _do_last_td(self, state: State, step: ModelStep) -> Iterator[State]:
        yield self._next(state._replace(flags=assign(state.flags, "td=another")))
        yield state._replace(stack=())

    def _do_forget(self, state: State, step: ModelStep) -> Iterator[State]:
        kept = frozenset(flag for flag in state.flags if not flag.startswith(("result:", "cpus=")))
        yield self._next(state._replace(flags=kept))

    def _do_vmxon(self, state: State, step: ModelStep) -> Iterator[State]:
        yield self._next(state)
        faulted = self._print(state, step.print)
        if step.fault_errno:
            yield self._fail(faulted, Blame(self._needing(state, step), "vmxon", step.fault_errno, cause_of_answer("ud")))
        else:
            yield self._next(faulted._replace(flags=faulted.flags | {"vmx=faulted"}))
        if step.unsupported_errno:
            yield self._fail(state, Blame(self._needing(state, step), "vmx", step.unsupported_errno, cause_of_answer("ud")))

    @staticmethod
    def _needing(state: State, step: ModelStep) -> str:
        """Return the step that VMX was needed for: the first of those named until its result is known, then the last."""
        if not step.needed_by:
            return step.name
        return step.needed_by[-1 if any(flag.startswith("result:") for flag in state.flags) else 0]

    def _do_seamcall(self, state: State, step: ModelStep) -> Iterator[State]:
        remembered = next((flag for flag in state.flags if flag.startswith("result:")), None) if step.remember == "result" else None
        if remembered == "result:0":
            yield self._next(state)
            return
        if remembered is not None:
            return  # fails again without a word, as if nobody had asked again
        if step.remember == "cpu" and "cpus=some" in state.flags:
            yield self._next(state)
        yield from self._answers(state, step)

    def _do_read_metadata(self, state: State, step: ModelStep) -> Iterator[State]:
        yield from self._answers(state, step)

    def _answers(self, state: State, step: ModelStep) -> Iterator[State]:
        if not (step.each == "online-cpu" and "vmx=faulted" in state.flags):
            good = {"result": "result:0", "cpu": "cpus=some"}.get(step.remember)
            done = state._replace(flags=state.flags | {good}) if good else state
            yield self._next(self._print(done, step.always_print))
        for answer in self._kinds(state, step):
            yield self._answered(state, step, answer)

    def _answered(self, state: State, step: ModelStep, answer: Kind) -> State:
        """Return the state after one kind of answer to a SEAMCALL other than success."""
        leaf, status = step.leaf or step.name, answer.kind in ("", "status")
        named = (("leaf", leaf_number(leaf)), ("leaf_name", leaf))
        shown = self._print(state, step.print_status or answer.print, named, leaf if status else "")
        if answer.kind == "vmfailinvalid":
            shown = self._print(shown, step.print_vmfailinvalid, (("leaf", 0),))
        shown = self._print(shown, step.always_print)
        if answer.set:
            shown = shown._replace(flags=assign(shown.flags, answer.set))
        if step.ignore or answer.good:
            return self._next(shown)
        if step.remember == "result":
            shown = shown._replace(flags=shown.flags | {f"result:{answer.errno}"})
        return self._fail(shown, Blame(step.name, answer.kind or "status", answer.errno))

    def _kinds(self, state: State, step: ModelStep) -> Iterator[Kind]:
        """Yield every kind of answer with what becomes of it: what the step says itself, else the generation."""
        whole: set[str] = set()
        for one in self.generation.own_answers(step):
            truth = known(one.when, state.flags) if one.when else True
            if truth is False or {"", one.kind} & whole:
                continue
            yield Kind(one.kind, one.errno, one.print, one.set, not one.errno)
            if truth and one.status is None:
                whole.add(one.kind)
        for kind, answer in self.generation.answers.items():
            if not {"", kind} & whole:
                yield Kind(kind, answer.errno, answer.printed(registers=step.registers))

    def _fallible(self, state: State, step: ModelStep) -> Iterator[State]:
        """Take a step of the kernel's own that works, or fails with its errno (an allocation, a limit)."""
        yield self._next(state)
        if step.print_near_limit:
            yield self._next(self._print(state, step.print_near_limit))
        yield self._fail(self._print(state, step.print, (("errno", step.errno),)), Blame(step.name, step.does, step.errno, step.cause))


# What each kind of step does; any other works, or fails with its errno.
_DOES: dict[str, Callable[[Automaton, State, ModelStep], Iterator[State]]] = {
    "check": Automaton._do_check,
    "print": Automaton._do_print,
    "set": Automaton._do_set,
    "call": Automaton._do_call,
    "unseen": Automaton._do_unseen,
    "take-keyid": Automaton._do_take_keyid,
    "give-keyid": Automaton._do_give_keyid,
    "last-td": Automaton._do_last_td,
    "forget": Automaton._do_forget,
    "vmxon": Automaton._do_vmxon,
    "seamcall": Automaton._do_seamcall,
    "read-metadata": Automaton._do_read_metadata,
}


def _frame(step: ModelStep) -> Frame:
    return Frame(step.call, 0, step.each not in ("", "lead-cpu"), step.installs, step.gather_errno, step.each == "stopped-cpu")
