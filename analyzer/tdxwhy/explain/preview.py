"""What users will see in each failing case of a kernel tree, and what a patch makes better or worse."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from tdxwhy.errors import NothingToJudge
from tdxwhy.noun import NamedTuple
from tdxwhy.records import Naming
from tdxwhy.source.loops import silent_loops
from tdxwhy.source.run.failing_cases import FailingStep, described, failing_steps
from tdxwhy.source.run.interpreter import Interpreter
from tdxwhy.source.run.lines import PrintedLine
from tdxwhy.source.run.program import Program

Change = Literal["", "same", "better", "worse", "changed", "new", "gone"]
PACKAGE_STEP = "package without an online CPU"
# Every public module counts the CPUs: TDH.SYS.CONFIG is refused with SYS_CONFIG_NOT_PENDING until all have run TDH.SYS.LP.INIT
# (intel/tdx-module 1.5.01, src/vmm_dispatcher/api_calls/tdh_sys_config.c).
COUNTED_STEP = "package without an online CPU, module that counts CPUs"
_PACKAGE_CHECK = re.compile(r"topology_max_packages|packages|pkg|cpumask_(?:weight|equal|subset|full)")
_LOUD = frozenset({"err", "warn", "crit", "alert", "emerg", "notice", "info", "default"})


class PreviewLine(NamedTuple):
    """A line as users will see it, unknown values in braces."""

    level: str
    text: str


class PreviewRow(NamedTuple):
    """One failing case: what is seen, what comes back, what is named, and whether the lines tell it from all other cases."""

    entry: str
    step: str
    reason: str
    lines: tuple[PreviewLine, ...]
    errno: str
    names: Naming
    told: bool
    chain: str
    dropped: tuple[str, ...]
    unseen: tuple[str, ...]


class PreviewPair(NamedTuple):
    """A failing case before and after a patch; without a patch only `before` is there."""

    before: PreviewRow | None
    after: PreviewRow | None
    change: Change

    @property
    def row(self) -> PreviewRow:
        """Return the case as it stands in the end."""
        found = self.after or self.before
        assert found is not None  # noqa: S101 - one of the two is always there
        return found


class Preview(NamedTuple):
    """The failing cases of a tree, and what could not be applied or followed."""

    tree: str
    patch: str
    pairs: tuple[PreviewPair, ...]
    troubles: tuple[str, ...]


def preview(tree: str, before: Program, after: Program | None = None, changed: Sequence[str] = ()) -> Preview:
    """Lay the failing cases of a tree before and after a patch side by side; `changed` are the functions that the patch changes."""
    also = touched_entries(after, changed) if after is not None else ()
    old = rows_of(before, also)
    if not old and after is None:
        raise NothingToJudge(f"{tree}: no function here that could be followed brings the TDX module up")
    if after is None:
        return Preview(tree, "", tuple(PreviewPair(row, None, "") for row in old), ())
    return Preview(tree, "", tuple(pairs_of(old, rows_of(after, also))), ())


def changed_functions(before: Mapping[str, str], after: Mapping[str, str], program: Program) -> tuple[str, ...]:
    """Return the functions of the program after a patch whose text is nowhere in the same file before it."""
    found = []
    for source in program.sources:
        old, new = before.get(source.path, ""), after.get(source.path, "")
        if old == new:
            continue
        lines = new.splitlines()
        texts = ((each.name, "\n".join(lines[each.first - 1 : each.last])) for each in source.unit.functions)
        found += [name for name, text in texts if text not in old]
    return tuple(found)


_MOST_ABOVE = 24
_OF_TDX = re.compile(r"tdx|seam")


def touched_entries(program: Program, changed: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return for each changed function of TDX's files the outermost caller from which a run in which all goes well passes it."""
    found = []
    for name in (each for each in changed if _OF_TDX.search(program.files.get(each, ""))):
        above = [name]
        for each in above:
            callers = (one.name for one in program.functions.values() if each in one.mentions and one.name not in above)
            above += list(callers)[: _MOST_ABOVE - len(above)]
        entry = next((each for each in reversed(above) if each == name or _passes(program, each, name)), None)
        if entry is not None:
            found.append((entry, name))
    return tuple(found)


def _passes(program: Program, entry: str, name: str) -> bool:
    return any(name in decision.chain for decision in Interpreter(program).run(entry).decisions)


def rows_of(program: Program, also: tuple[tuple[str, str], ...] = ()) -> tuple[PreviewRow, ...]:
    """Return the failing cases of a program, with the one of a package that has no online CPU."""
    steps = [step for step in failing_steps(program, also=also) if _fails(step)]
    steps = _with_package_step(program, steps)
    seen = Counter(_signature(step.lines) for step in steps)
    return tuple(_row(step, told=bool(step.lines) and seen[_signature(step.lines)] == 1) for step in steps)


