"""A drafted generation against a hand-written one, scenario by scenario: where they print or return otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from tdxwhy.errors import TdxwhyError
from tdxwhy.extract.book import table
from tdxwhy.files import toml
from tdxwhy.noun import NamedTuple
from tdxwhy.replay.conditions import CONDITIONS
from tdxwhy.replay.data import single
from tdxwhy.replay.generation import Generation
from tdxwhy.replay.kernel import Kernel
from tdxwhy.replay.platform import Platform
from tdxwhy.replay.scenario import Scenario, parse
from tdxwhy.replay.steps import DOES

_SETTINGS: dict[str, dict[str, object]] = {
    "no KeyIDs": {"keyid": "63 0"},
    "one KeyID": {"keyid": "63 1"},
    "KeyID MSR faults": {"keyid_msr_fault": 1},
    "hibernation": {"hibernation": 1},
    "memory notifier fails": {"memnotifier_fail": 12},
    "module without TDH.SYS.RD": {"has_sysrd": 0},
    "two TDMRs only": {"max_tdmrs": 2},
    "three reserved areas only": {"max_rsvd": 3},
}
_KVM_SETTINGS: dict[str, dict[str, object]] = {
    "module without topology enumeration": {"features0": "0x40000"},
    "more CPUs than a TD may have": {"max_vcpus": 1},
    "one KeyID for TDs": {"keyid": "63 2"},
    "no KeyIDs": {"keyid": "63 0"},
}
_KVM_FEATURES = ("enable_ept", "tdp_mmu", "enable_apicv", "X86_FEATURE_OSXSAVE", "X86_FEATURE_MOVDIR64B", "X86_FEATURE_SELFSNOOP")
_ALLOCATIONS = ("kmalloc", "alloc_pages_exact", "alloc_contig_pages", "kzalloc", "cpumask")


class ScenarioDifference(NamedTuple):
    """A scenario in which the two part: its title, and what each printed and returned."""

    title: str
    drafted: tuple[str, ...]
    written: tuple[str, ...]


class ScenarioComparison(NamedTuple):
    """How many scenarios were run, and those that differ."""

    scenarios: int
    differences: tuple[ScenarioDifference, ...]


def compare(drafted_toml: str, hand: Generation) -> ScenarioComparison:
    """Run every scenario on both generations. Accepted form: the text of a generation file."""
    drafted = single("draft.toml", toml(drafted_toml))
    found = []
    count = 0
    for title, scenario in scenarios(hand.name):
        count += 1
        one, other = _outcome(drafted, scenario), _outcome(hand, scenario)
        if one != other:
            found.append(ScenarioDifference(title, one, other))
    return ScenarioComparison(count, tuple(found))


def scenarios(generation: str) -> Iterator[tuple[str, Scenario]]:
    """Yield the scenarios in which one thing goes wrong: each leaf in each way, settings, allocations, CPUs, modules, memory, TDs."""
    rows: list[tuple[str, dict[str, object]]] = [("all is well", {})]
    refusals = {"a status": "0xc000010000000000", "#UD": "UD", "#GP": "GP", "VMfailInvalid": "VMFAILINVALID"}
    early = [leaf for leaf, words in table().faults.items() if words == "enable"]
    for leaf in early:
        rows += [(f"{leaf}: {name}", {"faults": [{"leaf": leaf, "status": status}]}) for name, status in refusals.items()]
        rows.append((f"{leaf}: no entropy for ever", {"faults": [{"leaf": leaf, "status": "0x8000020300000000", "count": 0}]}))
        rows.append((f"{leaf}: no entropy, three times", {"faults": [{"leaf": leaf, "status": "0x8000020300000000", "count": 3}]}))
    rows += [(name, {"settings": settings}) for name, settings in _SETTINGS.items()]
    rows += [(f"{kind} fails", {"allocation_failures": [{"kind": kind, "nth": 1}]}) for kind in _ALLOCATIONS]
    rows += [(f"module {state}", {"module": {"state": state}}) for state in ("absent", "gp")]
    rows.append(("a CPU without VMXON", {"without_vmxon": [1]}))
    rows.append(("a CPU on which VMXON faults", {"vmxon_faults": [1]}))
    rows.append(("package 1 of 2 has no online CPU", {"platform": {"packages": 2, "cpus_per_package": 2, "offline_at_boot": [2, 3]}}))
    rows.append(("62 memory regions", {"platform": {"packages": 1, "cpus_per_package": 2, "memory": _regions(62)}}))
    rows.append(("70 memory regions", {"platform": {"packages": 1, "cpus_per_package": 2, "memory": _regions(70)}}))
    rows.append(("enabled twice", {"operations": ["boot", "enable", "enable"]}))
    rows.append(
        (
            "refused, then enabled again",
            {"faults": [{"leaf": early[-3], "status": "UD"}], "operations": ["boot", "enable", "enable"]},
        )
    )
    rows += _later()
    for title, row in rows:
        with suppress(TdxwhyError):  # an operation that this kernel does not have
            yield title, parse({"generation": generation} | row)


def _later() -> Iterator[tuple[str, dict[str, object]]]:
    """Yield the scenarios after bring-up: KVM, TDs, CPUs that come and go, memory, updates, the end. What a kernel lacks returns 0."""
    start = ["boot", "enable", "kvmload"]
    two: dict[str, object] = {"platform": {"packages": 2, "cpus_per_package": 2}}
    plain = {
        "a TD is made and ended": ["createtd", "destroytd", "createtd"],
        "the last CPU of a package, with a TD": ["createtd", "offline 3", "offline 2", "destroytd", "offline 2"],
        "a TD, with a package offline": ["offline 3", "offline 2", "createtd"],
        "a CPU goes and comes": ["offline 3", "online 3"],
        "memory that TDX does not know": ["memonline 0x10000000000 0x40000000"],
        "memory that TDX knows": ["memonline 0x100000000 0x8000000"],
        "kexec": ["kexec"],
        "shutdown": ["shutdown"],
        "a module update": ["update", "createtd"],
        "an image of another form": ["update broken", "createtd"],
    }
    for title, asked in plain.items():
        yield title, {"operations": [*start, *asked]} | two
    for name, settings in _KVM_SETTINGS.items():
        yield f"KVM: {name}", {"operations": [*start, "createtd"], "settings": settings} | two
    for feature in _KVM_FEATURES:
        yield f"KVM: {feature} off", {"operations": [*start, "createtd"], "settings": {"feature_off": feature}} | two
    for leaf, words in table().faults.items():
        if words == "enable":
            continue
        for name, status in {"a status": "0xc0000f0f00000000", "#UD": "UD"}.items():
            fault: dict[str, object] = {"leaf": leaf, "status": status, "count": 0}
            yield f"{words}: {leaf}: {name}", {"operations": [*start, *words.split(", ")], "faults": [fault]} | two
    of_cpu = list(table().faults)[1]
    yield (
        "a CPU that comes is refused",
        {
            "operations": [*start, "online 3"],
            "faults": [{"leaf": of_cpu, "status": "0xc0000f0f00000000", "cpu": 3}],
            "module": {"late_lp_init": True, "all_cpus_before_config": False},
        }
        | {"platform": {"packages": 2, "cpus_per_package": 2, "offline_at_boot": [3]}},
    )


def _regions(count: int) -> list[list[int]]:
    """Lay out memory regions 2 GiB apart, each on a node of its own."""
    return [[index << 31 | 0x100000, (index << 31) + (1 << 30), index] for index in range(count)]


def _outcome(generation: Generation, scenario: Scenario) -> tuple[str, ...]:
    kernel = Kernel(generation, Platform(scenario), DOES, CONDITIONS)
    try:
        returned = [f"{words}: {kernel.ask(words)}" for words in scenario.operations]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        return (f"cannot be run: {error} is nothing that the model knows",)
    return (*(f"<{line.level}>{line.text}" for line in kernel.lines if not line.approximate), *returned)


def reason(difference: ScenarioDifference) -> str:
    """Say in a line where two outcomes part."""
    for one, other in zip(difference.drafted, difference.written, strict=False):
        if one != other:
            return f"drafted {one!r}, written {other!r}"
    longer = "draft" if len(difference.drafted) > len(difference.written) else "written model"
    return f"the {longer} has {abs(len(difference.drafted) - len(difference.written))} lines more"
