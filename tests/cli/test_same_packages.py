"""Whatever the machine, log, replay, simulate, ready and gate name the same packages without an online CPU, and none that has one."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from tdxwhy.check.catalogue import rules_of
from tdxwhy.check.intake import Input
from tdxwhy.check.judges.log import judge_log
from tdxwhy.config import Settings
from tdxwhy.know.topology import topology
from tdxwhy.read.host.sidecar import of_cpus
from tdxwhy.ready.examine import examine
from tdxwhy.records import Cpu, Evidence, Place, Topology
from tdxwhy.replay.answers import answer
from tdxwhy.replay.forecast import foresee

from ..explain.logs import BIOS, boot, diagnosed

FAILED = [
    (5.0, BIOS),
    (6.0, "virt/tdx: SEAMCALL (0x000000000000002d) failed: 0xc000050c00000000"),
    (6.001, "virt/tdx: module initialization failed (-5)"),
]
NO_CPU = re.compile(r"\bpackages? ([\d, -]+) (?:has|have) no online CPU", re.IGNORECASE)


class Machine(NamedTuple):
    """The package of each CPU, which CPUs are offline, and of which of these nothing shows the package."""

    packages: tuple[int, ...]
    offline: frozenset[int]
    hidden: frozenset[int]

    @property
    def lost(self) -> set[int]:
        return set(self.packages) - {package for cpu, package in enumerate(self.packages) if cpu not in self.offline}

    @property
    def rows(self) -> list[dict[str, object]]:
        return [
            {"cpu": cpu, "socket": None if cpu in self.hidden else package, "online": cpu not in self.offline}
            for cpu, package in enumerate(self.packages)
        ]

    @property
    def sidecar(self) -> Topology:
        where = (Evidence(Place("lscpu.json"), "row"),)
        return of_cpus(
            Cpu(cpu, None if cpu in self.hidden else package, "offline" if cpu in self.offline else "online", where)
            for cpu, package in enumerate(self.packages)
        )


@st.composite
def machines(draw: st.DrawFn, most_offline: int = 6) -> Machine:
    """Draw a regular machine: ids dense, sparse or in any order, CPUs in blocks or turns, some offline, with a socket or without."""
    count, block, turns = draw(st.sampled_from([1, 2, 3, 4, 16])), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    names = draw(st.sampled_from(["dense", "fourth", "any"]))
    dense, fourth = list(range(count)), list(range(0, 4 * count, 4))
    ids = {"dense": dense, "fourth": fourth}.get(names) or draw(st.permutations(range(32)).map(lambda all_: list(all_)[:count]))
    packages = tuple(package for _ in range(turns) for package in ids for _ in range(block))
    whole = draw(st.sets(st.sampled_from(ids), max_size=2))
    single = draw(st.sets(st.integers(0, len(packages) - 1), max_size=most_offline))
    offline = frozenset({cpu for cpu, package in enumerate(packages) if package in whole} | single) - {0}
    hidden = draw(st.sampled_from([frozenset(), offline, offline & single]))
    return Machine(packages, offline, hidden)


def _numbers(text: str) -> set[int]:
    found = set()
    for part in re.findall(r"\d+(?:-\d+)?", text):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def _by_log(machine: Machine) -> set[int]:
    return set(diagnosed(boot(FAILED), machine.sidecar).packages)


def _by_replay(machine: Machine) -> set[int]:
    lines = "".join(f"<3>[{time:12.6f}] {text}\n" for time, text in FAILED)
    request = {"id": 1, "log": lines, "complete": False, "topology": {"cpus": machine.rows}}
    answered = json.loads(answer(json.dumps(request), 1))
    return {package for one in answered["explanations"] for package in one["packages"]}


def _by_simulate(machine: Machine) -> set[int]:
    seen = foresee(topology((), machine.sidecar), "6.16", {"max_packages": 64})
    return {number for group in NO_CPU.findall(seen.sentence) for number in _numbers(group)}


def _by_ready(machine: Machine) -> set[int]:
    with tempfile.TemporaryDirectory() as folder:
        root, base = Path(folder), Path(folder) / "sys/devices/system/cpu"
        for cpu, package in enumerate(machine.packages):
            (base / f"cpu{cpu}/topology").mkdir(parents=True)
            (base / f"cpu{cpu}/online").write_text("0\n" if cpu in machine.offline else "1\n")
            if cpu not in machine.hidden:
                (base / f"cpu{cpu}/topology/physical_package_id").write_text(f"{package}\n")
        (root / "proc/sys/kernel").mkdir(parents=True)
        (root / "proc/sys/kernel/osrelease").write_text("6.16.9\n")
        messages = [one.message for one in examine(root).obstacles if one.id != "model"]
    return {number for message in messages for group in NO_CPU.findall(message) for number in _numbers(group)}


@settings(max_examples=60, deadline=None)
@given(machines())
def test_all_commands_name_the_same_packages(machine: Machine) -> None:
    named = _by_log(machine)
    assert named <= machine.lost
    if not machine.hidden:
        assert named == machine.lost
    assert _by_replay(machine) == named
    assert _by_simulate(machine) == named
    assert _by_ready(machine) == named


@st.composite
def bring_ups(draw: st.DrawFn) -> tuple[Machine, str]:
    """Draw a machine with one node a package, and the log of its boot: what the lines count, who came up, who was taken offline later."""
    count, block = draw(st.sampled_from([1, 2, 4, 16])), draw(st.integers(1, 3))
    packages = tuple(package for package in range(count) for _ in range(block))
    offline = frozenset(draw(st.sets(st.integers(1, max(1, len(packages) - 1)), max_size=6))) if len(packages) > 1 else frozenset()
    later = frozenset(cpu for cpu in offline if draw(st.booleans()))
    up = [cpu for cpu in range(1, len(packages)) if cpu not in offline - later]
    lines = [(0.1, f"CPU topo: Allowing {len(packages)} present CPUs plus 0 hotplug CPUs")]
    if draw(st.booleans()):
        lines += [(0.1, f"CPU topo: Max. logical packages:   {count}"), (0.1, f"CPU topo: Max. logical nodes:     {count}")]
    for package in range(count):
        own = [cpu for cpu in up if packages[cpu] == package]
        lines += [(0.2, f".... node  #{package}, CPUs:   " + " ".join(f"#{cpu}" for cpu in own))] if own else []
    lines.append((0.3, f"smp: Brought up {count} nodes, {len(up) + 1} CPUs"))
    lines += [(4.0, f"smpboot: CPU {cpu} is now offline") for cpu in sorted(later)]
    return Machine(packages, offline, offline), boot([*lines, *FAILED])


@settings(max_examples=40, deadline=None)
@given(bring_ups())
def test_log_and_gate_name_the_same_package_by_the_lines_alone(drawn: tuple[Machine, str]) -> None:
    machine, text = drawn
    told = diagnosed(text)
    assert set(told.packages) <= machine.lost
    judged = judge_log(Input("dmesg.log", None, "log", text.encode()), rules_of(only=("log",)), Settings())
    assert {one.package for one in judged.findings} <= {None, *(told.packages if len(told.packages) == 1 else ())}
