"""A real machine's topology turned into a scenario, and what the model says will come of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from tdxwhy.digits import is_whole
from tdxwhy.errors import TdxwhyError
from tdxwhy.know import tables
from tdxwhy.know.decode import decode_status, status_package
from tdxwhy.know.offline import offline
from tdxwhy.know.topology import topology as complete
from tdxwhy.noun import NamedTuple
from tdxwhy.ranges import counted, ranges
from tdxwhy.read.host.sidecar import of_cpus
from tdxwhy.records import Cpu, Topology
from tdxwhy.replay.data import generation, generations
from tdxwhy.replay.generation import Generation
from tdxwhy.replay.nouns import Failure
from tdxwhy.replay.scenario import parse
from tdxwhy.replay.simulate import Simulation, simulate


class Foresight(NamedTuple):
    """What will come of an attempt on this machine: the scenario, its run, one sentence, and whether anything else can come of it."""

    scenario: dict[str, Any]
    simulation: Simulation
    sentence: str
    certain: bool = True


def generation_of(release: str | None) -> Generation:
    """Return the newest modelled kernel that is not newer than a release, by its first two numbers; the newest of all without one.

    A guess: distributions backport, so a log decides better.
    """
    dated = sorted((tables.release_numbers(name), name) for name in generations() if is_whole(name.replace(".", "")))
    if release is None:
        return generation(dated[-1][1])
    reached = [name for numbers, name in dated if numbers <= tables.release_numbers(release)]
    return generation(reached[-1] if reached else tables.generation_since(release, generations()).id)


def generation_named(name: str) -> Generation:
    """Return the modelled kernel of that name or alias, or the one that a kernel's release, as `uname -r` prints it, is taken for."""
    known = {alias for one in generations().values() for alias in (one.name, *one.aliases)}
    return generation_of(name.removeprefix("v")) if name not in known and tables.is_release(name) else generation(name)


def foresee(topology: Topology, name: str, module: dict[str, Any] | None = None, settings: dict[str, Any] | None = None) -> Foresight:
    """Ask the model about a machine before anybody tries.

    The topology is one that `know.topology` has completed. Where it does not tell in which package offline CPUs are, both worlds are
    asked: in one they are packages of their own, in the other they stand beside CPUs that are online.
    """
    if not topology.cpus:
        raise TdxwhyError("the topology lists no CPU")
    worlds = [_scenario(topology, packages, name, module or {}, settings or {}) for packages in _worlds(topology)]
    runs = [simulate(parse(scenario)) for scenario in worlds]
    what = _state(topology)
    ends = [_end(topology.cpus, parse(scenario).packages, run) for scenario, run in zip(worlds, runs, strict=True)]
    if len(set(ends)) == 1:
        return Foresight(worlds[0], runs[0], ends[0].after(what))
    said = f"{what}: if they are all that their packages have, {ends[0].text}; if not, {ends[1].text}"
    return Foresight(worlds[0], runs[0], said, certain=False)


