"""A program to run by hand: what several C files define together, and the numbers behind its names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from tdxwhy.source.calls import calls
from tdxwhy.source.ctree import macro, parse_unit
from tdxwhy.source.syntax import Define, Expression, Function, Unit, callee, calls_in, walk

_ERRNOS = (
    "EPERM 1 ENOENT 2 EINTR 4 EIO 5 ENXIO 6 E2BIG 7 EAGAIN 11 ENOMEM 12 "
    "EACCES 13 EFAULT 14 EBUSY 16 EEXIST 17 ENODEV 19 EINVAL 22 ENOTTY 25 ENOSPC 28 "
    "ERANGE 34 ENOSYS 38 ENODATA 61 ETIME 62 EOVERFLOW 75 EOPNOTSUPP 95 ETIMEDOUT 110 EALREADY 114 "
    "ECANCELED 125 "
)
ERRNO = {name: int(value) for name, value in zip(_ERRNOS.split()[::2], _ERRNOS.split()[1::2], strict=True)}


class Source(NamedTuple):
    """A file of the program."""

    path: str
    unit: Unit


class Program:
    """Functions, macros, constants and variables by name. Of two functions of one name the longer is taken.

    The other is a stub; where it stands in the same file under another #if, it is an alternative.
    """

    def __init__(self, sources: Iterable[Source], lookup: Callable[[str], Define | None] | None = None) -> None:
        self.sources = tuple(sources)
        self.lookup = lookup
        self.functions: dict[str, Function] = {}
        self.alternatives: dict[str, list[Function]] = {}
        self.files: dict[str, str] = {}
        self.defines: dict[str, Define] = {}
        self.constants: dict[str, Expression] = {}
        self.variables: dict[str, Expression | None] = {}
        self.prefixes: dict[str, str] = {}
        self.in_hand: dict[str, tuple[tuple[str, int], ...]] = {}
        self._fields: dict[str, set[str]] | None = None
        names = {name.rpartition("/")[2] for source in self.sources for name in source.unit.includes}
        self.included = frozenset(source.path for source in self.sources if source.path.rpartition("/")[2] in names)
        for source in self.sources:
            self._add(source)

    def _add(self, source: Source) -> None:
        unit = source.unit
        self.prefixes[source.path] = unit.prefix
        for function in unit.functions:
            known = self.functions.get(function.name)
            longer = known is None or len(list(walk(function.body))) > len(list(walk(known.body)))
            if known is not None and self.files[function.name] == source.path and known.condition != function.condition:
                self.alternatives.setdefault(function.name, []).append(known if longer else function)
            if longer:
                self.functions[function.name] = function
                self.files[function.name] = source.path
        for define in unit.defines:
            if define.name != "pr_fmt" and define.body:
                self.defines[define.name] = define
                self.files.setdefault(define.name, source.path)
        self.constants.update(unit.constants)
        self.variables.update(unit.variables)
        for call in unit.calls:
            if callee(call).startswith("DEFINE_PER_CPU") and len(call.parts) > 2:
                self.variables[call.parts[2].text] = None

    def function(self, name: str) -> Function | None:
        """Return a function, or a macro of that name as one."""
        found = self.functions.get(name)
        if found is None and name in self.defines and self.defines[name].parameters is not None:
            found = self.functions[name] = macro(self.defines[name])
        return found

    def behind(self, field: str) -> str | None:
        """Return the function that a member of a structure of operations holds: the only one ever put there, or the only one of Intel's."""
        if self._fields is None:
            self._fields = {}
            for part in self._designated():
                if part.parts and part.parts[0].kind == "name" and part.parts[0].text in self.functions:
                    self._fields.setdefault(part.text.lstrip("."), set()).add(part.parts[0].text)
        names = self._fields.get(field, set())
        ours = {name for name in names if calls().ours.search(name)} if len(names) > 1 else names
        return next(iter(ours)) if len(ours) == 1 else None

    def _designated(self) -> Iterator[Expression]:
        """Yield the `.field = value` pairs of all initialisers."""
        lists = [initial for initial in self.variables.values() if initial is not None and initial.kind == "list"]
        for function in self.functions.values():
            lists += [each.expression for each in walk(function.body) if each.expression is not None and each.expression.kind == "list"]
        for each in lists:
            yield from (part for part in each.parts if part.kind == "pair")

    def constant(self, name: str) -> Expression | None:
        """Return what an enumerator or object-like macro stands for."""
        found = self.constants.get(name)
        if found is None and name not in self.defines and name.isupper() and self.lookup is not None:
            looked_up = self.lookup(name)
            if looked_up is not None:
                self.defines[name] = looked_up
        if found is None and name in self.defines and self.defines[name].parameters is None:
            body = macro(self.defines[name]).body
            found = body[0].expression if body and body[0].kind == "return" else None
            if found is not None:
                self.constants[name] = found
        return found

    def entries(self) -> tuple[str, ...]:
        """Return the functions by which others enter: initcalls, exported ones, and those that are not static and nobody here calls."""
        named: dict[str, None] = {}
        for source in self.sources:
            for call in source.unit.calls:
                if calls().entries.fullmatch(callee(call)) and len(call.parts) == 2:
                    named[call.parts[1].text] = None
        called = {callee(call) for function in list(self.functions.values()) for call in _all_calls(function)}
        for source in self.sources:
            for function in source.unit.functions:
                if source.path.endswith(".c") and not function.static and function.name not in called:
                    named[function.name] = None
        return tuple(name for name in named if name in self.functions)


def program_of(texts: Iterable[tuple[str, str]]) -> Program:
    """Make a program of (path, text) pairs."""
    return Program(Source(path, parse_unit(text)) for path, text in texts)


def _all_calls(function: Function) -> Iterable[Expression]:
    for statement in walk(function.body):
        yield from calls_in(statement.expression)
