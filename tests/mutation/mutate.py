"""The mutants of a module: one small change each, inside a function."""

from __future__ import annotations

import ast
import copy
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


def mutants(source: str, path: str) -> Iterator[Mutant]:
    """Yield every mutant of the functions of a module."""
    tree = ast.parse(source)
    functions = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)]
    for function in functions:
        inner = {id(node) for one in functions if one is not function for node in ast.walk(one) if one in ast.walk(function)}
        for place, node in enumerate(ast.walk(function)):
            for way in range(_ways(node)) if id(node) not in inner else ():
                if (made := _mutated(tree, function, place, way, path)) is not None:
                    yield made


def _ways(node: ast.AST) -> int:
    if isinstance(node, ast.Compare):
        return int(type(node.ops[0]) in _COMPARISONS)
    if isinstance(node, ast.Constant):
        return int(isinstance(node.value, int))
    if isinstance(node, ast.Return):
        return int(node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None))
    return int(isinstance(node, (ast.BoolOp, ast.IfExp, ast.If)) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)))


def _mutated(tree: ast.Module, function: ast.FunctionDef, place: int, way: int, path: str) -> Mutant | None:
    changed = copy.deepcopy(tree)
    twin = next(one for one in ast.walk(changed) if isinstance(one, ast.FunctionDef) and one.lineno == function.lineno)
    node = list(ast.walk(twin))[place]
    before = ast.unparse(node) if isinstance(node, ast.expr) else ast.unparse(node).split("\n")[0]
    _change(node)
    after = ast.unparse(node) if isinstance(node, ast.expr) else ast.unparse(node).split("\n")[0]
    ast.fix_missing_locations(changed)
    code = _code_at(compile(changed, path, "exec"), _first(function))
    line = getattr(node, "lineno", function.lineno)
    return None if code is None else Mutant(_first(function), line, f"{before} -> {after}", code)


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
