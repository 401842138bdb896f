"""A scenario: the machine, the module, what goes wrong, and what is asked of the kernel. Strict to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tdxwhy.digits import is_whole
from tdxwhy.errors import TdxwhyError
from tdxwhy.know.decode import leaf_named, status_named
from tdxwhy.noun import NamedTuple
from tdxwhy.replay.data import generation, leaf_numbers, module_data, serving
from tdxwhy.replay.values import known_keys, rows_of, whole_number


class Fault(NamedTuple):
    """An answer that the module gives instead of its own."""

    leaf: str
    status: int | str
    cpu: int | None = None
    package: int | None = None
    nth: int | None = None
    times: int = 1
    registers: tuple[tuple[str, int], ...] = ()


class Hotplug(NamedTuple):
    """A CPU that somebody plugs or unplugs at the nth call of a leaf."""

    leaf: str
    nth: int
    when: str
    op: str
    cpu: int


class AllocationFailure(NamedTuple):
    """The nth allocation of a kind that fails."""

    kind: str
    nth: int


class Module(NamedTuple):
    """How the scenario's module behaves; the fields decide, `profile` is for reading only."""

    state: str = "loaded"
    version: str = "1.5"
    profile: str = ""
    all_cpus_before_config: bool = True
    late_lp_init: bool = False
    max_packages: int = 8
    has_disable: bool = False
    lp_init_done: tuple[int, ...] = ()


class Scenario(NamedTuple):
    """One run to simulate."""

    generation: str
    packages: tuple[int, ...]
    offline: frozenset[int]
    memory: tuple[tuple[int, int, int], ...]
    cmr: tuple[tuple[int, int], ...]
    module: Module
    settings: dict[str, Any]
    faults: tuple[Fault, ...]
    allocation_failures: tuple[AllocationFailure, ...]
    hotplug: tuple[Hotplug, ...]
    without_vmxon: frozenset[int]
    vmxon_faults: frozenset[int]
    operations: tuple[str, ...]


_TOP = {
    "generation", "platform", "module", "settings", "faults", "allocation_failures", "hotplug", "without_vmxon", "vmxon_faults",
    "operations", "title",
}  # fmt: skip
_PLATFORM = {"packages", "cpus_per_package", "cpu_to_package", "offline_at_boot", "memory", "cmr"}
_SETTINGS = {
    "keyid", "keyid_msr_fault", "hibernation", "memnotifier_fail", "bios_pkgs", "bios_lps", "caller_holds_cpus_lock", "max_rsvd",
    "max_tdmrs", "cpu_model", "vmx_unsupported", "feature_off", "meta_missing", "has_sysrd", "num_cpuid_config", "version", "features0",
    "max_vcpus", "old_handoff", "misc_max",
}  # fmt: skip
_FAULT = {"leaf", "status", "cpu", "package", "nth", "count", "rcx", "rdx", "r8", "r9", "r10", "r11"}
# The words that ask for something, and how many numbers each takes.
_OPERATIONS = {
    "boot": 0, "enable": 0, "kvmload": 0, "createtd": 0, "destroytd": 0, "online": 1, "offline": 1, "update": 0, "memonline": 2,
    "shutdown": 0, "kexec": 0, "guest": 1,
}  # fmt: skip
_MACHINE = {"online", "offline", "guest"}
_IMAGES = {"update broken"}
_VERSIONS = ("1.0", "1.5", "2.0")
_MODULE_STATES = {"loaded", "absent", "gp"}
_GIB = 1 << 30
_LOW = 0x100000


def parse(data: object) -> Scenario:
    """Read a scenario. Accepted form: a table as in reports/schema/scenario.schema.json; anything unknown is an error with its place."""
    row = known_keys(data, _TOP, "scenario")
    if "generation" not in row:
        raise TdxwhyError("generation is missing")
    kernel = generation(str(row["generation"]))
    if kernel.by_role:
        raise TdxwhyError(f"generation: {kernel.name!r} has no lines of its own to print", "`tdxwhy model` lists the kernels")
    platform = known_keys(row.get("platform", {}), _PLATFORM, "platform")
    packages = _packages(platform)
    cpus = _Cpus(packages)
    memory = _memory(platform, packages)
    operations = tuple(_asked(one, f"operations[{i}]", cpus) for i, one in enumerate(_list(row, "operations", ("boot", "enable"))))
    kernel = serving(kernel, [one.split()[0] for one in operations if one.split()[0] not in _MACHINE])
    return Scenario(
        kernel.name,
        packages,
        cpus.set(platform.get("offline_at_boot", []), "platform.offline_at_boot"),
        memory,
        _cmr(platform, memory),
        _module(row.get("module", {}), cpus, kernel.module_state),
        _settings(row.get("settings", {})),
        tuple(_fault(one, f"faults[{i}]", cpus) for i, one in enumerate(_list(row, "faults"))),
        tuple(_allocation(one, f"allocation_failures[{i}]") for i, one in enumerate(_list(row, "allocation_failures"))),
        tuple(_hotplug(one, f"hotplug[{i}]", cpus) for i, one in enumerate(_list(row, "hotplug"))),
        cpus.set(row.get("without_vmxon", []), "without_vmxon"),
        cpus.set(row.get("vmxon_faults", []), "vmxon_faults"),
        operations,
    )


