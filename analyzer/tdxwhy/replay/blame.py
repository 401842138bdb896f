"""Whom a failure points at: causes with the packages and CPUs that the topology names, likeliest first."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from tdxwhy.know import tables
from tdxwhy.know.decode import decode_status, errno_name, status_package
from tdxwhy.ranges import ranges
from tdxwhy.records import Topology, When
from tdxwhy.replay.data import leaf_numbers, module_data
from tdxwhy.replay.nouns import Explanation
from tdxwhy.replay.states import Blame


class Absent(NamedTuple):
    """What the topology says of CPUs that are not there: offline CPUs, packages that have no other, and whether that is inferred."""

    cpus: tuple[int, ...]
    packages: tuple[int, ...]
    package_cpus: tuple[int, ...]
    inferred: bool

    @property
    def facts(self) -> frozenset[str]:
        """Return the facts that the catalogue of causes knows."""
        facts = {"package-offline"} if self.packages else set()
        return frozenset(facts | ({"cpu-offline"} if self.cpus else set()))


def absent(topology: Topology | None) -> Absent:
    """Work out which CPUs are offline and which packages have none online, from statements or from a gap in the ids."""
    if topology is None:
        return Absent((), (), (), False)
    offline = [cpu for cpu in topology.cpus if cpu.presence in ("offline", "never-seen")]
    alive = {cpu.package for cpu in topology.cpus if cpu.presence == "online" and cpu.package is not None}
    dead = {cpu.package for cpu in offline if cpu.package is not None} - alive
    homeless = [cpu.number for cpu in offline if cpu.package is None]
    gap = set(range(max(alive, default=0))) - alive - dead if homeless else set()
    owned = [cpu.number for cpu in offline if cpu.package in dead and cpu.package is not None]
    packages = tuple(sorted(package for package in dead | gap if package is not None))
    blamed = sorted(owned + (homeless if gap else []))
    return Absent(tuple(sorted(cpu.number for cpu in offline)), packages, tuple(blamed), bool(gap))


_ABSENT_PACKAGE, _ABSENT_CPU, _HIGH_ID = "package-without-online-cpu", "cpu-not-initialized", "package-id-beyond-module"


def explain(blame: Blame, status: int | None, forms: frozenset[str], topology: Topology | None) -> tuple[Explanation, ...]:
    """Return the explanations of one failure, likeliest first."""
    missing = absent(topology)
    value = module_data()["software"].get(blame.kind, status)
    name = decode_status(value).name if value is not None else ""
    seen = When(0, blame.step, leaf_numbers().get(blame.step), name, blame.errno or None)
    found = list(_causes(seen, missing.facts, forms))
    causes = list(dict.fromkeys(([blame.cause] if blame.cause else []) + found)) or ["unknown"]
    if blame.cause:
        causes = causes[:1]
    return tuple(_explanation(blame, value, cause, missing, topology) for cause in causes[:3])


@lru_cache(4096)
def _causes(seen: When, facts: frozenset[str], forms: frozenset[str]) -> tuple[str, ...]:
    return tuple(one.id for one in tables.causes_for(seen, facts, forms))


def _explanation(blame: Blame, value: int | None, cause: str, missing: Absent, topology: Topology | None) -> Explanation:
    packages, cpus = _whom(cause, value, missing, topology)
    return Explanation(blame.step, value, blame.errno or None, cause, packages, cpus, _why(blame, value, cause, packages, cpus))


def _whom(cause: str, value: int | None, missing: Absent, topology: Topology | None) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if cause == _ABSENT_PACKAGE:
        return missing.packages, missing.package_cpus or missing.cpus
    if cause == _ABSENT_CPU:
        return (), missing.cpus
    if cause == _HIGH_ID and value is not None:
        package = status_package(value)
        if package is None:
            package = value & 0xFFFFFFFF
        return (package,), _online_of(package, topology)
    return (), ()


def _online_of(package: int, topology: Topology | None) -> tuple[int, ...]:
    cpus = topology.cpus if topology else ()
    return tuple(cpu.number for cpu in cpus if cpu.package == package and cpu.presence == "online")


def _why(blame: Blame, value: int | None, cause: str, packages: Sequence[int], cpus: Sequence[int]) -> str:
    answer = decode_status(value).name if value is not None else errno_name(blame.errno) or str(blame.errno)
    title = next((one.title for one in tables.causes() if one.id == cause), cause)
    whom = _named("package", packages) + _named("CPU", cpus)
    return f"{blame.step} was answered {answer}: {title[:1].lower()}{title[1:]}{whom}"


def _named(noun: str, numbers: Sequence[int]) -> str:
    if not numbers:
        return ""
    return f", {noun}{'s' if len(numbers) > 1 else ''} {ranges(numbers)}"
