"""Which operations of a kernel a log can concern. The others are left out: their histories are many, and say nothing of it.

Left out is what prints no line of the log and sets nothing that an operation reads which stays, nor what became of the module. With it or
without it the same lines are printed, as many are lost, and the same ends are reached.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from tdxwhy.noun import NamedTuple
from tdxwhy.replay.data import generations, leaf_number
from tdxwhy.replay.generation import Generation, ModelStep, Operation
from tdxwhy.replay.states import Symbol

# A form, and the leaf that a line of it shows, by number or by name; None where it shows none, or any.
Shown = tuple[str, int | str | None]
# What every end tells.
_TOLD = frozenset({"module", "platform"})
# What kinds of steps set beside what their rows say, and what is remembered of a SEAMCALL.
_SETS = {"take-keyid": ("td",), "last-td": ("td",), "forget": ("result", "cpus"), "vmxon": ("vmx",)}
_REMEMBERED = {"result": "result", "cpu": "cpus"}
_SEAMCALLS = ("seamcall", "read-metadata")


class Effects(NamedTuple):
    """What an operation can print, and which variables it can set and read; `unseen`: nobody has read all of its code."""

    prints: frozenset[Shown]
    sets: frozenset[str]
    reads: frozenset[str]
    unseen: bool


def concerned(name: str, symbols: Iterable[Symbol]) -> frozenset[str]:
    """Return the operations of a generation that can matter to a log of these symbols, by name."""
    return _concerned(name, frozenset(map(_shown, symbols)))


def printers(name: str, form: str) -> frozenset[str]:
    """Return the operations of a generation that can print a form, and those of which nobody knows what they print."""
    return frozenset(one for one, effects in _effects(name).items() if effects.unseen or any(form == other for other, _ in effects.prints))


def _shown(symbol: Symbol) -> Shown:
    values = dict(symbol.values)
    return symbol.form, values.get("leaf", values.get("leaf_name"))


@lru_cache(256)
def _concerned(name: str, shown: frozenset[Shown]) -> frozenset[str]:
    forms, effects = {form for form, _ in shown}, _effects(name)

    def is_in_log(form: str, leaf: int | str | None) -> bool:
        return form in forms and (leaf is None or (form, leaf) in shown or (form, None) in shown)

    started = [one for one in generations()[name].operations.values() if one.asked]
    kept = {one.name for one in started if _always(one, effects[one.name]) or any(is_in_log(*two) for two in effects[one.name].prints)}
    while True:
        read = frozenset().union(*(effects[one].reads for one in kept))
        more = {one.name for one in started if one.name not in kept and effects[one.name].sets & read}
        if not more:
            return frozenset(kept)
        kept |= more


def _always(operation: Operation, effects: Effects) -> bool:
    """Tell whether an operation matters to every log."""
    return operation.attempt or operation.always or operation.asked == "boot" or effects.unseen or bool(effects.sets & _TOLD)


@cache
def _effects(name: str) -> dict[str, Effects]:
    """Return the effects of each operation that is asked for from outside the kernel."""
    kernel = generations()[name]
    return {one.name: _effects_of(kernel, tuple(_with_called(kernel, one))) for one in kernel.operations.values() if one.asked}


def _effects_of(kernel: Generation, operations: tuple[Operation, ...]) -> Effects:
    steps = [step for one in operations for step in one.step]
    endings = [ending for one in operations for ending in (one.on_failure, one.on_success)]
    assigned = [*(one for ending in endings for one in ending.set), *(one for step in steps for one in _set_by(kernel, step))]
    asked = [*(one.needs for one in operations), *(one for step in steps for one in _asked_by(kernel, step))]
    return Effects(
        frozenset(
            [*((form, None) for ending in endings for form in ending.print), *(one for step in steps for one in _printed(kernel, step))]
        ),
        frozenset(one.partition("=")[0] for one in assigned if one),
        frozenset(one.removeprefix("not:").partition("=")[0] for one in asked if one),
        any(step.does == "unseen" for step in steps),
    )


def _with_called(kernel: Generation, operation: Operation) -> Iterator[Operation]:
    """Yield an operation and those that it calls."""
    yield operation
    for name in (*(step.call for step in operation.step), operation.on_failure.call):
        if name:
            yield from _with_called(kernel, kernel.operations[name])


def _set_by(kernel: Generation, step: ModelStep) -> Iterator[str]:
    yield from (step.set, step.installs, _REMEMBERED.get(step.remember, ""), *_SETS.get(step.does, ()))
    yield from (one.set for one in kernel.own_answers(step))


def _asked_by(kernel: Generation, step: ModelStep) -> Iterator[str]:
    yield from (step.when, step.unless, _REMEMBERED.get(step.remember, ""))
    yield from (one.when for one in kernel.own_answers(step))
    if step.does in _SEAMCALLS:
        yield "vmx"
    if step.needed_by:
        yield "result"


def _printed(kernel: Generation, step: ModelStep) -> Iterator[Shown]:
    """Yield what a step can print, whichever way it goes."""
    if step.does not in _SEAMCALLS:
        yield from ((form, None) for form in (*step.print, *step.print_near_limit))
        return
    leaf = step.leaf or step.name
    yield from ((form, None) for form in step.always_print)
    yield from ((form, 0) for form in step.print_vmfailinvalid)
    for form in (*step.print_status, *kernel.printed_on(step)):
        args = kernel.forms[form].args
        yield form, leaf_number(leaf) if "leaf" in args else leaf if "leaf_name" in args else None
