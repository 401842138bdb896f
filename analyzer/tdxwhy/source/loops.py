"""What a loop over online CPUs leaves out without a word: no CPU at all, and packages that have none online."""

from __future__ import annotations

from tdxwhy.source.calls import calls
from tdxwhy.source.syntax import Expression, Function, Statement, callee, calls_in, inner, statement_expressions, walk, written


def silent_loops(function: Function, functions: dict[str, Function]) -> list[tuple[str, str | None]]:
    """Return the conditions that a loop over online CPUs passes over, each with the errno that comes of it."""
    found: list[tuple[str, str | None]] = []
    start = _only_set_in_loop(function)
    if start:
        found.append((f"no online CPU at all: ret stays {start}, the loop never runs", start))
    if _visits_packages(function, functions):
        found.append(("a package has no online CPU: it is silently not visited", None))
    return found


def _only_set_in_loop(function: Function) -> str | None:
    """Return the errno with which a status starts, if only a loop over CPUs sets it after that and it is returned."""
    starts = {}
    for statement in function.body:
        value = statement.expression
        if statement.kind == "declare" and value is not None and value.kind == "unary" and value.text == "-":
            starts[statement.name] = written(value)
        if statement.kind == "loop" and calls().online_loops.fullmatch(statement.name):
            inside = {written(each.parts[0]) for each in _assigned_in(statement.body)}
            outside = {written(each.parts[0]) for other in function.body if other is not statement for each in _assigned_in((other,))}
            for variable, errno in starts.items():
                if variable in inside and variable not in outside:
                    return errno
    return None


def _assigned_in(statements: tuple[Statement, ...]) -> list[Expression]:
    return [each for statement in walk(statements) for each in inner(statement.expression) if each.kind == "assign"]


def _visits_packages(function: Function, functions: dict[str, Function]) -> bool:
    """Tell whether a function goes through online CPUs package by package and never checks that all packages were met."""
    names = _names(function)
    helpers = [functions[each] for each in names if each in functions and each != function.name]
    known = calls()
    loops = [statement.name for statement in walk(function.body) if statement.kind == "loop"]
    online = any(known.online_loops.fullmatch(each) for each in (*loops, *names))
    handed = [each for each in helpers if _is_handed(function, each.name)]
    by_package = any(known.package_calls.fullmatch(each) for each in names) or any(
        known.package_calls.fullmatch(each) for helper in handed for each in _names(helper)
    )
    counted = any(each in ("topology_max_packages", "cpumask_weight", "bitmap_weight", "cpumask_equal", "cpumask_full") for each in names)
    return online and by_package and not counted and not _searches(function)


def _searches(function: Function) -> bool:
    """Tell whether a function compares packages: it looks for a CPU of a certain one and does not go through all of them."""
    return any(
        each.kind == "binary" and each.text in ("==", "!=") and any(_asks_package(part) for part in each.parts)
        for statement in function.body
        for expression in statement_expressions(statement)
        for each in inner(expression)
    )


def _asks_package(expression: Expression) -> bool:
    """Tell whether an expression asks for the package of a CPU."""
    return any(calls().package_calls.fullmatch(callee(call)) for call in calls_in(expression))


def _is_handed(function: Function, name: str) -> bool:
    """Tell whether a function hands another one on as a callback."""
    return any(
        argument.kind == "name" and argument.text == name
        for statement in walk(function.body)
        for call in calls_in(statement.expression)
        for argument in call.parts[1:]
    )


def _names(function: Function) -> list[str]:
    """Return all names that a function uses."""
    return [
        each.text
        for statement in function.body
        for expression in statement_expressions(statement)
        for each in inner(expression)
        if each.kind == "name"
    ]
