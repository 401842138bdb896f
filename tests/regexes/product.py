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
        assigned = _assigned(tree)
        for node in ast.walk(tree):
            yield from _of_call(node, assigned, (module, path), called)


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


def _of_call(node: ast.AST, assigned: dict[ast.AST, set[str]], where: tuple[str, Path], called: dict[str, set[str]]) -> Iterator[Use]:
    if not isinstance(node, ast.Call) or not node.args:
        return
    module, path = where
    name = _dotted(node.func)
    place = f"{module}:{node.lineno}"
    if name.startswith("re.") and name[3:] in METHODS:
        flags = next((word.value for word in node.keywords if word.arg == "flags"), None)
        yield from _pattern(node.args[0], flags, (name[3:],), module, place)
    elif name in ("re.compile", "lazy"):
        names = assigned.get(node, set())
        methods = sorted(set().union(*(called.get(_key(one, path), set()) for one in names))) or ["search"]
        yield from _pattern(node.args[0], node.args[1] if len(node.args) > 1 else None, methods, module, place)


def _dotted(node: ast.expr) -> str:
    """Return a name or an attribute of one as it is written, "" for anything else."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _assigned(tree: ast.Module) -> dict[ast.AST, set[str]]:
    """Return the names to which a module assigns what its calls return."""
    found: dict[ast.AST, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)}
            found |= {one: names for one in ast.walk(node.value) if isinstance(one, ast.Call)}
    return found


def _pattern(written: ast.expr, flags: ast.expr | None, methods: Any, module: str, place: str) -> Iterator[Use]:
    names = vars(import_module(module))
    try:
        pattern = eval(compile(ast.Expression(written), place, "eval"), dict(names))
        number = int(eval(compile(ast.Expression(flags), place, "eval"), dict(names))) if flags is not None else 0
    except (NameError, SyntaxError):
        return  # made of what is not known before it runs
    if isinstance(pattern, (str, bytes)):
        yield from (Use(pattern, number, method, place) for method in methods)
