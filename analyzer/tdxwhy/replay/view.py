"""The reference model as rows: every step in order, where it runs, and what each failure prints and returns. All from the data."""

from __future__ import annotations

from collections.abc import Iterator

from tdxwhy.noun import NamedTuple
from tdxwhy.replay.generation import Generation, ModelStep, Operation


class Failing(NamedTuple):
    """One way in which a step fails: how, the forms that it prints, the errno, and whether nothing of it is in the log."""

    how: str
    lines: tuple[str, ...]
    errno: int

    @property
    def silent(self) -> bool:
        """Tell whether the log shows nothing at all."""
        return not self.lines


class Row(NamedTuple):
    """One step as it stands in the picture."""

    operation: str
    asked: str
    name: str
    what: str
    where: str
    prints: tuple[str, ...]
    failing: tuple[Failing, ...]


_WHERE = {
    "online-cpu": "each online CPU",
    "package": "one CPU per package",
    "tdmr": "each TDMR",
    "control-page": "each control page",
    "added-page": "each control page that was added",
    "stopped-cpu": "all online CPUs at once",
    "lead-cpu": "CPU 0, all others waiting",
}
_WHAT = {
    "vmxon": "VMXON",
    "memory-list": "list memory",
    "allocate": "allocate",
    "fill-tdmrs": "fill TDMRs",
    "allocate-pamts": "allocate PAMTs",
    "reserve-areas": "reserve areas",
    "read-metadata": "read metadata",
    "take-keyid": "take a KeyID",
    "give-keyid": "give the KeyID back",
    "last-td": "turn to the last TD",
    "allocate-td-pages": "allocate the TD's pages",
    "forget": "forget that the module was started",
    "print": "print",
}
_ANSWERS = {"": "any other answer", "status": "a status", "ud": "#UD", "gp": "#GP", "vmfailinvalid": "VMfailInvalid"}


def rows(generation: Generation) -> Iterator[Row]:
    """Yield every step of every operation that somebody asks for, in order, calls opened up."""
    for operation in generation.operations.values():
        if operation.asked:
            yield from _open(generation, operation, operation, "", ())


def _open(generation: Generation, top: Operation, operation: Operation, where: str, closing: tuple[str, ...]) -> Iterator[Row]:
    closing = operation.on_failure.print + closing
    for step in operation.step:
        here = _WHERE.get(step.each, where)
        if step.call:
            yield from _open(generation, top, generation.operations[step.call], here, closing)
        elif step.does != "set":
            failing = tuple(_failing(generation, step, closing))
            place = "the first online CPU, once" if step.remember == "result" else here or "the caller's CPU"
            yield Row(top.name, top.asked, step.name, _what(step), place, _shown(generation, _always(step)), failing)
    if operation.on_success.print:
        shown = _shown(generation, operation.on_success.print)
        yield Row(top.name, top.asked, "done", "success", where or "the caller's CPU", shown, ())


def _what(step: ModelStep) -> str:
    if step.at:
        return step.at
    if step.does == "check":
        return step.when.removeprefix("not:").replace("=", " is ").replace("-", " ") + "?"
    if step.does == "seamcall":
        return step.leaf or step.name
    return _WHAT[step.does] + (f" ({step.kind})" if step.kind and step.does == "allocate" else "")


def _always(step: ModelStep) -> tuple[str, ...]:
    return step.print if step.does == "print" else step.always_print


def _failing(generation: Generation, step: ModelStep, closing: tuple[str, ...]) -> Iterator[Failing]:
    if step.does in ("seamcall", "read-metadata"):
        for each in generation.own_answers(step):
            what = (_ANSWERS[each.kind] if each.status is None else f"{each.status:#018x}") + _remembered(each.when)
            yield Failing(what, _shown(generation, each.print + (closing if each.errno and not step.ignore else ())), each.errno)
        for kind, answer in generation.left_open(step):
            own = step.print_status or answer.printed(registers=step.registers)
            own += step.print_vmfailinvalid if kind == "vmfailinvalid" else ()
            yield Failing(_ANSWERS[kind], _shown(generation, own + (() if step.ignore else closing)), answer.errno)
    elif step.does == "check" and step.stop is not None and (step.stop or step.print):
        yield Failing("yes", _shown(generation, step.print + (closing if step.stop else ())), step.stop)
    elif step.fault_errno:
        yield Failing("fault", _shown(generation, step.print + closing), step.fault_errno)
    elif step.errno:
        yield Failing("fails", _shown(generation, step.print + closing), step.errno)


def _remembered(when: str) -> str:
    return f" ({when.replace('=', ' is ')})" if when else ""


def _shown(generation: Generation, forms: tuple[str, ...]) -> tuple[str, ...]:
    found = (generation.forms[name] for name in forms)
    return tuple(form.format or f"WARNING at {form.warning}" for form in found)
