"""Whom a case concerns: exactly the packages, CPUs and KeyIDs that the paste or its topology shows."""

from __future__ import annotations

from collections.abc import Sequence

from tdxwhy.incident import tables
from tdxwhy.incident.cases import Case, StagedSign
from tdxwhy.incident.cpus import brought_online, taken_offline
from tdxwhy.incident.nouns import PasteLine
from tdxwhy.incident.numbers import row_of
from tdxwhy.know.offline import package_of, whom
from tdxwhy.lazy import lazy
from tdxwhy.noun import NamedTuple
from tdxwhy.ranges import numbers
from tdxwhy.records import Topology

_MCE_CPU = lazy(r"mce: \[Hardware Error\]: CPU ([0-9]{1,5})\b")
_SOCKET = lazy(r"\bSOCKET ([0-9]{1,4})\b")
_WARN = lazy(r"WARNING: CPU: ([0-9]{1,5}) PID: |\bCPU: ([0-9]{1,5}) (?:UID: [0-9]{1,10} )?PID: |WARNING: .{0,200}, CPU#([0-9]{1,5}): ")
_ONLINE_FILE = lazy(r"cpu([0-9]{1,5})/online|chcpu (?:-d|--disable|-e|--enable) ?([0-9]{1,5})$")
_AROUND, _HEADER, _BELOW = 14, 24, 3


class Named(NamedTuple):
    """What is named; empty where nothing tells it."""

    packages: tuple[int, ...] = ()
    cpus: tuple[int, ...] = ()
    keyids: tuple[int, ...] = ()


def blame(case: Case, causes: Sequence[str], lines: Sequence[PasteLine], topology: Topology) -> Named:
    """Return whom a case concerns."""
    blames = tables.causes()[causes[0]].blames if causes else ""
    place = case.main.at
    told = case.main.sign.values
    if "packages" in told and "cpu_list" in told:  # the line itself says whom
        return Named(numbers(str(told["packages"])), numbers(str(told["cpu_list"])))
    if blames == "packages":
        found = whom("packages", topology)
        return Named(found.packages, found.cpus)
    if case.stage == "cpu-hotplug":
        return _hotplug(case, lines, place, topology)
    if blames == "machine-check" or case.stage == "memory-error":
        return _machine_check(lines, place)
    keyids = sorted({value for mark in case.marks if isinstance(value := mark.sign.values.get("keyid"), int)})
    if case.main.seamcall is not None and row_of(case.main.seamcall).chosen:
        cpu = _header(lines, place)
        if cpu is not None:
            return Named(_packages(topology, (cpu,)), (cpu,), tuple(keyids))
    return Named((), (), tuple(keyids))


def concerns_cpus(case: Case, causes: Sequence[str]) -> bool:
    """Tell whether a case concerns CPUs or a package, be they named or not: by its first cause, its stage or the call that failed."""
    blames = tables.causes()[causes[0]].blames if causes else ""
    chosen = case.main.seamcall is not None and row_of(case.main.seamcall).chosen
    return blames == "packages" or chosen or case.stage == "cpu-hotplug"


def _packages(topology: Topology, cpus: Sequence[int]) -> tuple[int, ...]:
    return tuple(sorted({package for cpu in cpus if (package := package_of(topology, cpu)) is not None}))


def _header(lines: Sequence[PasteLine], place: int) -> int | None:
    """Return the CPU in the header of the WARN that stands just before or behind a line."""
    for line in reversed(lines[max(0, place - _HEADER) : place]):
        if "end trace" in line.text and line is not lines[place - 1]:
            break
        found = _WARN.search(line.text)
        if found is not None:
            return int(found[1] or found[2] or found[3])
    return None


def _machine_check(lines: Sequence[PasteLine], place: int) -> Named:
    around = lines[max(0, place - _AROUND) : place + _AROUND]
    cpus = {int(found[1]) for line in around if (found := _MCE_CPU.search(line.text))}
    packages = {int(found[1]) for line in around if "Hardware Error" in line.text and (found := _SOCKET.search(line.text))}
    return Named(tuple(sorted(packages)), tuple(sorted(cpus)))


def _hotplug(case: Case, lines: Sequence[PasteLine], place: int, topology: Topology) -> Named:
    named = {value for mark in case.marks if isinstance(value := mark.sign.values.get("cpu"), int)}
    named |= _written(case.marks)
    if not named and case.main.sign.message.kind == "last-cpu":
        return _last_of_package(lines[: place + 1], topology)
    if not named and (case.main.seamcall is not None or case.main.sign.message.kind == "late-cpu"):
        started = brought_online(lines[max(0, place - 6) : place + 1])
        # A WARN with words of its own says them above its header.
        cpu = _header(lines, place + _BELOW if case.main.sign.message.kind == "late-cpu" else place)
        named = {started[-1]} if started else {cpu} if cpu is not None else set()
    cpus = tuple(sorted(named))
    return Named(_packages(topology, cpus), cpus)


def _written(marks: Sequence[StagedSign]) -> set[int]:
    """Return the CPUs whose `online` file the refused command wrote."""
    found = (_ONLINE_FILE.search(mark.sign.line.asked or mark.sign.line.text) for mark in marks if mark.sign.message.kind == "online-file")
    return {int(match[1] or match[2]) for match in found if match is not None}


def _last_of_package(before: Sequence[PasteLine], topology: Topology) -> Named:
    """Return the only CPU of a package that is left online, where it can be one only."""
    left = [package for package in topology.packages if len(package.online) == 1 and len(package.cpus) > 1]
    if len(left) != 1:
        gone = set(taken_offline(before))
        left = [package for package in left if set(package.cpus) & gone] if gone else left
    if len(left) != 1:
        left = _alone(topology) if not left else []
    if len(left) != 1:
        return Named()
    package = left[0]
    return Named((package.id,) if package.id is not None else (), tuple(package.online))


def _alone(topology: Topology) -> list:  # type: ignore[type-arg] # of packages
    """Return the package with one online CPU where offline CPUs show no package and all others have more online."""
    few = [package for package in topology.packages if len(package.online) == 1]
    return few if len(few) == 1 and any(cpu.package is None for cpu in topology.cpus) else []
