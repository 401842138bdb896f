"""A draft of a generation, read off a kernel's source: what the kernel does at boot, what brings the module up, and what comes after."""

from __future__ import annotations

from collections.abc import Sequence

from tdxwhy.errors import NothingToJudge
from tdxwhy.extract.book import Book, Sought, leaf_name, table
from tdxwhy.extract.callgraph import CallGraph
from tdxwhy.extract.rows import EARLY, LP_INIT, Row, forgetting, in_stages, without_places
from tdxwhy.extract.stage import KernelMemory
from tdxwhy.extract.steps import CONFIG, Steps
from tdxwhy.extract.writing import Draft, as_toml
from tdxwhy.source.run.branching import VMXON
from tdxwhy.source.run.failing_cases import runs_at_boot
from tdxwhy.source.run.program import Program

__all__ = ["Draft", "as_toml", "draft"]

_FEW = 200
_LOAD = "kvmload"


def draft(program: Program, name: str) -> Draft:
    """Draft a generation of the kernel that a program is read from."""
    return _Drafter(program).draft(name)


class _Drafter:
    """Reads the operations of a program one after the other."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.graph = CallGraph(program)
        self.followed = self.graph.followed()
        program.followed = self.followed
        self.started = self.graph.started()
        self.book = Book()
        self.first = KernelMemory(program, (), frozenset(name for name, how in self.started.items() if how == "module_init"))
        self.rows: list[Row] = []
        # Whether the model knows the pages of a TD: only then it can hand one to a leaf.
        self.pages = False
        self.asking: dict[str, frozenset[str]] = {}

    def ours(self, name: str) -> bool:
        return self.followed is None or self.graph.ours(name)

    def draft(self, name: str) -> Draft:
        enable = self._entry(CONFIG)
        if enable is None:
            raise NothingToJudge(f"{name}: no function here brings the TDX module up", "is the tree whole? its headers are wanted too")
        steps = Steps(self.book, self.first, enable, self.ours)
        cpu = None if any(leaf_name(each.decision) == LP_INIT for each in steps.first_asked()) else self._entry(LP_INIT)
        self._answers(steps, Steps(self.book, self.first, cpu, self.ours) if cpu is not None else None)
        self._boot()
        if cpu is not None:
            self._called_from_outside(steps, cpu)
        else:
            self._enable(steps)
        self._hotplug(steps)
        self._memory()
        for sought in table().operation:
            self._later(sought, steps)
        order = {"boot": 0, "enable": 1}
        rows = sorted(self.rows, key=lambda row: order.get(str(row.get("asked", "")), 2))
        rows = [row | {"step": without_places(row["step"])} for row in rows]
        unseen = tuple(dict.fromkeys(self.book.unseen))
        return Draft(name, self.book.answers, self.book.forms, tuple(rows), unseen, self._design(steps.entry))

    def _design(self, entry: str) -> str:
        """Return the generation of rules/knowledge that brings the module up in the same way."""
        how = self.started.get(entry, "")
        return table().designs.get("kvm" if how == "module_init" else "boot" if how.endswith("initcall") else "outside", "")

    # ---- where one enters

    def _entry(self, leaf: str) -> str | None:
        """Return the outermost function by which a leaf is asked: one that the kernel or a module starts with, if there is any."""
        mentioning = self.graph.mentioning(leaf.replace(".", "_"))
        tops = self.graph.outermost(mentioning, lambda each: self._asks(each, leaf)) if mentioning else self._trying(leaf)
        tops = [each for each in tops if self._asks(each, leaf)]
        return min(tops, key=self._preferred, default=None)

    def _preferred(self, name: str) -> tuple[bool, bool, str]:
        return name not in self.started, self.program.functions[name].static, name

    def _asks(self, entry: str, leaf: str) -> bool:
        found = self.asking.get(entry)
        if found is None:
            run = self.first.run(entry)
            found = self.asking[entry] = frozenset(leaf_name(each) for each in run.decisions if each.kind == "leaf")
        return leaf in found

    def _trying(self, leaf: str) -> list[str]:
        """Find the entries that ask a leaf by running them; of a large program nobody is run."""
        entries = self.program.entries() if len(self.program.functions) <= _FEW else ()
        return [entry for entry in entries if self._asks(entry, leaf)]

    # ---- operations

    def _answers(self, steps: Steps, cpu: Steps | None) -> None:
        asked = [*(cpu.first_asked() if cpu is not None else ()), *steps.first_asked()]
        reader = cpu or steps
        if reader.first_asked():
            reader.leaves.read_retry(reader.first_asked()[0])
        for each in (cpu, steps):
            if each is not None:
                each.leaves.read_answers(each.first_asked())
        if not asked:
            raise NothingToJudge("no SEAMCALL of the system is asked here")

    def _boot(self) -> None:
        """Draft what the kernel does by itself: the entries that never ask the module, and print."""
        rows: list[Row] = []
        for source in self.program.sources:
            for function in source.unit.functions:
                entry = function.name
                if not self.ours(entry) or self.graph.above(entry) or (function.static and entry not in self.started):
                    continue
                if entry in self.program.functions and source.path.endswith(".c"):
                    run = self.first.run(entry)
                    if runs_at_boot(self.program, entry, run):
                        rows += Steps(self.book, self.first, entry, self.ours).read()
        rows.append({"name": EARLY, "does": "set", "set": "platform=on"})
        self.rows.append({"name": "boot", "asked": "boot", "returns": 0, "step": rows})

    def _enable(self, steps: Steps) -> None:
        """Draft bringing the module up: by the kernel itself as it starts, or by KVM."""
        rows = steps.read()
        how = self.started.get(steps.entry, "")
        if how == "module_init":
            rows.append({"name": "kvm-load", "does": "set", "set": "kvm=tdx"})
        by_itself: Row = {"once": True, "always": True} if how.endswith(("initcall", "initcall_sync")) else {}
        by_itself |= {"also": _LOAD} if how == "module_init" else {}
        turned = {"returns_for": [list(each) for each in sorted(steps.leaves.turned.items())]} if steps.leaves.turned else {}
        self.rows.append({"name": "enable", "asked": "enable", "attempt": True, "returns": 0} | by_itself | turned | {"step": rows})
        self.rows += steps.operations.values()
        if steps.branches.skipped:
            self.book.unseen.append(f"{steps.entry}(): {steps.branches.skipped} other conditions, which have nothing to do with TDX")

    def _called_from_outside(self, steps: Steps, cpu: str) -> None:
        """Draft a caller outside the tree, as the exported functions want to be called."""
        self.book.unseen.append(
            f"nobody in this tree calls {cpu}() and {steps.entry}(); the caller is drafted: VMXON, every online CPU, then the module"
        )
        vmxon = self._vmxon()
        if vmxon is None:
            self.book.unseen.append("VMXON, and what it prints where it faults: done by the caller")
        call = {"name": EARLY, "does": "call"}
        before = [
            {"name": EARLY, "does": "check", "when": "platform=off", "stop": -19},
            call | {"call": "vmxon", "each": "online-cpu"},
            call | {"call": "cpu-enable", "each": "online-cpu", "installs": "callbacks=on"},
        ]
        rows = [row for row in steps.read() if row.get("when") != "platform=off"]
        self.rows += [
            {"name": "enable", "asked": "enable", "attempt": True, "lock": "caller", "returns": 0, "step": [*before, *rows]},
            {"name": "vmxon", "step": [vmxon or {"name": EARLY, "does": "vmxon"}]},
            {"name": "cpu-enable", "step": Steps(self.book, self.first, cpu, self.ours).read()},
            {
                "name": "online-cpu",
                "asked": "online",
                "needs": "callbacks=on",
                "step": [call | {"call": each} for each in ("vmxon", "cpu-enable")],
            },
            *steps.operations.values(),
        ]

    def _vmxon(self) -> Row | None:
        """Return the step that turns VMX on where a function of the tree does so and nobody followed it there."""
        for name in self.graph.mentioning("vmxon"):
            steps = Steps(self.book, self.first, name, lambda _: True)
            if any(each.text == VMXON for each in steps.well.decisions):
                row = next(row for row in steps.read() if row["does"] == "vmxon")
                return {key: value for key, value in row.items() if key not in ("fault_errno", "needed_by")}
        return None

    def _hotplug(self, steps: Steps) -> None:
        """Draft what runs when a CPU comes or goes, as it was registered, and what refuses memory that comes."""
        call = {"name": EARLY, "does": "call"}
        names = [row["name"] for row in self.rows if any(_calls(other, row["name"]) for other in self.rows)]
        comes = [name for name in names if any(_calls(other, name, "callbacks=on") for other in self.rows)]
        if steps.kept and comes:
            self.rows.append(
                {"name": "online-cpu", "asked": "online", "needs": "callbacks=on", "step": [call | {"call": each} for each in comes]}
            )
        for kept in reversed(steps.kept):
            if len(kept) > 1 and self.ours(kept[1]):
                rows = Steps(self.book, KernelMemory(self.program, (steps.entry,)), kept[1], self.ours, "cpu-hotplug").read()
                if rows:
                    self.rows.append({"name": "offline-cpu", "asked": "offline", "needs": "callbacks=on", "step": rows})

    def _memory(self) -> None:
        """Draft what refuses memory that comes: a notifier of this kernel's TDX code that can say no."""
        words = {"MEM_GOING_ONLINE", "NOTIFY_BAD"}
        if any(self.ours(name) and words <= set(each.mentions) for name, each in self.program.functions.items()):
            step = {"name": "memory-list", "does": "check", "when": "outside-tdx-memory", "stop": -1}
            self.rows.append({"name": "memory-online", "asked": "memonline", "needs": "module=initialized", "step": [step]})

    def _later(self, sought: Sought, steps: Steps) -> None:
        """Draft an operation that comes after, if this kernel has it."""
        entries = [each for each in self._found(sought) if each != steps.entry]
        stage = KernelMemory(self.program, (steps.entry,))
        rows: list[Row] = []
        operations: dict[str, Row] = {}
        turned: dict[int, int] = {}
        for entry in entries:
            read = Steps(self.book, stage, entry, self.ours, sought.step)
            own = read.read()
            rows += read.without_module(own, self.first) if sought.asked == _LOAD else forgetting(own)
            operations |= read.operations
            turned |= read.leaves.turned
        if not rows:
            return
        rows, stages = in_stages(rows, sought.name)
        every = [*rows, *(row for one in operations.values() for row in one["step"])]
        self.pages = self.pages or any(each["does"] == "allocate-td-pages" for each in every)
        for each in every if not self.pages else ():
            each.pop("arguments", None)
        operations |= {each["name"]: each for each in stages}
        if sought.asked == _LOAD:
            rows.append({"name": sought.step, "does": "set", "set": "kvm=tdx"})
        if sought.without_kvm is not None:
            rows.insert(0, {"name": sought.step, "does": "check", "when": "not:kvm=tdx", "stop": sought.without_kvm})
        row: Row = {"name": sought.name, "asked": sought.asked, "returns": 0}
        row |= {"needs": sought.needs} if sought.needs else {}
        row |= {"returns_value": sought.value} if sought.value else {}
        row |= {"returns_for": [list(each) for each in sorted(turned.items())]} if turned else {}
        self.rows.append(row | {"step": rows})
        self.rows += [each for name, each in operations.items() if all(known["name"] != name for known in self.rows)]

    def _found(self, sought: Sought) -> list[str]:
        """Return the functions of an operation: those by which its leaf is asked from outside, or one of a certain name."""
        if sought.function:
            named = [name for name in self.program.functions if name == sought.function]
            return [name for name in named if any("tdx" in each.lower() for each in self.program.functions[name].mentions)]
        if not sought.leaf:
            return [name for name, how in sorted(self.started.items()) if how == "module_init" and self._loads_kvm(name)]
        leaf = sought.leaf
        mentioning = self.graph.mentioning(leaf.replace(".", "_"))
        tops = self.graph.outermost(mentioning, lambda each: self.ours(each) and self._returns(each) and self._asks(each, leaf))
        found = [each for each in tops if self._asks(each, leaf)]
        return found + [name for name in self._last(sought.after) if name not in found]

    def _last(self, leaves: Sequence[str]) -> list[str]:
        """Return the outermost functions that ask all of some leaves, in a run that goes well."""
        if not leaves:
            return []
        mentioning = self.graph.mentioning(leaves[-1].replace(".", "_"))

        def counts(each: str) -> bool:
            return self.ours(each) and self._returns(each) and all(self._asks(each, leaf) for leaf in leaves)

        return [each for each in self.graph.outermost(mentioning, counts) if counts(each)]

    def _returns(self, name: str) -> bool:
        """Tell whether a function returns an errno, or nothing."""
        return self.program.functions[name].returns in ("int", "void", "long")

    def _loads_kvm(self, name: str) -> bool:
        """Tell whether a start of a module is KVM's, and KVM does something for TDX there: to ask for VMX alone is not that."""
        if name not in self.program.functions or self.graph.ours(name):
            return False
        met = {each for decision in self.first.run(name).decisions for each in decision.chain}
        return any("tdx" in f"{each} {self.program.files.get(each, '')}" for each in met if self.graph.ours(each))


def _calls(row: Row, name: str, installs: str = "") -> bool:
    return any(step.get("call") == name and (not installs or step.get("installs") == installs) for step in row["step"])
