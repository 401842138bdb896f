"""What a branch is about: which results a condition finds failed, what a branch sets, prints and returns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tdxwhy.know.names import tells_failure
from tdxwhy.noun import NamedTuple
from tdxwhy.source.calls import calls, print_call
from tdxwhy.source.syntax import Expression, Function, Statement, callee, calls_in, inner, walk, written

STATUS = re.compile(r"_*(?:ret|r|rv|rc|err|error|res|result|status|rval|retval|sret|s?ret_?val)\d?|\w+_(?:ret|rc|err|error|status)")
PREDICATE = re.compile(
    r"(?:^|_)(?:is|has|have|can|may|should|enabled|supported|match|valid|available|test|capable|online|empty|need|needs|equal|subset|intersects|contains"
    r"|full|aligned|ready|present|known|allowed|allows)(?:_|$)"
)
ERRNO = re.compile(r"E[A-Z0-9]{2,}")
FAILING_LABEL = re.compile(r"err|fail|undo|unwind|abort|bad|out_\w{0,80}(?:free|put|unlock|reset|release|unmap|destroy|del)")
TESTS = frozenset(
    {
        "IS_ERR",
        "IS_ERR_OR_NULL",
        "IS_ERR_VALUE",
        "WARN_ON",
        "WARN_ON_ONCE",
        "WARN",
        "WARN_ONCE",
        "PTR_ERR_OR_ZERO",
        "unlikely",
        "KVM_BUG_ON",
    }
)
_KERN_LEVEL = re.compile(r"\bKERN_([A-Z]+)")
_LITERAL = re.compile(r'"((?:[^"\\]++|\\.){0,128})"')
SUCCESS = re.compile(r"0|\w{0,80}?SUCCESS\w{0,80}|NULL|\w{0,80}_OK")


class Assigned(NamedTuple):
    """The call whose result a variable holds, and where it was taken."""

    call: Expression
    first: int
    last: int


class Test(NamedTuple):
    """The status variables that have failed where a condition holds, and where it does not."""

    failed: tuple[str, ...]
    passed: tuple[str, ...]


def tested_results(expression: Expression | None, assigned: dict[str, Assigned]) -> Test:
    """Say which results a condition finds failed."""
    if expression is None:
        return Test((), ())
    if expression.kind == "name":
        return Test(status_names(expression), ())
    if expression.kind == "binary":
        return compared(expression, assigned)
    if expression.kind == "unary" and expression.text == "!":
        test = tested_results(expression.parts[0], assigned)
        return Test(test.passed, test.failed)
    if expression.kind == "call" and callee(expression) in TESTS and len(expression.parts) > 1:
        pointer = callee(expression).startswith("IS_ERR")
        return Test(any_name(expression.parts[1]), ()) if pointer else tested_results(expression.parts[1], assigned)
    return Test((written(expression.parts[0]),), ()) if expression.kind == "assign" and expression.text == "=" else Test((), ())


def compared(expression: Expression, assigned: dict[str, Assigned]) -> Test:
    """Say which results a comparison finds failed, as in `ret < 0`, `ret != TDX_SUCCESS` and `ret == -ENODEV`."""
    left, right = expression.parts
    names, success = status_names(left), bool(SUCCESS.fullmatch(written(right)))
    if expression.text in ("||", "&&"):
        one, other = tested_results(left, assigned), tested_results(right, assigned)
        return Test(one.failed + other.failed, one.passed + other.passed)
    if expression.text == "==":
        return Test((), names) if success else Test(names, ())
    return Test(names, ()) if expression.text == "<" or (expression.text == "!=" and success) else Test((), ())


def status_names(expression: Expression) -> tuple[str, ...]:
    """Return the name of an expression that is a status variable."""
    return (expression.text,) if expression.kind == "name" and STATUS.fullmatch(expression.text) else ()


def any_name(expression: Expression) -> tuple[str, ...]:
    """Return the name or member that an expression is."""
    return (written(expression),) if expression.kind in ("name", "member") else ()


def pointer_test(expression: Expression | None, assigned: dict[str, Assigned]) -> bool:
    """Tell whether a condition is `!x` of something that a call returned, or `!f()`."""
    return (
        expression is not None
        and expression.kind == "unary"
        and expression.text == "!"
        and (written(expression.parts[0]) in assigned or expression.parts[0].kind == "call")
    )


def tested_call(expression: Expression | None) -> Expression | None:
    """Return the call that a condition is about, if it is about one alone."""
    found = [call for call in calls_in(expression) if callee(call) not in TESTS]
    if expression is not None and expression.kind == "binary" and expression.text in ("||", "&&"):
        return None
    return found[-1] if found else None


def assignments(statement: Statement) -> list[tuple[str, Expression | None]]:
    """Return what a statement sets: variable and the call whose value it takes, or None for anything else."""
    if statement.kind == "declare":
        return [(statement.name, value_call(statement.expression))] if statement.expression is not None else []
    found = []
    for each in inner(statement.expression):
        if each.kind == "assign" and each.text == "=" and each.parts[0].kind in ("name", "member"):
            value = each.parts[1]
            if value.kind == "assign":
                value = value.parts[1]
            found.append((written(each.parts[0]), value_call(value)))
    return found


def value_call(value: Expression | None) -> Expression | None:
    """Return the call that a value is, if it is one whose result matters."""
    if value is None or value.kind != "call":
        return None
    return value if callee(value) not in ("PTR_ERR", "READ_ONCE", "sizeof") else None


def filled_by(call: Expression, name: str) -> str:
    """Return the callback that fills a variable given by address, "" where the call returns it."""
    given = [argument.kind == "unary" and argument.text == "&" and argument.parts[0].text == name for argument in call.parts[1:]]
    if not any(given):
        return ""
    names = [argument.text for argument in call.parts[1:] if argument.kind == "name"]
    return names[-1] if names and len(names) > 1 else callee(call)


def exit_of(body: Sequence[Statement]) -> Statement | None:
    """Return the statement by which a branch leaves; a BUG() or panic() counts."""
    for each in body:
        if each.kind in ("return", "goto", "break", "continue"):
            return each
        if each.kind == "expression" and each.expression is not None and callee(each.expression) in calls().fatal:
            return each._replace(kind="fatal")
    return None


def leaves(body: Sequence[Statement]) -> bool:
    """Tell whether a branch leaves."""
    return exit_of(body) is not None


def sets(body: Sequence[Statement], name: str) -> bool:
    """Tell whether a branch sets a variable."""
    return any(name == target for each in walk(tuple(body)) for target, _ in assignments(each))


def errno_in(body: Sequence[Statement]) -> str | None:
    """Return the errno that a branch returns or sets by itself, not in a branch of it."""
    for each in body:
        if each.kind == "return" and errno_of(each.expression):
            return errno_of(each.expression)
        if each.expression is not None and each.expression.kind == "assign" and each.expression.text == "=":
            found = errno_of(each.expression.parts[1])
            if found:
                return found
    return None


def errno_of(value: Expression | None) -> str | None:
    """Return `-EINVAL` of -EINVAL or ERR_PTR(-EINVAL)."""
    if value is None:
        return None
    if value.kind == "unary" and value.text == "-" and ERRNO.fullmatch(value.parts[0].text):
        return f"-{value.parts[0].text}"
    if value.kind == "call" and callee(value) in ("ERR_PTR", "dev_err_probe") and len(value.parts) > 1:
        return next((found for part in value.parts[1:] if (found := errno_of(part))), None)
    return None


def is_null(function: Function, value: Expression) -> bool:
    """Tell whether a returned 0 is a null pointer."""
    return value.text == "0" and function.returns not in ("int", "long", "void", "bool", "")


def prints_something(statement: Statement) -> bool:
    """Tell whether a statement holds a print call."""
    return any(print_call(callee(call)) for each in walk((statement,)) for call in calls_in(each.expression))


def prints_failure(body: Sequence[Statement]) -> bool:
    """Tell whether a branch itself prints a message that is louder than information, or one that says in words that something failed."""
    calls_made = (call for each in body if each.kind in ("expression", "return") for call in calls_in(each.expression))
    return any(_reports(call) for call in calls_made)


def _reports(call: Expression) -> bool:
    known = print_call(callee(call))
    if known is None or known.level == "debug":
        return False
    if known.level in ("err", "warn", "crit", "alert", "emerg"):
        return True
    text = written(call)
    level = next((word.lower() for word in _KERN_LEVEL.findall(text)), "err") if known.level == "argument" else known.level
    return level != "debug" and tells_failure({"warning": "warn"}.get(level, level), " ".join(_LITERAL.findall(text)))


def warns(expression: Expression | None) -> bool:
    """Tell whether a condition warns when it holds."""
    return any(callee(call).startswith(("WARN", "KVM_BUG", "VM_WARN")) for call in calls_in(expression))


def effect_of(body: Sequence[Statement], exit_: Statement | None) -> str:
    """Say in code what a branch does in the end."""
    parts = []
    for each in body:
        if each is exit_ or (exit_ is not None and each.first == exit_.first and each.kind in ("return", "goto", "break", "continue")):
            break
        if each.expression is not None and each.expression.kind == "assign":
            parts.append(written(each.expression))
    if exit_ is not None:
        parts.append(leaving(exit_))
    return "; ".join(parts[-2:]) or "goes on"


def leaving(exit_: Statement) -> str:
    """Write how a branch leaves."""
    if exit_.kind == "fatal":
        return written(exit_.expression)
    rest = exit_.name or written(exit_.expression)
    return f"{exit_.kind} {rest}".strip()


def last_row(expression: Expression | None) -> int:
    """Return the last row of an expression."""
    return max((each.row for each in inner(expression)), default=0)


def negative_is_failure(name: str) -> bool:
    """Tell whether a call's non-zero answer means that it failed, rather than yes."""
    return bool(calls().silent.fullmatch(name)) and not re.match(r"IS_|mem|str|list_|test_|cpumask_|topology_|has_", name)
