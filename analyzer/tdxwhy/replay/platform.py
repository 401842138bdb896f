"""The machine around the module: CPUs, their hot-plug and its lock, VMX, injected answers, allocations."""

from __future__ import annotations

from collections import Counter

from tdxwhy.noun import NamedTuple
from tdxwhy.replay.data import module_data, platform_data
from tdxwhy.replay.memory import Allocator, Tdmr
from tdxwhy.replay.module import ModuleCall, TdxModule
from tdxwhy.replay.scenario import Fault, Scenario


class Traced(NamedTuple):
    """One SEAMCALL as it was made and answered."""

    leaf: str
    cpu: int
    status: int


class Platform:
    """What a scenario says of the world, and what became of it so far."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.module = TdxModule(scenario)
        self.online = {cpu for cpu in range(len(scenario.packages)) if cpu not in scenario.offline}
        self.vmx_off: set[int] = set(scenario.without_vmxon)
        self.locked = 0
        self.deferred: list[tuple[str, int]] = []
        self.trace: list[Traced] = []
        self.calls: Counter[str] = Counter()
        self.allocations: Counter[str] = Counter()
        self.used: Counter[int] = Counter()
        where = platform_data()["allocator"]
        self.pages = Allocator(scenario.memory, where["floor"], where["step"])
        if int(scenario.settings.get("vmx_unsupported", 0)):
            self.vmx_off = set(range(len(scenario.packages)))

    def caller(self) -> int:
        """Return the CPU on which the kernel's caller runs."""
        return min(self.online, default=0)

    def fails(self, kind: str) -> bool:
        """Count an allocation and tell whether it is one that fails."""
        self.allocations[kind] += 1
        nth = self.allocations[kind]
        return any(one.kind == kind and one.nth == nth for one in self.scenario.allocation_failures)

    def idle(self, leaf: str, cpu: int) -> int:
        """Return how many of the next calls of a leaf on a CPU nothing of the scenario waits for."""
        made, package = self.calls[leaf], self.scenario.packages[cpu]
        due = [one.nth - made for one in self.scenario.hotplug if one.leaf == leaf and one.nth > made]
        for index, fault in enumerate(self.scenario.faults):
            here = fault.leaf == leaf and fault.cpu in (None, cpu) and fault.package in (None, package)
            if here and (fault.times == 0 or self.used[index] < fault.times):
                due.append(max(1, (fault.nth or 1) - made))
        return min(due, default=1 << 62) - 1

    def events(self, leaf: str, when: str) -> list[tuple[str, int]]:
        """Return the hot-plug events that are due at the current call of a leaf."""
        nth = self.calls[leaf]
        return [(one.op, one.cpu) for one in self.scenario.hotplug if (one.leaf, one.nth, one.when) == (leaf, nth, when)]

    def answer(self, leaf: str, cpu: int, registers: dict[str, int], tdmrs: tuple[Tdmr, ...]) -> int:
        """Return what a SEAMCALL on a CPU comes back with: a fault of the CPU, an injected answer, or the module's own."""
        software: dict[str, int] = module_data()["software"]
        state = self.scenario.module.state
        if cpu in self.vmx_off:
            return software["ud"]
        if state in ("absent", "gp"):
            return software["vmfailinvalid" if state == "absent" else "gp"]
        fault = self._fault(leaf, cpu)
        if fault is None and self.module.absent and not leaf.startswith("SEAMLDR."):
            return software["vmfailinvalid"]
        if fault is None:
            return self.module.answer(ModuleCall(leaf, cpu, self.scenario.packages[cpu], registers, tdmrs))
        registers.update(fault.registers)
        return software[fault.status] if isinstance(fault.status, str) else fault.status

    def _fault(self, leaf: str, cpu: int) -> Fault | None:
        nth, package = self.calls[leaf], self.scenario.packages[cpu]
        for index, fault in enumerate(self.scenario.faults):
            here = fault.leaf == leaf and fault.cpu in (None, cpu) and fault.package in (None, package)
            if here and (fault.nth is None or nth >= fault.nth) and (fault.times == 0 or self.used[index] < fault.times):
                self.used[index] += 1
                return fault
        return None
