"""What users will see in each failing case of a program: every entry, every step that can fail, the lines and the errno."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

from tdxwhy.know.decode import decode_leaf
from tdxwhy.know.names import named
from tdxwhy.noun import NamedTuple
from tdxwhy.records import Naming
from tdxwhy.source.calls import calls
from tdxwhy.source.results import STATUS as _STATUS
from tdxwhy.source.run.branching import Decision, Deviation, RunResult, Side
from tdxwhy.source.run.interpreter import Interpreter
from tdxwhy.source.run.lines import PrintedLine
from tdxwhy.source.run.program import Program, errnos
from tdxwhy.source.run.values import SymbolicName, Unknown, Value, is_error
from tdxwhy.source.syntax import Function, inner, statement_expressions

_MOST_FAULTS = 400
_MOST_SIDES = 24
# Of all runs together; a kernel's whole bring-up takes some 30,000.
_MOST_STEPS = 400_000
_CPU = re.compile(r"(?:this_|target_|lead_|extcpu)?cpu")
_CALLED = re.compile(r"(?P<name>\w+)\(.*\)$", re.DOTALL)
VMXON = "VMXON faults"
_UNREACHED = {"VMFAILINVALID": "module not reached (VMfailInvalid)", "GP": "#GP", "UD": "#UD"}


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
        entry, side.function, f"built where {reason}", "built", run.lines, errno_name(run.result), chain, _names(run.lines), (), run.unseen
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
    leaves = [_leaf_name(decision.leaf, decision.text) for decision in well.decisions if decision.kind == "leaf"]
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


def unreached(program: Program, name: str) -> Value:
    """Return what the stub hands back when the module is not reached."""
    value = Interpreter(program).constant(name)
    return SymbolicName(name) if isinstance(value, Unknown) else value


def _step(program: Program, entry: str, point: tuple[Deviation, Decision], run: RunResult) -> FailingStep:
    fault, decision = point
    chain = decision.chain
    if fault.kind == "leaf":
        step, reason = _leaf_name(decision.leaf, decision.text), _answer_name(program, fault.answer)
    else:
        step, reason = chain[-1], _condition(decision)
    names = _names(run.lines)
    unseen = (*run.unseen, *_unseen_callee(program, fault, decision))
    return FailingStep(
        entry, step, reason, fault.kind, run.lines, errno_name(run.result), chain, names, _dropped(program, decision, names), unseen
    )


def _condition(decision: Decision) -> str:
    """Say what a branch gives up on: of a variable that holds a call's result, the call."""
    call = _CALLED.match(decision.about)
    if call is None or decision.text.startswith("WARN"):
        return decision.text
    if decision.text.startswith("!"):
        return f"{call['name']}() returns NULL"
    return f"{call['name']}() fails" if _STATUS.fullmatch(decision.text) else decision.text


def _leaf_name(leaf: Value, text: str) -> str:
    known = decode_leaf(leaf) if isinstance(leaf, int) else None
    return known.name if known else str(leaf) if isinstance(leaf, int) else text


def _answer_name(program: Program, answer: Value) -> str:
    if isinstance(answer, Unknown):
        return "status"
    for name in calls().unreached:
        if answer == SymbolicName(name) or answer == unreached(program, name):
            return next((text for key, text in _UNREACHED.items() if name.endswith(key)), name)
    return f"{answer:#x}" if isinstance(answer, int) else str(answer)


@cache
def _errno_names() -> dict[int, str]:
    return {number: name for name, number in errnos().items()}


def errno_name(result: Value) -> str:
    """Return `-EIO` of a returned value, "" where no error comes back, and words where its number is not known."""
    if isinstance(result, int) and -4095 <= result < 0:
        return f"-{_errno_names().get(-result, str(-result))}"
    return f"error of {result.text}" if isinstance(result, Unknown) and is_error(result) else ""


def _names(lines: tuple[PrintedLine, ...]) -> Naming:
    found = [named(line.format, line.args) for line in lines]
    traced = any(line.text.startswith("WARNING: CPU: ") for line in lines)
    return Naming(any(each.package for each in found), traced or any(each.cpu for each in found), any(each.cpu_state for each in found))


def _unseen_callee(program: Program, fault: Deviation, decision: Decision) -> list[str]:
    """Say of a branch on the result of a function outside the program that what it prints is not seen."""
    if fault.kind != "branch":
        return []
    names = [name for name in re.findall(r"\b(\w+)\(", decision.text) if program.function(name) is None]
    table = calls()
    return [f"what {name}() prints" for name in names if table.firmware.fullmatch(name) and not table.silent.fullmatch(name)]


def _dropped(program: Program, decision: Decision, names: Naming) -> tuple[str, ...]:
    """Say which CPU and package the functions on the way have in hand, where no line names them."""
    found: dict[str, None] = {}
    for name in decision.chain:
        function = program.functions.get(name)
        if function is None:
            continue
        before = decision.row if name == decision.chain[-1] else function.last
        for word, row in _in_hand(program, function):
            if row <= before and not (names.cpu if _CPU.fullmatch(word) else names.package):
                found[f"{name}() has {word}" if _CPU.fullmatch(word) else f"{name}() has {word}()"] = None
    return tuple(found)


def _in_hand(program: Program, function: Function) -> tuple[tuple[str, int], ...]:
    """Return the names in a function that say which CPU or package, each with its first row."""
    known = program.in_hand.get(function.name)
    if known is None:
        rows: dict[str, int] = {}
        for expression in (each for statement in function.body for each in statement_expressions(statement)):
            for each in inner(expression):
                if each.kind == "name" and (_CPU.fullmatch(each.text) or calls().package_calls.fullmatch(each.text)):
                    rows[each.text] = min(each.row, rows.get(each.text, each.row))
        known = program.in_hand[function.name] = tuple(sorted(rows.items(), key=lambda each: not _CPU.fullmatch(each[0])))
    return known


def described(step: FailingStep) -> str:
    """Write the chain of a failing case: entry() > ... > function()."""
    return " > ".join(f"{name}()" for name in dict.fromkeys(step.chain))