def _scenario(topology: Topology, packages: Sequence[int], name: str, module: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    different = len(set(packages))
    return {
        "generation": generation(name).name,
        "platform": {
            "packages": max(max(packages) + 1, different),
            "cpu_to_package": list(packages),
            "offline_at_boot": [number for number, cpu in enumerate(topology.cpus) if cpu.presence != "online"],
        },
        "module": module,
        "settings": settings,
        "operations": ["boot", "enable"],
    }


def _worlds(topology: Topology) -> Iterator[tuple[int, ...]]:
    """Yield the package of each CPU for the model; CPUs that nothing places are packages of their own first, then beside others."""
    known = {number: package.id for package in topology.packages if package.id is not None for number in package.cpus}
    named = set(known.values())
    fresh = (number for number in count() if number not in named)
    for nameless in (package for package in topology.packages if package.id is None):
        known |= dict.fromkeys(nameless.cpus, next(fresh))
    unplaced = [cpu.number for cpu in topology.cpus if cpu.number not in known]
    alone = next(fresh)
    beside = min((known[cpu.number] for cpu in topology.cpus if cpu.presence == "online" and cpu.number in known), default=alone)
    for home in (alone, beside) if unplaced else (beside,):
        yield tuple(known.get(cpu.number, home) for cpu in topology.cpus)


def sentence_of(data: object) -> str:
    """Say in one sentence what a scenario comes to."""
    scenario = parse(data)
    cpus = [Cpu(number, package, "offline" if number in scenario.offline else "online") for number, package in enumerate(scenario.packages)]
    return _end(cpus, scenario.packages, simulate(scenario)).after(_state(complete((), of_cpus(cpus))))


class _End(NamedTuple):
    """How an attempt ends, and what comes `before` the state of the CPUs gets to matter."""

    text: str
    joint: str = ": "
    before: str = ""

    def after(self, what: str) -> str:
        """Return it behind the state of the CPUs that it follows from."""
        if self.before:
            return f"{self.before}; {self.text}. That {what} does not get to matter"
        return f"{what}{self.joint}{self.text}"


def _end(cpus: Sequence[Cpu], packages: Sequence[int], done: Simulation) -> _End:
    alive = {package for cpu, package in zip(cpus, packages, strict=True) if cpu.presence == "online"}
    fatal = next((one for one in done.failures if one.asked == "enable"), None)
    said = next((f'"{one.text}"' for one in done.lines if one.level <= 3), "nothing")
    if done.came_up:
        return _End("; ".join((f"initialisation will succeed ({counted(len(alive), 'package')})", *_afterwards(done))))
    if fatal is None:
        return _End(f"nobody gets as far as the TDX module, and the log will say {said}", ", but ")
    end = f"initialisation will fail at {fatal.step} with {_answer(fatal)}, and the log will say {said}"
    if fatal.status is not None and (first := status_package(fatal.status)) is not None and fatal.cpu is not None:
        return _End(end, before=f"package {first} comes first: the module refuses its id, on CPU {fatal.cpu}")
    return _End(end)


def _answer(failure: Failure) -> str:
    if failure.status is not None:
        return decode_status(failure.status).name
    return f"errno {failure.errno}" if failure.errno else "refused"


_OPERATIONS = {
    "enable": "KVM will not take the module",
    "kvmload": "KVM will not take the module",
    "createtd": "a TD will not be created",
    "update": "the module will not be updated",
    "kexec": "kexec will be refused",
    "offline": "CPU {cpu} will not go offline",
    "online": "CPU {cpu} will not come online",
}
_LOST = "no TD can be created until reboot"


def _afterwards(done: Simulation) -> Iterator[str]:
    """Yield what fails after the module came up, each once."""
    failed = [one for one in done.failures if one.asked in _OPERATIONS]
    yield from dict.fromkeys(f"{_OPERATIONS[one.asked].format(cpu=one.cpu)} ({one.step}: {_answer(one)})" for one in failed)
    if done.lost:
        yield _LOST


def _state(topology: Topology) -> str:
    missing = offline(topology)
    off = [cpu.number for cpu in topology.cpus if cpu.presence != "online"]
    nameless = [package for package in topology.packages if package.lost and package.id is None]
    if len(missing.packages) > 1:
        return f"packages {ranges(missing.packages)} have no online CPU"
    if missing.packages:
        return f"package {missing.packages[0]} has no online CPU"
    if nameless:
        return (
            f"{counted(len(nameless), 'package')} that nothing names {_have(nameless)} no online CPU (CPUs {ranges(missing.package_cpus)})"
        )
    if not off:
        return "every CPU is online"
    where = f"{ranges(off)}; the machine does not show in which package" if missing.unplaced else ranges(off)
    return f"{counted(len(off), 'CPU')} {'is' if len(off) == 1 else 'are'} offline ({where})"


def _have(things: Sequence[object]) -> str:
    return "has" if len(things) == 1 else "have"
