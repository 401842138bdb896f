"""C as we look at it: statements and expressions, free of the parser that made them, so that they can be kept and walked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tdxwhy.hints import Literal
from tdxwhy.noun import NamedTuple

ExpressionKind = Literal[
    "name",
    "number",
    "string",
    "call",
    "unary",
    "binary",
    "assign",
    "member",
    "index",
    "choice",
    "comma",
    "list",
    "pair",
    "postfix",
    "block",
    "other",
]
StatementKind = Literal[
    "expression", "declare", "return", "goto", "break", "continue", "label", "if", "loop", "switch", "case", "either", "fatal", "other"
]


class Expression(NamedTuple):
    """An expression. `kind` says what `text` and `parts` mean.

    name, number, string: text. call: parts are the callee and the arguments. unary, binary, assign: text is the operator.
    member: text is the field, index: parts are base and index. choice: condition, then, else. list: an initialiser, pair: text is its
    designator. assign: of i++, whose value is the one before, a third part says "postfix". block: a statement expression, its
    statements in `block`. other: anything else, kept as text.
    """

    kind: ExpressionKind
    text: str
    row: int
    parts: tuple[Expression, ...] = ()
    block: tuple[Statement, ...] = ()


class Statement(NamedTuple):
    """A statement: its kind, its expression, a name (label, variable, loop macro), the rows it covers, and what is in it.

    if: body and orelse. loop: body, and in orelse what a `for` does after each round; `name` is the keyword or macro. switch: body holds
    `case` statements. either: body and orelse are the two sides of an #if, `name` its condition. declare: `name` is the variable,
    `expression` its initialiser, `static` tells that it outlives the call.
    """

    kind: StatementKind
    first: int
    last: int
    expression: Expression | None = None
    name: str = ""
    body: tuple[Statement, ...] = ()
    orelse: tuple[Statement, ...] = ()
    static: bool = False


class Function(NamedTuple):
    """A function or function-like macro; `condition` is that of the #if around it.

    `mentions` are the names in its text, those that are called through a member of a structure once more as "->name".
    """

    name: str
    parameters: tuple[str, ...]
    body: tuple[Statement, ...]
    first: int
    last: int
    macro: bool = False
    returns: str = ""
    static: bool = False
    condition: str = ""
    mentions: tuple[str, ...] = ()


class Define(NamedTuple):
    """A #define: its parameters, None where it is no function, and its body as text."""

    name: str
    parameters: tuple[str, ...] | None
    body: str
    row: int


class Unit(NamedTuple):
    """What a C text defines: functions, enumerators, variables with their initialisers, top-level calls, macros and what it includes."""

    functions: tuple[Function, ...]
    constants: tuple[tuple[str, Expression], ...]
    variables: tuple[tuple[str, Expression | None], ...]
    calls: tuple[Expression, ...]
    defines: tuple[Define, ...] = ()
    includes: tuple[str, ...] = ()
    prefix: str = ""


def negated(condition: str) -> str:
    """Write the condition of an #else."""
    if condition.startswith("!") and condition[1:].replace("_", "").isalnum():
        return condition[1:]
    simple = condition.replace("_", "").isalnum() or (condition.endswith(")") and condition.count("(") == 1 and " " not in condition)
    return f"!{condition}" if simple else f"!({condition})" if condition else ""


def all_of(*conditions: str) -> str:
    """Join conditions that all hold."""
    return " && ".join(dict.fromkeys(each for each in conditions if each))


def inner(expression: Expression | None) -> Iterator[Expression]:
    """Yield an expression and all inside it, arguments before the call that takes them."""
    if expression is None:
        return
    stack: list[tuple[Expression, bool]] = [(expression, False)]
    while stack:
        current, done = stack.pop()
        if done:
            yield current
            continue
        stack.append((current, True))
        stack.extend((part, False) for part in reversed(current.parts))
        for statement in current.block:
            stack.extend((each, False) for each in statement_expressions(statement))


def statement_expressions(statement: Statement) -> Iterator[Expression]:
    """Yield the expressions of a statement and of all in it."""
    for each in walk((statement,)):
        if each.expression is not None:
            yield each.expression


def walk(statements: tuple[Statement, ...]) -> Iterator[Statement]:
    """Yield statements in the order in which they stand, each before what is in it."""
    stack = list(reversed(statements))
    while stack:
        statement = stack.pop()
        yield statement
        stack.extend(reversed(statement.body + statement.orelse))


def calls_in(expression: Expression | None) -> Iterator[Expression]:
    """Yield the calls in an expression, innermost first."""
    return (each for each in inner(expression) if each.kind == "call")


def callee(call: Expression) -> str:
    """Return the name that a call calls, "" where it goes through something else than a name."""
    target = call.parts[0] if call.parts else None
    return target.text if target is not None and target.kind in ("name", "member") else ""


def written(expression: Expression | None) -> str:
    """Write an expression as C."""
    if expression is None:
        return ""
    write = _WRITTEN.get(expression.kind)
    return write(expression, [written(part) for part in expression.parts]) if write else expression.text


_MACRO_IN_STRING = re.compile(r"\0(\w+)\0")


def as_source(expression: Expression) -> str:
    """Write an expression as C that can be read again: a string with macros between its literals in pieces."""
    return _MACRO_IN_STRING.sub(lambda found: f'" {found[1]} "', written(expression))


def _write_unary(expression: Expression, parts: list[str]) -> str:
    return f"{expression.text}({parts[0]})" if expression.parts[0].kind == "binary" else f"{expression.text}{parts[0]}"


def _write_binary(expression: Expression, parts: list[str]) -> str:
    return f"{parts[0]} {expression.text} {parts[1]}"


def _write_list(expression: Expression, parts: list[str]) -> str:
    return ", ".join(parts)


_WRITTEN: dict[str, Callable[[Expression, list[str]], str]] = {
    "call": lambda _, parts: f"{parts[0]}({', '.join(parts[1:])})",
    "unary": _write_unary,
    "binary": _write_binary,
    "assign": _write_binary,
    "member": lambda expression, parts: f"{parts[0]}{expression.text}",
    "index": lambda _, parts: f"{parts[0]}[{parts[1]}]",
    "choice": lambda _, parts: f"{parts[0]} ? {parts[1]} : {parts[2]}",
    "list": _write_list,
    "comma": _write_list,
    "string": lambda expression, _: f'"{expression.text}"',
}
