"""Which operations of a kernel a log can concern. The others are left out: their histories are many, and say nothing of it.

Left out is what prints no line of the log and sets nothing that an operation reads which stays, nor what became of the module. With it or
without it the same lines are printed, as many are lost, and the same ends are reached.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from tdxwhy import compiled
from tdxwhy.hints import Any
from tdxwhy.noun import NamedTuple
from tdxwhy.replay.data import MODEL, generations, leaf_number
from tdxwhy.replay.generation import Generation, ModelStep, Operation
from tdxwhy.replay.states import ANY, Symbol

# A form, and the leaf that a line of it shows, by number or by name; None where it shows none, or any.
Shown = tuple[str, int | str | None]
# What every end tells.
_TOLD = frozenset({"module", "platform"})
# What kinds of steps set beside what their rows say, and what is remembered of a SEAMCALL.
_SETS = {"take-keyid": ("td",), "last-td": ("td",), "forget": ("result", "cpus"), "vmxon": ("vmx",)}
_REMEMBERED = {"result": "result", "cpu": "cpus"}
_SEAMCALLS = ("seamcall", "read-metadata")


class Effects(NamedTuple):
    """What an operation can print, which variables it can set and read, and whether it matters `always`, whatever the log."""

    prints: frozenset[Shown]
    sets: frozenset[str]
    reads: frozenset[str]
    always: bool


def concerned(name: str, symbols: Iterable[Symbol]) -> frozenset[str]:
    """Return the operations of a generation that can matter to a log of these symbols, by name."""
    return _concerned(name, frozenset(map(_shown, symbols)))


def printers(name: str, form: str) -> frozenset[str]:
    """Return the operations of a generation that can print a form."""
    return frozenset(one for one, does in _effects(name).items() if any(printed in (form, ANY) for printed, _ in does.prints))


def _shown(symbol: Symbol) -> Shown:
    values = dict(symbol.values)
    return symbol.form, values.get("leaf", values.get("leaf_name"))


@lru_cache(256)
def _concerned(name: str, shown: frozenset[Shown]) -> frozenset[str]:
    forms, effects = {form for form, _ in shown}, _effects(name)

    def is_in_log(form: str, leaf: int | str | None) -> bool:
        return form in forms and (leaf is None or (form, leaf) in shown or (form, None) in shown)

    kept = {one for one, does in effects.items() if does.always or any(is_in_log(*two) for two in does.prints)}
    while True:
        read = frozenset().union(*(effects[one].reads for one in kept))
        more = {one for one, does in effects.items() if one not in kept and does.sets & read}
        if not more:
            return frozenset(kept)
        kept |= more


def _sources() -> Iterable[compiled.Source]:
    yield compiled.made(MODEL)
    yield from compiled.files((), bool, [f"replay/{name}.py" for name in ("concern", "data", "generation", "kept", "states", "written")])


def _made() -> dict[str, Any]:
    """Return, by generation, the effects of each operation that is asked for from outside the kernel."""
    return {
        kernel.name: {one.name: _effects_of(kernel, tuple(_with_called(kernel, one))) for one in kernel.operations.values() if one.asked}
        for kernel in generations().values()
    }


# To work them out takes as long as to follow a log.
EFFECTS = compiled.Piece("effects", _sources, _made)


@cache
def _effects(name: str) -> dict[str, Effects]:
    rows = compiled.table(EFFECTS, name).items()
    return {
        one: Effects(frozenset(map(tuple, prints)), frozenset(sets), frozenset(reads), always)
        for one, (prints, sets, reads, always) in rows
    }


def _effects_of(kernel: Generation, operations: tuple[Operation, ...]) -> tuple[list[Shown], list[str], list[str], bool]:
    """Return the effects of an operation, which stands first, and of those that it calls."""
    steps = [step for one in operations for step in one.step]
    endings = [ending for one in operations for ending in (one.on_failure, one.on_success)]
    prints = {*((form, None) for ending in endings for form in ending.print), *(one for step in steps for one in _printed(kernel, step))}
    assigned = [*(one for ending in endings for one in ending.set), *(one for step in steps for one in _set_by(kernel, step))]
    asked = [*(one.needs for one in operations), *(one for step in steps for one in _asked_by(kernel, step))]
    sets = {one.partition("=")[0] for one in assigned if one}
    reads = {one.removeprefix("not:").partition("=")[0] for one in asked if one}
    first, unseen = operations[0], any(step.does == "unseen" for step in steps)
    always = first.attempt or first.always or first.asked == "boot" or unseen or bool(sets & _TOLD)
    return sorted(prints, key=repr), sorted(sets), sorted(reads), always


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
    if step.does == "unseen":
        yield ANY, None
    if step.does not in _SEAMCALLS:
        yield from ((form, None) for form in (*step.print, *step.print_near_limit))
        return
    leaf = step.leaf or step.name
    yield from ((form, None) for form in step.always_print)
    yield from ((form, 0) for form in step.print_vmfailinvalid)
    for form in (*step.print_status, *kernel.printed_on(step)):
        args = kernel.forms[form].args
        yield form, leaf_number(leaf) if "leaf" in args else leaf if "leaf_name" in args else None
