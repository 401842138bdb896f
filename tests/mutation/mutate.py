"""The mutants of a module: one small change each, inside a function."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from types import CodeType
from typing import NamedTuple

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


class Mutant(NamedTuple):
    """A change: in which function (its first line), at which line, what it does, and the function's code with it."""

    function: int
    line: int
    what: str
    code: CodeType


class Site(NamedTuple):
    """Where a mutant can be: the line of the function's `def`, and the place of the node in it."""

    line: int
    place: int


def sites(source: str) -> list[Site]:
    """Return where the functions of a module can be changed."""
    return [
        Site(function.lineno, place)
        for function in ast.walk(ast.parse(source))
        if isinstance(function, ast.FunctionDef)
        for place, node in enumerate(_own(function))
        if _can_change(node)
    ]


def _own(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Yield the nodes of a function's body, those of functions in it left out."""
    waiting: list[ast.AST] = list(reversed(function.body))
    while waiting:
        node = waiting.pop()
        if not isinstance(node, ast.FunctionDef):
            yield node
            waiting.extend(reversed(list(ast.iter_child_nodes(node))))


def mutant(source: str, site: Site, path: str) -> Mutant | None:
    """Return the mutant of a site; None of a function whose code cannot be found again."""
    tree = ast.parse(source)
    function = next(one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef) and one.lineno == site.line)
    node = list(_own(function))[site.place]
    before, line = ast.unparse(node).split("\n")[0], getattr(node, "lineno", function.lineno)
    _change(node)
    after = ast.unparse(node).split("\n")[0]
    ast.fix_missing_locations(tree)
    code = _code_at(compile(tree, path, "exec"), _first(function))
    return None if code is None else Mutant(_first(function), line, f"{before} -> {after}", code)


def _can_change(node: ast.AST) -> bool:
    if isinstance(node, ast.Compare):
        return type(node.ops[0]) in _COMPARISONS
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int)
    if isinstance(node, ast.Return):
        return node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None)
    return isinstance(node, (ast.BoolOp, ast.IfExp, ast.If)) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))


def _first(function: ast.FunctionDef) -> int:
    return min((one.lineno for one in function.decorator_list), default=function.lineno)


def _change(node: ast.AST) -> None:
    if isinstance(node, ast.Compare):
        node.ops[0] = _COMPARISONS[type(node.ops[0])]()
    elif isinstance(node, ast.Constant):
        node.value = not node.value if isinstance(node.value, bool) else int(node.value) + 1  # type: ignore[arg-type]
    elif isinstance(node, ast.Return):
        node.value = ast.Constant(None)
    elif isinstance(node, ast.BoolOp):
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    elif isinstance(node, (ast.IfExp, ast.If)):
        node.test = ast.UnaryOp(ast.Not(), node.test)
    elif isinstance(node, ast.UnaryOp):
        node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)


def _code_at(code: CodeType, line: int) -> CodeType | None:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            if inner.co_firstlineno == line and inner.co_name not in ("<lambda>", "<genexpr>", "<listcomp>", "<dictcomp>", "<setcomp>"):
                return inner
            if (found := _code_at(inner, line)) is not None:
                return found
    return None
