"""Every log that small machines can print, found by running scenarios forwards: the judge of what runs backwards."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from tdxwhy.replay.scenario import parse
from tdxwhy.replay.simulate import Simulation, simulate

STATUSES = {
    "TDH.SYS.INIT": ("0xc000090000000000",),
    "TDH.SYS.LP.INIT": ("0xc000050b00000000",),
    "TDH.SYS.INFO": ("0xc000050200000000",),
    "TDH.SYS.RD": ("0xc0000c0000000000",),
    "TDH.SYS.CONFIG": ("0xc000050c00000000",),
    "TDH.SYS.KEY.CONFIG": ("0x8000080000000000",),
    "TDH.SYS.TDMR.INIT": ("0xc000050500000000",),
}
_KINDS = ("kmalloc", "alloc_pages_exact", "alloc_contig_pages", "kzalloc", "cpumask")
_SETTINGS = (
    {},
    {"keyid": "63 0"},
    {"keyid": "63 1"},
    {"hibernation": 1},
    {"memnotifier_fail": 12},
    {"max_tdmrs": 1},
    {"max_rsvd": 1},
    {"features0": "0x0"},
    {"num_cpuid_config": 129},
    {"feature_off": "X86_FEATURE_XSAVE"},
)
_OPERATIONS = {
    "7.1": (["boot", "enable"], *(["boot", "enable", *["kvmload"] * times] for times in (1, 2, 3))),
    None: (["boot"], ["boot", "enable"], ["boot", "enable", "enable"]),
}


def _faults() -> Iterator[list[dict[str, object]]]:
    yield []
    for leaf, statuses in STATUSES.items():
        for status in (*statuses, "UD", "GP", "VMFAILINVALID"):
            yield [{"leaf": leaf, "status": status}]


def runs(generation: str) -> Iterator[Simulation]:
    """Yield the runs of a machine with one package: every setting, fault and failing allocation, alone and a fault after a fault."""
    done = [0, 1] if generation == "v8-as-posted" else []
    module = {"state": "SYSINIT_DONE" if done else "loaded", "lp_init_done": done}
    base = {"generation": generation, "module": module, "platform": {"packages": 1, "cpus_per_package": 2}}
    for operations in _OPERATIONS.get(generation, _OPERATIONS[None]):
        for settings in _SETTINGS:
            yield simulate(parse({**base, "operations": operations, "settings": settings}))
        for kind in _KINDS:
            yield simulate(parse({**base, "operations": operations, "allocation_failures": [{"kind": kind, "nth": 1}]}))
        for first, second in product(_faults(), _faults() if operations.count("enable") > 1 else [[]]):
            yield simulate(parse({**base, "operations": operations, "faults": first + second}))
    if generation == "6.8":
        yield from _again(base)


def _again(base: dict[str, object]) -> Iterator[Simulation]:
    """Yield what takes a third attempt, or a CPU that comes online between two."""
    refused: list[dict[str, object]] = [{"leaf": "TDH.SYS.LP.INIT", "status": STATUSES["TDH.SYS.LP.INIT"][0]}]
    for last in _faults():
        yield simulate(parse({**base, "operations": ["boot", *["enable"] * 3], "faults": refused * 2 + last}))
        late = {"packages": 1, "cpus_per_package": 2, "offline_at_boot": [1]}
        refused_late = [{**refused[0], "cpu": 1}]
        scenario = {**base, "platform": late, "module": {"all_cpus_before_config": False, "late_lp_init": True}}
        for operations in (["boot", "enable", "online 1", "enable"], ["boot", "enable", "online 1"]):
            yield simulate(parse({**scenario, "operations": operations, "faults": last + refused_late}))
        operations = ["boot", "enable", "enable", "online 1", "enable"]
        yield simulate(parse({**scenario, "operations": operations, "faults": refused + last + refused_late}))


Log = tuple[tuple[int, str], ...]


def logs(generation: str) -> set[Log]:
    """Return every log of these runs, as levels and texts."""
    return {tuple((line.level, line.text) for line in run.lines) for run in runs(generation)}


def canonical(log: Log) -> Log:
    """Leave out what another machine or one more attempt changes: which memory ranges there are, how often a refusal is repeated."""
    kept: list[tuple[int, str]] = []
    for line in log:
        again = bool(kept) and kept[-1] == line and ("(0x0000000000000023)" in line[1] or line[1].startswith("kvm_intel: "))
        if "CMR: [" not in line[1] and not again:
            kept.append(line)
    return tuple(kept)
