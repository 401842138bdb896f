"""The regular expressions of the product, each with the methods that call it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import tdxwhy

ROOT = Path(tdxwhy.__file__).parent
METHODS = frozenset({"match", "fullmatch", "search", "finditer", "findall", "sub", "subn", "split"})


class Use(NamedTuple):
    """A pattern, its flags, the method that calls it, and where it stands."""

    pattern: str | bytes
    flags: int
    method: str
    place: str


@cache
def uses() -> tuple[Use, ...]:
    """Return every pattern that stands in a module, with each method that some module calls it by."""
    return tuple(_uses())


def _uses() -> Iterator[Use]:
    trees = {path: ast.parse(path.read_text()) for path in sorted(ROOT.rglob("*.py"))}
    called = _called(trees)
    for path, tree in trees.items():
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        for node in ast.walk(tree):
            yield from _of_call(node, tree, (module, path), called)


def _called(trees: dict[Path, ast.Module]) -> dict[str, set[str]]:
    """Return by which methods a name is called: one of a module's own by itself, any other anywhere."""
    found: dict[str, set[str]] = {}
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in METHODS and isinstance(node.value, ast.Name):
                found.setdefault(_key(node.value.id, path), set()).add(node.attr)
    return found


def _key(name: str, path: Path) -> str:
    return f"{path}:{name}" if name.startswith("_") else name


def _of_call(node: ast.AST, tree: ast.Module, where: tuple[str, Path], called: dict[str, set[str]]) -> Iterator[Use]:
    if not isinstance(node, ast.Call) or not node.args:
        return
    module, path = where
    name = ast.unparse(node.func)
    place = f"{module}:{node.lineno}"
    if name.startswith("re.") and name[3:] in METHODS:
        flags = next((word.value for word in node.keywords if word.arg == "flags"), None)
        yield from _pattern(node.args[0], flags, (name[3:],), module, place)
    elif name in ("re.compile", "lazy"):
        names = _assigned(tree, node)
        methods = sorted(set().union(*(called.get(_key(one, path), set()) for one in names))) or ["search"]
        yield from _pattern(node.args[0], node.args[1] if len(node.args) > 1 else None, methods, module, place)


def _assigned(tree: ast.Module, call: ast.Call) -> set[str]:
    """Return the names to which a module assigns what a call returns."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None and any(one is call for one in ast.walk(node.value)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            return {one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)}
    return set()


def _pattern(written: ast.expr, flags: ast.expr | None, methods: Any, module: str, place: str) -> Iterator[Use]:
    names = vars(import_module(module))
    try:
        pattern = eval(compile(ast.Expression(written), place, "eval"), dict(names))
        number = int(eval(compile(ast.Expression(flags), place, "eval"), dict(names))) if flags is not None else 0
    except (NameError, SyntaxError):
        return  # made of what is not known before it runs
    if isinstance(pattern, (str, bytes)):
        yield from (Use(pattern, number, method, place) for method in methods)
