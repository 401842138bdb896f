"""Which CPUs of a boot are offline and which packages have none online: the one answer for log, replay, simulate, ready and gate."""

from __future__ import annotations

from functools import lru_cache

from tdxwhy.know import tables
from tdxwhy.know.decode import status_package
from tdxwhy.know.rows import Blames, FoundBy
from tdxwhy.noun import NamedTuple
from tdxwhy.records import Topology, is_offline


class Offline(NamedTuple):
    """CPUs that are offline or never came, and what that means for packages.

    `packages` are the known ids of packages without an online CPU, `package_cpus` the CPUs of all such packages, the ones whose id
    nothing tells among them. `unplaced` are offline CPUs of which nothing tells whether their package has another one.
    `guess` are ids that gaps in the others suggest for packages without a known one: for a text that says so, never a claim.
    """

    cpus: tuple[int, ...] = ()
    packages: tuple[int, ...] = ()
    package_cpus: tuple[int, ...] = ()
    unplaced: tuple[int, ...] = ()
    guess: tuple[int, ...] = ()


class Whom(NamedTuple):
    """The packages and CPUs that a cause blames; empty where nothing names them."""

    packages: tuple[int, ...] = ()
    cpus: tuple[int, ...] = ()


@lru_cache(8)
def offline(topology: Topology | None) -> Offline:
    """Work out what is offline. The topology is one that `know.topology` has completed: what it leaves unknown stays so."""
    if topology is None:
        return Offline()
    gone = tuple(cpu.number for cpu in topology.cpus if is_offline(cpu))
    lost = [package for package in topology.packages if package.lost]
    lost_cpus = tuple(sorted(number for package in lost for number in package.cpus))
    placed = {number for package in topology.packages for number in package.cpus}
    return Offline(
        gone,
        tuple(sorted(package.id for package in lost if package.id is not None)),
        lost_cpus,
        tuple(number for number in gone if number not in placed),
        _gaps(topology, sum(package.id is None for package in lost)),
    )


def facts_of(missing: Offline) -> frozenset[str]:
    """Return the facts that causes ask for, of those that offline packages and CPUs are."""
    there: dict[FoundBy, tuple[int, ...]] = {"packages": missing.package_cpus, "cpus": missing.cpus}
    return frozenset(tables.fact_found_by(word).id for word, cpus in there.items() if cpus)


def package_of(topology: Topology | None, number: int) -> int | None:
    """Return the package of a CPU, or None where nothing tells it."""
    cpus = topology.cpus if topology is not None else ()
    return next((cpu.package for cpu in cpus if cpu.number == number), None)


def whom(blames: Blames, topology: Topology | None, status: int | None = None) -> Whom:
    """Return whom a cause blames: packages without an online CPU, CPUs that are offline, or the package that the status names."""
    if blames == "packages":
        missing = offline(topology)
        return Whom(missing.packages, missing.package_cpus or missing.unplaced)
    if blames == "cpus":
        return Whom((), offline(topology).cpus)
    package = status_package(status) if blames == "status-package" and status is not None else None
    if package is None:
        return Whom()
    cpus = topology.cpus if topology is not None else ()
    return Whom((package,), tuple(cpu.number for cpu in cpus if cpu.package == package and cpu.presence == "online"))


def _gaps(topology: Topology, nameless: int) -> tuple[int, ...]:
    """Return the gaps in the known ids where there are just as many as packages without one."""
    known = {package.id for package in topology.packages if package.id is not None}
    gaps = tuple(sorted(set(range(max(known, default=0))) - known)) if nameless else ()
    return gaps if len(gaps) == nameless else ()
