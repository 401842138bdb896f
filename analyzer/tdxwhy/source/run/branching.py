"""Runs of kernel code: what can go wrong in one, what came of one, and which side of a branch looks like a failure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from tdxwhy.source.results import prints_failure
from tdxwhy.source.run.lines import Line
from tdxwhy.source.run.values import Value
from tdxwhy.source.syntax import Expression, Statement


class Fault(NamedTuple):
    """What goes wrong: a "leaf" is answered otherwise from its nth call on (`times`; 0: for ever), or the nth "branch" turns."""

    kind: str
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
    """

    kind: str
    nth: int
    leaf: Value
    text: str
    chain: tuple[str, ...]
    row: int
    fails: bool
    about: str = ""
    operand: Value = 0


class Run(NamedTuple):
    """What a run printed and returned, the points it passed, and what could not be followed."""

    lines: tuple[Line, ...]
    result: Value
    decisions: tuple[Decision, ...]
    unseen: tuple[str, ...]
    failed_at: Decision | None
    events: tuple[Line | Decision, ...] = ()
    steps: int = 0
    sides: tuple[Side, ...] = ()


def label_in(statements: Sequence[Statement], label: str) -> int | None:
    """Return where a label stands among statements."""
    return next((index for index, each in enumerate(statements) if each.kind == "label" and each.name == label), None)


def leaves_at_all(body: Sequence[Statement]) -> bool:
    """Tell whether a branch leaves."""
    return any(each.kind in ("return", "goto", "break", "continue") for each in body)


def leaves_well(body: Sequence[Statement]) -> bool:
    """Tell whether a branch returns something that is no errno."""
    return any(each.kind == "return" and not is_errno(each.expression) for each in body)


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
