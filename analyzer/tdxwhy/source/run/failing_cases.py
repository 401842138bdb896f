"""What users will see in each failing case of a program: every entry, every step that can fail, the lines and the errno."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tdxwhy.noun import NamedTuple
from tdxwhy.records import Naming
from tdxwhy.source.calls import calls
from tdxwhy.source.run.branching import VMXON, Decision, Deviation, RunResult, Side
from tdxwhy.source.run.case_words import answer_name, condition, dropped, errno_name, leaf_name, naming_of, unreached, unseen_callee
from tdxwhy.source.run.interpreter import Interpreter
from tdxwhy.source.run.lines import PrintedLine
from tdxwhy.source.run.program import Program
from tdxwhy.source.run.values import Unknown, Value

_MOST_FAULTS = 400
_MOST_SIDES = 24
# Of all runs together; a kernel's whole bring-up takes some 30,000.
_MOST_STEPS = 400_000


class FailingStep(NamedTuple):
    """One failing case: where one enters, the step and why it fails, the lines in order, the errno, and what is not known of it.

    `step` is the leaf's name or the function that gives up. `dropped` is what the code has in hand there and does not print.
    """

    entry: str
    step: str
    reason: str
    kind: str
    lines: tuple[PrintedLine, ...]
    errno: str
    chain: tuple[str, ...]
    names: Naming
    dropped: tuple[str, ...]
    unseen: tuple[str, ...]


def failing_steps(
    program: Program, entries: tuple[str, ...] | None = None, also: tuple[tuple[str, str], ...] = ()
) -> tuple[FailingStep, ...]:
    """Return the failing cases of a program, entry by entry in the order in which they can happen: what runs at boot comes first.

    `also` are entries to follow although they bring nothing up (what KVM does with TDs, hot-plug, a module update), each with the
    function for whose sake: what bringing up passes anyway needs no other.
    """
    found: dict[tuple[object, ...], FailingStep] = {}
    left = _MOST_STEPS
    wells = _bring_up(program, entries or program.entries())
    passed = {name for _, well in wells for decision in well.decisions for name in decision.chain} | set(dict(wells))
    others = dict.fromkeys(entry for entry, function in also if entry in program.functions and not {entry, function} & passed)
    wells += [(entry, Interpreter(program).run(entry)) for entry in others]
    for entry, well in wells:
        if left < 0:
            found[entry,] = _given_up(entry)
            break
        for part in _parts(program, entry, well):
            if part is None:
                found[entry,] = _given_up(entry)
            else:
                left = _follow(program, (entry, part), found, left - part.well.steps)
    return tuple(dict.fromkeys(found.values()))


def _follow(program: Program, entry_and_part: tuple[str, Part], found: dict[tuple[object, ...], FailingStep], left: int) -> int:
    """Add the failing cases of one part of an entry; return how many steps are left to follow."""
    entry, part = entry_and_part
    if part.taken and errno_name(part.well.result):
        found[entry, part.where] = _as_built(entry, part)
    for number, (fault, decision) in enumerate(_faults(program, part.well)):
        if left < 0 or number > _MOST_FAULTS:
            found[entry,] = _given_up(entry)
            break
        if _place(decision) in part.known:
            continue
        run = Interpreter(program, fault, part.taken).run(entry)
        left -= run.steps
        if run.failed_at is None or (fault.kind == "branch" and (run.lines, run.result) == (part.well.lines, part.well.result)):
            continue
        step = _step(program, entry, (fault, decision), run)
        key = (step.entry, step.step, step.reason)
        if (*key, *_seen(step)) not in found:
            later = isinstance(decision.operand, int) and key in found
            reason = f"{step.reason}, from {decision.operand:#x} on" if later else step.reason
            found.setdefault(key, step._replace(reason=f"{reason}{part.where}"))
            found[*key, *_seen(step)] = step._replace(reason=f"{reason}{part.where}")
    return left


def _as_built(entry: str, part: Part) -> FailingStep:
    """Return the case of a kernel that is built so that an entry fails whatever the module says."""
    run, side = part.well, max(part.taken, key=_by_row)
    chain = (entry,) if side.function == entry else (entry, side.function)
    reason = part.where.removeprefix(", where ")
    return FailingStep(
        entry,
        side.function,
        f"built where {reason}",
        "built",
        run.lines,
        errno_name(run.result),
        chain,
        naming_of(run.lines),
        (),
        run.unseen,
    )


class Part(NamedTuple):
    """A way through an entry where all goes well: the sides of #ifs that it takes, and the points that an earlier one has passed."""

    well: RunResult
    taken: frozenset[Side]
    known: frozenset[tuple[object, ...]]
    where: str


