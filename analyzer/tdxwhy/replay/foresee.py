"""A real machine's topology turned into a scenario, and what the model says will come of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tdxwhy.errors import TdxwhyError
from tdxwhy.know.decode import decode_status
from tdxwhy.ranges import counted, ranges
from tdxwhy.records import Cpu, Topology
from tdxwhy.replay.data import generation
from tdxwhy.replay.scenario import parse
from tdxwhy.replay.simulate import Simulation, simulate


class Foresight(NamedTuple):
    """What will come of an attempt on this machine: the scenario, its run, and one sentence."""

    scenario: dict[str, Any]
    simulation: Simulation
    sentence: str


def foresee(topology: Topology, name: str, module: dict[str, Any] | None = None, settings: dict[str, Any] | None = None) -> Foresight:
    """Ask the model about a machine before anybody tries."""
    if not topology.cpus:
        raise TdxwhyError("the topology lists no CPU")
    packages = packages_of(topology.cpus)
    dense = {package: number for number, package in enumerate(sorted(set(packages)))}
    sparse = max(packages) >= len(dense)
    scenario: dict[str, Any] = {
        "generation": generation(name).name,
        "platform": {
            "packages": max(packages) + 1 if sparse else len(dense),
            "cpu_to_package": list(packages),
            "offline_at_boot": [number for number, cpu in enumerate(topology.cpus) if cpu.presence != "online"],
        },
        "module": module or {},
        "settings": settings or {},
        "operations": ["boot", "enable"],
    }
    done = simulate(parse(scenario))
    return Foresight(scenario, done, _sentence(topology.cpus, packages, done))


def packages_of(cpus: Sequence[Cpu]) -> tuple[int, ...]:
    """Return each CPU's package; one that is not stated is taken from a gap in the ids, else from the CPU before."""
    alive = {cpu.package for cpu in cpus if cpu.package is not None}
    gap = sorted(set(range(max(alive, default=0))) - alive)
    found: list[int] = []
    for cpu in cpus:
        guess = gap[0] if gap else found[-1] if found else 0
        found.append(guess if cpu.package is None else cpu.package)
    return tuple(found)


def sentence_of(data: object) -> str:
    """Say in one sentence what a scenario comes to."""
    scenario = parse(data)
    cpus = [Cpu(number, package, "offline" if number in scenario.offline else "online") for number, package in enumerate(scenario.packages)]
    return _sentence(cpus, scenario.packages, simulate(scenario))


def _sentence(cpus: Sequence[Cpu], packages: Sequence[int], done: Simulation) -> str:
    alive = {package for cpu, package in zip(cpus, packages, strict=True) if cpu.presence == "online"}
    what = _state(cpus, packages, alive)
    fatal = next((one for one in done.failures if one.asked == "enable"), None)
    said = next((f'"{one.text}"' for one in done.lines if one.level <= 3), "nothing")
    if fatal is None and done.state["module"] != "SYS_READY":
        return f"{what}, but nobody gets as far as the TDX module, and the log will say {said}"
    if fatal is None:
        return f"{what}: initialisation will succeed ({counted(len(alive), 'package')})"
    status = decode_status(fatal.status).name if fatal.status is not None else f"errno {fatal.errno}"
    end = f"initialisation will fail at {fatal.step} with {status}, and the log will say {said}"
    if status == "TDX_INVALID_PKG_ID" and fatal.cpu is not None:
        first = packages[fatal.cpu]
        return f"package {first} comes first: the module refuses its id, on CPU {fatal.cpu}; {end}. That {what} does not get to matter"
    return f"{what}: {end}"


def _state(cpus: Sequence[Cpu], packages: Sequence[int], alive: set[int]) -> str:
    dead = sorted(set(packages) - alive)
    off = [cpu.number for cpu in cpus if cpu.presence != "online"]
    if len(dead) > 1:
        return f"packages {ranges(dead)} have no online CPU"
    if dead:
        return f"package {dead[0]} has no online CPU"
    if not off:
        return "every CPU is online"
    homeless = any(cpu.package is None for cpu in cpus if cpu.presence != "online")
    where = f"{ranges(off)}; the machine does not show in which package" if homeless else ranges(off)
    return f"{counted(len(off), 'CPU')} {'is' if len(off) == 1 else 'are'} offline ({where})"
