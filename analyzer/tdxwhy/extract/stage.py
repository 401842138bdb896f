"""Runs of a program after what came before them: what the kernel remembers of boot and bring-up is there when a later operation begins."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from tdxwhy.noun import NamedTuple
from tdxwhy.source.run.branching import CodeScope, Decision, Deviation, Event, RunResult
from tdxwhy.source.run.interpreter import Interpreter
from tdxwhy.source.run.lines import PrintedLine
from tdxwhy.source.run.program import Program
from tdxwhy.source.run.values import Value

_ROOT = re.compile(r"\w+")


class KernelMemory:
    """The memory of a kernel that has run some entries well; every run begins with it.

    `reloaded`: the entries that a module starts with; what its variables held is gone when it is loaded again.
    """

    def __init__(self, program: Program, before: tuple[str, ...] = (), reloaded: frozenset[str] = frozenset()) -> None:
        self.program = program
        self.reloaded = reloaded
        self.memory: dict[str, Value] = {}
        for entry in before:
            self._made(None).run(entry)
        self.begin = dict(self.memory)
        self.known: dict[tuple[str, Deviation | None], RunResult] = {}

    def run(self, entry: str, fault: Deviation | None = None) -> RunResult:
        """Run an entry, with one thing going wrong."""
        key = entry, fault
        found = self.known.get(key)
        if found is None:
            self._restore()
            found = self.known[key] = self._made(fault).run(entry)
        return found

    def again(self, entry: str, fault: Deviation | None = None) -> tuple[RunResult, dict[str, int]]:
        """Run an entry twice, the fault in the first run only; return the second run and how often that asked each leaf."""
        self._restore()
        self._made(fault).run(entry)
        if entry in self.reloaded:
            self._forget_modules()
        second = self._made(None)
        return second.run(entry), dict(second.counts)

    def _made(self, fault: Deviation | None) -> Interpreter:
        made = Interpreter(self.program, fault)
        made.globals = self.memory
        return made

    def _forget_modules(self) -> None:
        """Forget what variables of modules hold, those of functions too."""
        for path in list(self.memory):
            name = _ROOT.match(path)
            function, colon, _ = path.partition(":")
            file = self.program.files.get(function, "") if colon else self.program.homes.get(name[0] if name else "", "")
            if file in self.program.modules:
                del self.memory[path]

    def _restore(self) -> None:
        """Put the memory back; it stays the same object, as addresses in it point to it."""
        self.memory.clear()
        self.memory.update(self.begin)


class Node(NamedTuple):
    """What runs in one place: an operation's own code, or a callback on CPUs (`scope`), with what it holds in order."""

    function: str
    scope: CodeScope | None
    locked: bool
    items: list[Item]


Item = Node | Event


def tree(run: RunResult, entry: str) -> Node:
    """Return the events of a run as a tree: what callbacks do is theirs."""
    root = Node(entry, None, False, [])
    stack = [root]
    for event in run.events:
        if not isinstance(event, CodeScope):
            stack[-1].items.append(event)
        elif event.kind == "lock":
            continue
        elif event.function and event.begins:
            node = Node(event.function, event, event.kind == "hotplug" and not event.call.endswith("cpuslocked"), [])
            stack[-1].items.append(node)
            stack.append(node)
        elif event.function and len(stack) > 1:
            stack.pop()
        elif event.begins:
            stack[-1].items.append(event)
    return root


def decisions(node: Node) -> Iterator[Decision]:
    """Yield the points of a node and of all in it."""
    for item in node.items:
        if isinstance(item, Node):
            yield from decisions(item)
        elif isinstance(item, Decision):
            yield item


def site(line: PrintedLine) -> tuple[str, int, str]:
    """Return where a line is printed."""
    return line.function, line.row, line.format


def chain_of(item: Item) -> tuple[str, ...]:
    """Return the functions that run where an item stands, the outermost first."""
    if isinstance(item, Node):
        return item.scope.chain if item.scope is not None else ()
    return item.chain


def point(item: Decision) -> tuple[object, ...]:
    """Return what tells a point of a run from others, in any run."""
    return item.kind, item.text, item.row, item.chain


def numbered(run: RunResult) -> dict[int, int]:
    """Return for each point that asks a leaf, which call of that leaf it is."""
    counts: Counter[str] = Counter()
    found: dict[int, int] = {}
    for each in run.decisions:
        if each.kind == "leaf":
            counts[str(each.leaf)] += 1
            found[each.nth] = counts[str(each.leaf)]
    return found


def under_lock(run: RunResult) -> frozenset[int]:
    """Return which events of the run happen while the CPU hot-plug lock is held."""
    found, held = set(), False
    for event in run.events:
        if isinstance(event, CodeScope) and event.kind == "lock":
            held = event.begins
        elif held:
            found.add(id(event))
    return frozenset(found)
