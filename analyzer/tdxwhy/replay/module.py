"""The TDX module as a state machine: the dispatcher, then a leaf's checks in the data's order, then its effects."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from tdxwhy.noun import NamedTuple
from tdxwhy.replay.data import leaf_number, module_data, platform_data
from tdxwhy.replay.memory import Tdmr, refusal
from tdxwhy.replay.scenario import Scenario

ABSENT_FIELD = 0xFFFFFFFFFFFFFFFF


class ModuleCall(NamedTuple):
    """A SEAMCALL as it reaches the module; `registers` is read and written.

    `conditions` hold while it runs: `lock` (another CPU is inside), `entropy` (there is none), `busy` (the key table),
    `tsx` (TSX_CTRL is set).
    """

    leaf: str
    cpu: int
    package: int
    registers: dict[str, int]
    tdmrs: tuple[Tdmr, ...] = ()
    conditions: frozenset[str] = frozenset()


class TdxModule:
    """One module in one machine."""

    def __init__(self, scenario: Scenario) -> None:
        own = scenario.module
        self.rules = own
        self.scenario = scenario
        self.state = own.state if own.state in module_data()["states"] else "SYSINIT_PENDING"
        self.cpu_package: dict[int, int] = {cpu: scenario.packages[cpu] for cpu in own.lp_init_done}
        self.cpus = int(scenario.settings.get("bios_lps", len(scenario.packages)))
        self.packages = int(scenario.settings.get("bios_pkgs", len(set(scenario.packages))))
        self.keyed: set[int] = set()
        self.tdmrs: tuple[Tdmr, ...] = ()
        self.progress: dict[int, int] = {}
        self.installed: set[int] = set()
        if self.state == "SYS_READY":
            self.keyed = set(scenario.packages)

    def answer(self, call: ModuleCall) -> int:
        """Return the module's own status for a call, and take its effects if it succeeds."""
        leaf = _leaves().get(call.leaf)
        for check in module_data()["dispatcher"] if not (leaf or {}).get("loader") else ():
            if _DISPATCH[check["when"]](self, call.leaf, leaf):
                return int(check["status"])
        if leaf is None:
            return 0
        for check in leaf["check"]:
            status = self._refused(check, call) if self.has(check) else None
            if status is not None:
                return status
        for effect in leaf["effects"]:
            if isinstance(effect, str):
                self._take(effect, call)
            elif self.has(effect):
                self._take(effect["take"], call)
        return 0

    def has(self, row: dict[str, Any]) -> bool:
        """Tell whether a leaf, a check or an effect belongs to this version of the module."""
        version = self.rules.version
        return version in row.get("only", (version,)) and version not in row.get("not_in", ())

    def _refused(self, check: dict[str, Any], call: ModuleCall) -> int | None:
        if check["when"] == "memory-refused":
            return refusal(call.tdmrs, self.scenario.cmr)
        if not _CHECKS[check["when"]](self, call):
            return None
        if check["when"] == "field-unknown":
            call.registers.update(rdx=ABSENT_FIELD, r8=0)
        return int(check["status"]) | (call.package if check.get("detail") == "package" else 0)

    def _take(self, effect: str, call: ModuleCall) -> None:
        word, _, value = effect.partition(" ")
        if word == "state":
            self.state = value
            self.tdmrs = call.tdmrs or self.tdmrs
        elif word == "cpu-initialized":
            self.cpu_package[call.cpu] = call.package
        elif word == "forget-packages":
            self.keyed = set()
        elif word == "package-keyed":
            self.keyed.add(self.package_of(call.cpu))
            self.state = "SYS_READY" if len(self.keyed) >= self.packages else self.state
        elif word == "read-field":
            call.registers["r8"] = self.field(call.registers.get("rdx", 0)) or 0
        elif word == "tdmr-part":
            self._initialize_part(call.registers)
        elif word == "install":
            self._install(call.cpu)

    @property
    def absent(self) -> bool:
        """Tell whether the old module is gone and the new one not complete."""
        return bool(self.installed)

    def _install(self, cpu: int) -> None:
        """Take one CPU's part in replacing the module; the last one starts the new one from scratch."""
        self.installed.add(cpu)
        if len(self.installed) >= self.cpus:
            self.state, self.installed, self.cpu_package = "SYSINIT_PENDING", set(), {}

    def package_of(self, cpu: int) -> int:
        """Return the package that the module knows a CPU by: 0 until that CPU has run TDH.SYS.LP.INIT."""
        return self.cpu_package.get(cpu, 0)

    def field(self, number: int) -> int | None:
        """Return a global metadata field, or None if this module lacks it."""
        settings = self.scenario.settings
        missing = settings.get("meta_missing")
        if missing is not None and int(str(missing), 0) == number:
            return None
        table = number & 0xFFFFFFFFFFFFFF00
        if table in (0x9900000300000400, 0x9900000300000500):
            return 0
        row = module_data()["fields"].get(f"0x{number:016x}")
        return None if row is None else _setting(settings, row["name"], row["value"])

    def _initialize_part(self, registers: dict[str, int]) -> None:
        base, part = registers["rcx"], platform_data()["tdmr"]["part"]
        tdmr = next(one for one in self.tdmrs if one.base == base)
        done = self.progress.get(base, 0) + part
        self.progress[base] = done
        whole = platform_data()["tdmr"]["alignment"]
        registers["rdx"] = base + min(done, tdmr.size) // whole * whole

    def skip_parts(self, tdmr: Tdmr, calls: int) -> int:
        """Take up to so many calls of a TDMR's initialisation at once, all but its last one, and return how many they were."""
        part: int = platform_data()["tdmr"]["part"]
        done = self.progress.get(tdmr.base, 0)
        made = max(0, min(calls, (tdmr.size - done) // part - 1))
        self.progress[tdmr.base] = done + made * part
        return made


_FIELD_SETTINGS = {
    "max_tdmrs": "max_tdmrs",
    "max_reserved_per_tdmr": "max_rsvd",
    "num_cpuid_config": "num_cpuid_config",
    "tdx_features0": "features0",
    "max_vcpus_per_td": "max_vcpus",
}
_VERSION = ("major_version", "minor_version", "update_version")


def _setting(settings: dict[str, Any], name: str, value: int) -> int:
    if name in _VERSION and "version" in settings:
        return int(str(settings["version"]).split()[_VERSION.index(name)])
    given = settings.get(_FIELD_SETTINGS.get(name, ""))
    return value if given is None else int(str(given), 0)


@cache
def _leaves() -> dict[str, dict[str, Any]]:
    return {leaf["name"]: leaf for leaf in module_data()["leaf"]}


def _missing(module: TdxModule, name: str) -> bool:
    """Tell whether this module does not have the leaf, by its version or because the scenario says so."""
    leaf = _leaves().get(name)
    if leaf is None or not module.has(leaf):
        return True
    if name == "TDH.SYS.RD":
        return not int(module.scenario.settings.get("has_sysrd", 1))
    return name == "TDH.SYS.DISABLE" and not module.rules.has_disable


def _needs_ready(module: TdxModule, name: str, leaf: dict[str, Any] | None) -> bool:
    before = leaf is not None and leaf["before_ready"] and not _missing(module, name)
    return module.state != "SYS_READY" and not before


_DISPATCH: dict[str, Callable[[TdxModule, str, dict[str, Any] | None], bool]] = {
    "shut-down-for-this-leaf": lambda module, name, leaf: module.state == "SYS_SHUTDOWN" and not (leaf or {}).get("after_shutdown"),
    "leaf-needs-ready-module": _needs_ready,
    "leaf-unknown": lambda module, name, leaf: _missing(module, name) if leaf is not None else not leaf_number(name),
}


def _not_open_for_cpus(module: TdxModule, call: ModuleCall) -> bool:
    late = module.rules.late_lp_init and module.state in ("SYSCONFIG_DONE", "SYS_READY")
    return module.state != "SYSINIT_DONE" and not late


_CHECKS: dict[str, Callable[[TdxModule, ModuleCall], bool]] = {
    "lock-taken": lambda module, call: "lock" in call.conditions,
    "no-entropy": lambda module, call: "entropy" in call.conditions,
    "key-table-busy": lambda module, call: "busy" in call.conditions,
    "tsx-ctrl-set": lambda module, call: "tsx" in call.conditions,
    "operand": lambda module, call: call.registers.get("rcx", 0) != 0,
    "not-pending": lambda module, call: module.state != "SYSINIT_PENDING",
    "not-open-for-cpus": _not_open_for_cpus,
    "cpu-initialized": lambda module, call: call.cpu in module.cpu_package,
    "cpu-not-initialized": lambda module, call: call.cpu not in module.cpu_package,
    "package-id-too-high": lambda module, call: call.package >= module.rules.max_packages,
    "not-initialized": lambda module, call: module.state != "SYSINIT_DONE",
    "cpus-missing": lambda module, call: module.rules.all_cpus_before_config and len(module.cpu_package) < module.cpus,
    "not-configured": lambda module, call: module.state != "SYSCONFIG_DONE",
    "package-keyed": lambda module, call: module.package_of(call.cpu) in module.keyed,
    "handoff-unknown": lambda module, call: bool(int(module.scenario.settings.get("old_handoff", 0))),
    "field-unknown": lambda module, call: module.field(call.registers.get("rdx", 0)) is None,
    "no-such-tdmr": lambda module, call: all(one.base != call.registers["rcx"] for one in module.tdmrs),
    "tdmr-initialized": lambda module, call: any(
        one.base == call.registers["rcx"] and module.progress.get(one.base, 0) >= one.size for one in module.tdmrs
    ),
}
