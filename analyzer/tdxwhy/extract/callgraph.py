"""Who calls whom in a program: by name, by a callback that is handed on, and through structures of operations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from tdxwhy.source.calls import calls
from tdxwhy.source.run.program import Program
from tdxwhy.source.syntax import callee

_NAME = re.compile(r"[A-Za-z_]\w*")
_VMXON = {"asm_goto", "vmxon"}


class CallGraph:
    """The functions of a program and the names that each mentions; a call through a member is one of the function behind it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.below: dict[str, frozenset[str]] = {}
        self._above: dict[str, set[str]] = {}
        macros = {name: frozenset(_NAME.findall(define.body)) for name, define in program.defines.items() if define.parameters is not None}
        for name, function in program.functions.items():
            if not function.macro:
                self.below[name] = frozenset(self._called(name, function.mentions, macros)) - {name}
        for name, called in self.below.items():
            for each in called:
                self._above.setdefault(each, set()).add(name)

    def _called(self, caller: str, mentions: Iterable[str], macros: dict[str, frozenset[str]]) -> Iterator[str]:
        functions = self.program.functions
        met: set[str] = set()
        left = list(mentions)
        while left:
            name = left.pop()
            if name in met:
                continue
            met.add(name)
            if name.startswith("->"):
                held = self.program.behind(name[2:], self.program.files.get(caller, ""))
                if held is not None:
                    yield held
            elif name in functions:
                yield name
            elif name in macros:
                left.extend(macros[name])
            elif name in self.program.static_calls:
                left.append(self.program.static_calls[name])
            elif self.ours(caller):
                yield from self.program.listed(name)

    def above(self, name: str) -> list[str]:
        """Return the functions that call one, in the order of their names."""
        return sorted(self._above.get(name, ()))

    def ours(self, name: str) -> bool:
        """Tell whether a function has to do with TDX."""
        table = calls()
        return bool(table.ours_by_file.search(self.program.files.get(name, "")) or table.ours_by_name.search(name))

    def mentioning(self, word: str) -> list[str]:
        """Return the functions that name something, in order."""
        return sorted(name for name, function in self.program.functions.items() if word in function.mentions and not function.macro)

    def followed(self) -> frozenset[str] | None:
        """Return what a run has to enter: all that has to do with TDX or turns VMX on, and what lies on the way there. None: all."""
        targets = {name for name in self.below if self.ours(name)}
        if not targets:
            return None
        targets |= {name for name in self.below if set(self.program.functions[name].mentions) >= _VMXON}
        found = set(targets)
        left = list(targets)
        while left:
            for each in self._above.get(left.pop(), ()):
                if each not in found:
                    found.add(each)
                    left.append(each)
        return frozenset(found | self._helpers())

    def _helpers(self) -> set[str]:
        """Return the functions of the headers: short, and only entered where something calls them."""
        return {name for name, path in self.program.files.items() if path.endswith(".h")}

    def outermost(self, names: Iterable[str], counts: Callable[[str], bool]) -> list[str]:
        """Return of the functions by which one gets to some the outermost that count: nobody who calls them does."""
        around = self._around(names)
        counted = [name for name in around if counts(name)]
        below = {each for name in counted for each in around[name] if each in counted}
        return [name for name in counted if name not in below]

    def _around(self, names: Iterable[str]) -> dict[str, set[str]]:
        """Return all functions by which one gets to some, each with those of them that it leads to."""
        around: dict[str, set[str]] = {name: set() for name in names}
        left = list(around)
        while left:
            name = left.pop(0)
            for each in self.above(name):
                known = around.get(each)
                reached = {name} | around[name]
                if known is None or not reached <= known:
                    around[each] = reached | (known or set())
                    left.append(each)
        return around

    def started(self) -> dict[str, str]:
        """Return the functions that the kernel or a module starts with, each with the call that says so."""
        found: dict[str, str] = {}
        for source in self.program.sources:
            for call in source.unit.calls:
                name = callee(call)
                if calls().entries.fullmatch(name) and "init" in name and len(call.parts) == 2:
                    found[call.parts[1].text] = name
        return found
