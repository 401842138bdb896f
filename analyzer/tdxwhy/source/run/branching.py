"""Runs of kernel code: what can go wrong in one, what came of one, and which side of a branch looks like a failure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Literal

from tdxwhy.noun import NamedTuple
from tdxwhy.source.results import prints_failure
from tdxwhy.source.run.lines import PrintedLine
from tdxwhy.source.run.values import Value
from tdxwhy.source.syntax import Expression, Statement

DecisionKind = Literal["leaf", "branch"]
# The text of a decision, as the interpreter words that an instruction with an exception table faults.
VMXON = "VMXON faults"


class Deviation(NamedTuple):
    """What goes wrong: a "leaf" is answered otherwise from its nth call on (`times`; 0: for ever), or the nth "branch" turns."""

    kind: DecisionKind
    nth: int
    leaf: Value = 0
    answer: Value = 0
    times: int = 0


class Side(NamedTuple):
    """A side of an #if that a run did not take: the function and row where it begins, and the condition under which it is compiled."""

    function: str
    row: int
    condition: str


class Decision(NamedTuple):
    """A point of a run where something can go wrong: a "leaf" that the module answers, or a "branch" with its condition.

    `about` is what stands behind the condition's variable, `fails` whether the other way gives up, `operand` what a leaf is given in RDX.
    `asker` is the place in the chain of the function that names the leaf; below it are those that ask on behalf of others. `loops` are
    the loops around, outermost first, one over packages with "/package".
    """

    kind: DecisionKind
    nth: int
    leaf: Value
    text: str
    chain: tuple[str, ...]
    row: int
    fails: bool
    about: str = ""
    operand: Value = 0
    file: str = ""
    asker: int = 0
    loops: tuple[str, ...] = ()


class CodeScope(NamedTuple):
    """The begin or end of code that runs elsewhere: a callback on CPUs ("cpus", "cpu", "stopped"), one that stays registered ("hotplug").

    `kept` are the callbacks that the kernel will call later, `call` the function that registered them, `state` what it called them;
    "lock" is the CPU hot-plug lock, "unregister" takes callbacks away again, "keyid" gives a KeyID back.
    """

    kind: str
    begins: bool
    call: str
    function: str = ""
    kept: tuple[str, ...] = ()
    state: str = ""
    row: int = 0
    file: str = ""
    chain: tuple[str, ...] = ()


class Unseen(NamedTuple):
    """Code that could not be followed, where it stands."""

    text: str
    row: int
    file: str
    chain: tuple[str, ...]


Event = PrintedLine | Decision | CodeScope | Unseen


class RunResult(NamedTuple):
    """What a run printed and returned, the points it passed, and what could not be followed.

    Of a run with a fault: how many lines stood `before` it and were there when its asker got the answer (`answered`), and what the
    functions on the way to it `returned`, by name.
    """

    lines: tuple[PrintedLine, ...]
    result: Value
    decisions: tuple[Decision, ...]
    unseen: tuple[str, ...]
    failed_at: Decision | None
    events: tuple[Event, ...] = ()
    steps: int = 0
    sides: tuple[Side, ...] = ()
    before: int = 0
    answered: int = 0
    returned: tuple[tuple[str, Value], ...] = ()


def label_in(statements: Sequence[Statement], label: str) -> int | None:
    """Return where a label stands among statements."""
    return next((index for index, each in enumerate(statements) if each.kind == "label" and each.name == label), None)


def leaves_at_all(body: Sequence[Statement]) -> bool:
    """Tell whether a branch leaves."""
    return any(each.kind in ("return", "goto", "break", "continue") for each in body)


def leaves_well(body: Sequence[Statement]) -> bool:
    """Tell whether a branch returns something that is no errno."""
    return any(each.kind == "return" and not is_errno(each.expression) for each in body)


def jumps_well(body: Sequence[Statement], tails: Sequence[tuple[Sequence[Statement], int]]) -> bool:
    """Tell whether a branch jumps to where a function ends well: to a label from which it comes to `return 0` and prints no failure."""
    jump = next((each for each in body if each.kind == "goto"), None)
    for statements, _ in reversed(tails) if jump is not None else ():
        at = label_in(statements, jump.name) if jump is not None else None
        for statement in islice(statements, at, None) if at is not None else ():
            if statement.kind == "return":
                return statement.expression is not None and statement.expression.kind == "number"
            if statement.kind in ("goto", "if", "switch", "loop") or prints_failure((statement,)):
                return False
    return False


def is_errno(value: Expression | None) -> bool:
    """Tell whether an expression is a negative errno."""
    return value is not None and value.kind == "unary" and value.text == "-" and value.parts[0].text[:1] == "E"


def gives_up(body: Sequence[Statement]) -> bool:
    """Tell whether a branch looks like a failure: it returns or sets an errno or a status, jumps out, or prints a failure."""
    for each in body:
        if each.kind in ("return", "goto", "break"):
            return each.kind != "return" or each.expression is None or each.expression.text not in ("0", "1", "true", "false")
        if each.expression is not None and each.expression.kind == "assign" and is_errno(each.expression.parts[1]):
            return True
    return prints_failure(body)


def loop_variables(expression: Expression | None) -> list[Expression]:
    """Return the variables that a loop macro sets: its plain names but the one it goes through, and what it is given by address."""
    if expression is None:
        return []
    parts = [expression]
    while parts and parts[0].kind == "comma":
        parts = [*parts[0].parts, *parts[1:]]
    addresses = [part.parts[0] for part in parts if part.kind == "unary" and part.text == "&" and part.parts[0].kind == "name"]
    return [*(part for part in parts[:1] if part.kind == "name"), *addresses]


def ends_badly(tails: Sequence[tuple[Sequence[Statement], int]]) -> bool:
    """Tell whether what follows the current statement, outwards, prints a failure or returns an errno whatever happens."""
    for statements, begin in reversed(tails):
        for statement in islice(statements, begin, None):
            if statement.kind == "expression" and prints_failure((statement,)):
                return True
            if statement.kind == "return":
                return is_errno(statement.expression)
            if statement.kind in ("goto", "break", "continue", "if", "switch", "loop", "label"):
                return False
    return False
