"""What a failing case is called, and what its lines leave out."""

from __future__ import annotations

import re
from functools import cache

from tdxwhy.know.decode import decode_leaf
from tdxwhy.know.names import named
from tdxwhy.records import Naming
from tdxwhy.source.calls import calls
from tdxwhy.source.results import STATUS
from tdxwhy.source.run.branching import Decision, Deviation
from tdxwhy.source.run.interpreter import Interpreter
from tdxwhy.source.run.lines import PrintedLine
from tdxwhy.source.run.program import Program, errnos
from tdxwhy.source.run.values import SymbolicName, Unknown, Value, is_error
from tdxwhy.source.syntax import Function, inner, statement_expressions

_CPU = re.compile(r"(?:this_|target_|lead_|extcpu)?cpu")
_CALLED = re.compile(r"(?P<name>\w+)\(.*\)$", re.DOTALL)
_UNREACHED = {"VMFAILINVALID": "module not reached (VMfailInvalid)", "GP": "#GP", "UD": "#UD"}


def condition(decision: Decision) -> str:
    """Say what a branch gives up on: of a variable that holds a call's result, the call."""
    call = _CALLED.match(decision.about)
    if call is None or decision.text.startswith("WARN"):
        return decision.text
    if decision.text.startswith("!"):
        return f"{call['name']}() returns NULL"
    return f"{call['name']}() fails" if STATUS.fullmatch(decision.text) else decision.text


def leaf_name(leaf: Value, text: str) -> str:
    """Return what a leaf is called: by the table of leaves, by its number, or as it is written."""
    known = decode_leaf(leaf) if isinstance(leaf, int) else None
    return known.name if known else str(leaf) if isinstance(leaf, int) else text


def answer_name(program: Program, answer: Value) -> str:
    """Return what a SEAMCALL is answered with: a status, or why the module is not reached."""
    if isinstance(answer, Unknown):
        return "status"
    for name in calls().unreached:
        if answer == SymbolicName(name) or answer == unreached(program, name):
            return next((text for key, text in _UNREACHED.items() if name.endswith(key)), name)
    return f"{answer:#x}" if isinstance(answer, int) else str(answer)


def unreached(program: Program, name: str) -> Value:
    """Return what the stub hands back when the module is not reached."""
    value = Interpreter(program).constant(name)
    return SymbolicName(name) if isinstance(value, Unknown) else value


@cache
def _errno_names() -> dict[int, str]:
    return {number: name for name, number in errnos().items()}


def errno_name(result: Value) -> str:
    """Return `-EIO` of a returned value, "" where no error comes back, and words where its number is not known."""
    if isinstance(result, int) and -4095 <= result < 0:
        return f"-{_errno_names().get(-result, str(-result))}"
    return f"error of {result.text}" if isinstance(result, Unknown) and is_error(result) else ""


def naming_of(lines: tuple[PrintedLine, ...]) -> Naming:
    """Return what lines name together."""
    found = [named(line.format, line.args) for line in lines]
    traced = any(line.text.startswith("WARNING: CPU: ") for line in lines)
    return Naming(any(each.package for each in found), traced or any(each.cpu for each in found), any(each.cpu_state for each in found))


def unseen_callee(program: Program, fault: Deviation, decision: Decision) -> list[str]:
    """Say of a branch on the result of a function outside the program that what it prints is not seen."""
    if fault.kind != "branch":
        return []
    names = [name for name in re.findall(r"\b(\w+)\(", decision.text) if program.function(name) is None]
    table = calls()
    return [f"what {name}() prints" for name in names if table.firmware.fullmatch(name) and not table.silent.fullmatch(name)]


def dropped(program: Program, decision: Decision, names: Naming) -> tuple[str, ...]:
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