def _fails(step: FailingStep) -> bool:
    """Tell whether a case is a failure: the module refuses, an errno comes back, or a function gives up early; a mere warning is none."""
    return step.kind == "leaf" or bool(step.errno) or not any("initialized" in line.text for line in step.lines)


def _signature(lines: Sequence[PrintedLine]) -> tuple[str, ...]:
    return tuple(line.text for line in lines if line.level in _LOUD)


def _row(step: FailingStep, *, told: bool) -> PreviewRow:
    lines = tuple(PreviewLine(line.level, line.text) for line in step.lines)
    return PreviewRow(step.entry, step.step, step.reason, lines, step.errno, step.names, told, described(step), step.dropped, step.unseen)


def _with_package_step(program: Program, steps: list[FailingStep]) -> list[FailingStep]:
    """Add the cases of a package without an online CPU, which a module or the code itself finds: whoever refuses first.

    The code may look for it by itself. If not, a loop over online CPUs passes it over, and the next leaf is refused. A module that
    counts the CPUs refuses before that.
    """
    counted = _counted(steps)
    for index, step in enumerate(steps):
        if step.kind == "branch" and _PACKAGE_CHECK.search(step.reason) and (step.names.package or step.names.cpu_state):
            before = [f"; {each.step} fails before where the module counts CPUs" for each in counted if each in steps[:index]]
            found = step._replace(step=PACKAGE_STEP, reason=f"{step.chain[-1]}() finds {step.reason}{''.join(before)}")
            return [*steps[:index], found, *steps[index + 1 :], *(_counting(each) for each in counted if before)]
    passed = {name for step in steps for name in step.chain}
    for name, function in [each for each in program.functions.items() if each[0] in passed]:
        if not any(condition.startswith("a package") for condition, _ in silent_loops(function, program.functions)):
            continue
        inside = [index for index, step in enumerate(steps) if name in step.chain]
        later = [step for step in steps[inside[-1] + 1 :] if step.kind == "leaf" and step.reason == "status"] if inside else []
        if later:
            reason = f"{name}() does not visit it; {later[0].step} fails later"
            found = later[0]._replace(step=PACKAGE_STEP, reason=reason, dropped=steps[inside[-1]].dropped)
            return [*steps, *(_counting(each) for each in counted), found]
    return steps


def _counted(steps: Sequence[FailingStep]) -> list[FailingStep]:
    """Return the refusal by which a module that counts CPUs ends bring-up where the kernel itself has to reach every CPU."""
    reached = any(step.step == "TDH.SYS.LP.INIT" for step in steps)
    return [step for step in steps if step.step == "TDH.SYS.CONFIG" and step.reason == "status"][:1] if reached else []


def _counting(step: FailingStep) -> FailingStep:
    """Make the refusal of a module that counts CPUs the case of a package without one online."""
    return step._replace(step=COUNTED_STEP, reason=f"no CPU of it runs TDH.SYS.LP.INIT; {step.step} fails")


def pairs_of(old: Sequence[PreviewRow], new: Sequence[PreviewRow]) -> list[PreviewPair]:
    """Put the same case before and after a patch side by side."""
    before = {_key(row): row for row in old}
    found = []
    for row in new:
        match = before.pop(_key(row), None)
        found.append(PreviewPair(match, row, _change(match, row)))
    found.extend(PreviewPair(row, None, "gone") for row in before.values())
    return found


def _key(row: PreviewRow) -> tuple[str, ...]:
    return (row.entry, row.step) if row.step in (PACKAGE_STEP, COUNTED_STEP) else (row.entry, row.step, row.reason)


def _change(old: PreviewRow | None, new: PreviewRow) -> Change:
    """Say whether users are better off: more is named, or something is said where nothing was."""
    if old is None:
        return "new"
    if (old.lines, old.errno) == (new.lines, new.errno):
        return "same"
    gain, loss = _worth(new), _worth(old)
    if gain == loss:
        added, taken = set(new.lines) - set(old.lines), set(old.lines) - set(new.lines)
        return "changed" if bool(added) == bool(taken) else "better" if added else "worse"
    return "better" if gain > loss else "worse"


def _worth(row: PreviewRow) -> tuple[int, int, int, int]:
    """Weigh a case for users: does the failure come back at all, what is named, is anything said, can it be told from others."""
    return (int(bool(row.errno)), sum(row.names), int(bool(row.lines)), int(row.told))


def worse(shown: Preview) -> list[PreviewPair]:
    """Return the cases in which users are worse off after the patch: less is named, or a new failing case says nothing."""
    return [pair for pair in shown.pairs if pair.change == "worse" or (pair.change == "new" and not pair.row.lines)]