# What a scenario may ask of us: beyond these no machine lies, and a run would take too long.
_MOST = {"cpu_to_package": 8192}
_MOST_ELSE = 256


def _list(row: dict[str, Any], key: str, default: tuple[object, ...] = ()) -> Sequence[object]:
    given, most = row.get(key, default), _MOST.get(key, _MOST_ELSE)
    if not isinstance(given, list | tuple) or len(given) > most:
        raise TdxwhyError(f"{key} is not a list of at most {most}")
    return given


# Settings that hold several numbers, and how many; those that hold a name; all others hold one number.
_NUMBERS = {"keyid": 2, "version": 3}
_NAMES = {"feature_off"}


def _settings(given: object) -> dict[str, Any]:
    row = known_keys(given, _SETTINGS, "settings")
    for name, value in row.items():
        numbers = str(value).split() if name in _NUMBERS else [value]
        if name in _NUMBERS and len(numbers) != _NUMBERS[name]:
            raise TdxwhyError(f"settings.{name}: {value!r} is not {_NUMBERS[name]} numbers")
        if name not in _NAMES:
            for number in numbers:
                whole_number(int(number) if isinstance(number, bool) else number, f"settings.{name}")
    return {name: _plain(name, value) for name, value in row.items()}


def _plain(name: str, value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    return int(value, 0) if isinstance(value, str) and name not in _NUMBERS and name not in _NAMES else value


class _Cpus(NamedTuple):
    packages: tuple[int, ...]

    def one(self, value: object, place: str) -> int:
        number = whole_number(value, place)
        if not 0 <= number < len(self.packages):
            raise TdxwhyError(f"{place}: no CPU {number}, the platform has {len(self.packages)}")
        return number

    def set(self, values: object, place: str) -> frozenset[int]:
        if not isinstance(values, list):
            raise TdxwhyError(f"{place} is not a list")
        return frozenset(self.one(value, place) for value in values)


def _packages(platform: dict[str, Any]) -> tuple[int, ...]:
    count = whole_number(platform.get("packages", 1), "platform.packages")
    each = whole_number(platform.get("cpus_per_package", 2), "platform.cpus_per_package")
    if not 0 < count <= 64 or not 0 < each <= 1024:
        raise TdxwhyError("platform: 1 to 64 packages of 1 to 1024 CPUs")
    given = platform.get("cpu_to_package")
    if given is None:
        return tuple(package for package in range(count) for _ in range(each))
    packages = tuple(whole_number(one, f"platform.cpu_to_package[{i}]") for i, one in enumerate(_list(platform, "cpu_to_package")))
    if not packages or not 0 <= min(packages) <= max(packages) < 64:
        raise TdxwhyError("platform.cpu_to_package: package ids from 0 to 63")
    if "packages" in platform and len(set(packages)) > count:
        raise TdxwhyError(f"platform.cpu_to_package: {len(set(packages))} packages, the platform has {count}")
    return packages


def _memory(platform: dict[str, Any], packages: tuple[int, ...]) -> tuple[tuple[int, int, int], ...]:
    """Memory ranges with their nodes; by default 2 GiB a package, the first of them with the hole below 4 GiB."""
    given = platform.get("memory")
    if given is None:
        nodes = range(len(set(packages)))
        low = ((0x1000, 0x9F000, 0), (0x100000, 0x7F000000, 0))
        return low + tuple((4 * _GIB + 2 * _GIB * n, 6 * _GIB + 2 * _GIB * n, n) for n in nodes)
    return tuple(
        (whole_number(a, "memory"), whole_number(b, "memory"), whole_number(n, "memory"))
        for a, b, n in rows_of(given, 3, "platform.memory")
    )


def _cmr(platform: dict[str, Any], memory: tuple[tuple[int, int, int], ...]) -> tuple[tuple[int, int], ...]:
    given = platform.get("cmr")
    if given is None:
        merged: list[tuple[int, int]] = []
        for start, end, _ in memory:
            if end > _LOW and merged and sum(merged[-1]) == start:
                merged[-1] = (merged[-1][0], end - merged[-1][0])
            elif end > _LOW:
                merged.append((start, end - start))
        return tuple(merged)
    return tuple((whole_number(a, "cmr"), whole_number(b, "cmr")) for a, b in rows_of(given, 2, "platform.cmr"))


def _module(row: object, cpus: _Cpus, found: str) -> Module:
    fields = dict(known_keys(row, frozenset(Module._fields), "module"))
    if found and "state" not in fields:
        fields |= {"state": found, "lp_init_done": list(range(len(cpus.packages)))}
    state = str(fields.get("state", "loaded"))
    if state not in _MODULE_STATES and state not in module_data()["states"]:
        raise TdxwhyError(f"module.state: {state!r} is no state", "loaded, absent, gp or a state of the module")
    if fields.get("version", "1.5") not in _VERSIONS:
        raise TdxwhyError(f"module.version: {fields['version']!r} is none of {', '.join(_VERSIONS)}")
    fields["lp_init_done"] = tuple(sorted(cpus.set(fields.get("lp_init_done", []), "module.lp_init_done")))
    fields["max_packages"] = whole_number(fields.get("max_packages", 8), "module.max_packages")
    return Module(**fields)


def _leaf(value: object, place: str) -> str:
    if not isinstance(value, str) or (value not in leaf_numbers() and leaf_named(value) is None):
        raise TdxwhyError(f"{place}.leaf: unknown leaf {value!r}", "known: " + ", ".join(leaf_numbers()))
    return str(value)


_SOFTWARE = {"UD": "ud", "GP": "gp", "VMFAILINVALID": "vmfailinvalid"}


def _fault(given: object, place: str, cpus: _Cpus) -> Fault:
    row = known_keys(given, _FAULT, place)
    status = row.get("status")
    package = row.get("package")
    if package is not None and whole_number(package, f"{place}.package") not in cpus.packages:
        raise TdxwhyError(f"{place}.package: no package {package} on this platform")
    return Fault(
        _leaf(row.get("leaf"), place),
        _status(status, f"{place}.status"),
        cpus.one(row["cpu"], f"{place}.cpu") if "cpu" in row else None,
        None if package is None else whole_number(package, f"{place}.package"),
        whole_number(row["nth"], f"{place}.nth") if "nth" in row else None,
        whole_number(row.get("count", 1), f"{place}.count"),
        tuple((name, whole_number(row[name], f"{place}.{name}")) for name in ("rcx", "rdx", "r8", "r9", "r10", "r11") if name in row),
    )


def _status(value: object, place: str) -> int | str:
    """Return a status, or the name of a fault. Accepted form: a number, a name such as TDX_SYS_BUSY, UD, GP or VMFAILINVALID."""
    if not isinstance(value, str) or is_whole(value[:1]):
        return whole_number(value, place)
    found = _SOFTWARE.get(value, status_named(value))
    if found is None:
        raise TdxwhyError(f"{place}: no status {value!r}", "a number, a name such as TDX_SYS_BUSY, UD, GP or VMFAILINVALID")
    return found


def _allocation(given: object, place: str) -> AllocationFailure:
    row = known_keys(given, frozenset(AllocationFailure._fields), place)
    return AllocationFailure(str(row.get("kind")), whole_number(row.get("nth", 1), f"{place}.nth"))


def _hotplug(given: object, place: str, cpus: _Cpus) -> Hotplug:
    row = known_keys(given, frozenset(Hotplug._fields), place)
    if row.get("when") not in ("before", "after") or row.get("op") not in ("on", "off"):
        raise TdxwhyError(f"{place}: when is before or after, op is on or off")
    leaf, cpu = _leaf(row.get("leaf"), place), cpus.one(row.get("cpu"), f"{place}.cpu")
    return Hotplug(leaf, whole_number(row.get("nth", 1), f"{place}.nth"), row["when"], row["op"], cpu)


def _asked(value: object, place: str, cpus: _Cpus) -> str:
    words = str(value).split()
    if " ".join(words) in _IMAGES:
        return " ".join(words)
    if not words or words[0] not in _OPERATIONS or len(words) != _OPERATIONS[words[0]] + 1:
        raise TdxwhyError(f"{place}: {value!r} is no operation", "known: " + ", ".join(_OPERATIONS))
    if words[0] in ("online", "offline"):
        cpus.one(words[1], place)
    for word in words[1:]:
        whole_number(word, place)
    return " ".join(words)