def _parts(program: Program, entry: str, well: RunResult) -> Iterator[Part | None]:
    """Yield the run that takes the first side of each #if, then one for each other side, to look at what is new; None: too many."""
    yield Part(well, frozenset(), frozenset(), "")
    known = {_place(decision) for decision in well.decisions}
    waiting = [frozenset({side}) for side in well.sides]
    met = set(well.sides)
    for _ in range(_MOST_SIDES):
        if not waiting:
            return
        taken = waiting.pop(0)
        run = Interpreter(program, None, taken).run(entry)
        yield Part(run, taken, frozenset(known), f", where {' && '.join(each.condition for each in sorted(taken, key=_by_row))}")
        known |= {_place(decision) for decision in run.decisions}
        waiting += [taken | {each} for each in run.sides if each not in met]
        met.update(run.sides)
    if waiting:
        yield None


def _by_row(side: Side) -> int:
    return side.row


def _place(decision: Decision) -> tuple[object, ...]:
    """Return where a point stands and what it is about."""
    return decision.kind, decision.leaf, decision.text, decision.row, decision.chain


def _seen(step: FailingStep) -> tuple[object, ...]:
    return tuple(line.text for line in step.lines), step.errno


def _given_up(entry: str) -> FailingStep:
    """Say that an entry has more failing cases than are followed."""
    nothing = Naming(package=False, cpu=False, cpu_state=False)
    return FailingStep(entry, entry, "further failing cases", "unseen", (), "", (entry,), nothing, (), ("more cases than are followed",))


def _bring_up(program: Program, entries: tuple[str, ...]) -> list[tuple[str, RunResult]]:
    """Return the entries that have to do with bringing TDX up, each with the run in which all goes well."""
    wells = {entry: Interpreter(program).run(entry) for entry in entries}
    boot = [entry for entry, well in wells.items() if runs_at_boot(program, entry, well)]
    asking = [entry for entry, well in wells.items() if _asks(program, entry, well)]
    passed = {name for entry in asking for decision in wells[entry].decisions for name in decision.chain}
    faults = {entry: [each.chain[-1] for each in well.decisions if each.text == VMXON] for entry, well in wells.items()}
    vmxon = [entry for entry, functions in faults.items() if not passed.issuperset(functions)]
    return [(entry, wells[entry]) for entry in dict.fromkeys((*boot, *vmxon, *asking))]


def _asks(program: Program, entry: str, well: RunResult) -> bool:
    """Tell whether an entry asks the module for a system-wide step."""
    leaves = [leaf_name(decision.leaf, decision.text) for decision in well.decisions if decision.kind == "leaf"]
    return program.functions[entry].returns in ("int", "void", "long", "bool") and any(each.startswith("TDH.SYS.") for each in leaves)


def runs_at_boot(program: Program, entry: str, well: RunResult) -> bool:
    """Tell whether an entry may run by itself while the kernel boots: it takes nothing, asks no module, and prints about TDX."""
    asks = any(decision.kind == "leaf" for decision in well.decisions)
    texts = [line.text for line in well.lines if line.call.startswith("pr_")]
    ours = any("tdx" in text.lower() for text in (*texts, program.files.get(entry, "")))
    return not asks and not any(program.functions[entry].parameters) and bool(texts) and ours


def _faults(program: Program, well: RunResult) -> Iterator[tuple[Deviation, Decision]]:
    """Yield what can go wrong in a run: each leaf in each way it can be answered, and each branch that gives up."""
    met: set[tuple[object, ...]] = set()
    asked: Counter[str] = Counter()
    for decision in well.decisions:
        asked[str(decision.leaf)] += decision.kind == "leaf"
        operand = decision.operand if isinstance(decision.operand, int) else 0
        key = (decision.kind, decision.leaf, decision.text, decision.row, decision.chain[-1], decision.chain[0], operand)
        if key in met or not decision.fails:
            continue
        met.add(key)
        if decision.kind == "leaf":
            for answer in _answers(program):
                yield Deviation("leaf", asked[str(decision.leaf)], decision.leaf, answer), decision
        else:
            yield Deviation("branch", decision.nth), decision


def _answers(program: Program) -> Iterator[Value]:
    """Yield how a SEAMCALL can be answered: with a status, or not at all."""
    yield Unknown("status", failed=True)
    for name in calls().unreached:
        if name in program.defines or name in program.constants:
            yield unreached(program, name)


def _step(program: Program, entry: str, point: tuple[Deviation, Decision], run: RunResult) -> FailingStep:
    fault, decision = point
    chain = decision.chain
    if fault.kind == "leaf":
        step, reason = leaf_name(decision.leaf, decision.text), answer_name(program, fault.answer)
    else:
        step, reason = chain[-1], condition(decision)
    names = naming_of(run.lines)
    unseen = (*run.unseen, *unseen_callee(program, fault, decision))
    return FailingStep(
        entry, step, reason, fault.kind, run.lines, errno_name(run.result), chain, names, dropped(program, decision, names), unseen
    )


def described(step: FailingStep) -> str:
    """Write the chain of a failing case: entry() > ... > function()."""
    return " > ".join(f"{name}()" for name in dict.fromkeys(step.chain))
