"""Whom a failure points at: causes with the packages and CPUs that the topology names, likeliest first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from tdxwhy.know import tables
from tdxwhy.know.decode import decode_status, errno_name
from tdxwhy.know.offline import facts_of, offline, whom
from tdxwhy.know.rows import When, lowered
from tdxwhy.ranges import ranges
from tdxwhy.records import Topology
from tdxwhy.replay.data import leaf_numbers, module_data
from tdxwhy.replay.nouns import Explanation
from tdxwhy.replay.states import Blame


def explain(blame: Blame, status: int | None, forms: frozenset[str], topology: Topology | None) -> tuple[Explanation, ...]:
    """Return the explanations of one failure, likeliest first."""
    nameless = _nameless(blame, status, forms, facts_of(offline(topology)))
    return tuple([_named(one, topology) for one in nameless])


@lru_cache(4096)
def _nameless(blame: Blame, status: int | None, forms: frozenset[str], facts: frozenset[str]) -> tuple[Explanation, ...]:
    """Return the explanations of one failure, likeliest first, before packages and CPUs are named."""
    value = module_data()["software"].get(blame.kind, status)
    causes = (blame.cause,) if blame.cause else _causes(blame, value, forms, facts)
    failed, errno = _failed(blame, value), blame.errno or None
    return tuple(Explanation(blame.step, value, errno, one, why=f"{failed}: {lowered(tables.cause(one).title)}") for one in causes)


def _causes(blame: Blame, value: int | None, forms: frozenset[str], facts: frozenset[str]) -> tuple[str, ...]:
    name = decode_status(value).name if value is not None else ""
    seen = When(0, blame.step, leaf_numbers().get(blame.step), name, blame.errno or None)
    return tuple(one.id for one in tables.causes_for(seen, facts, forms)[:3]) or ("unknown",)


def _named(one: Explanation, topology: Topology | None) -> Explanation:
    """Name the packages and CPUs that an explanation's cause blames."""
    packages, cpus = whom(tables.cause(one.cause).blames, topology, one.status)
    if not packages and not cpus:
        return one
    return one._replace(packages=packages, cpus=cpus, why=f"{one.why}{_listed('package', packages)}{_listed('CPU', cpus)}")


def _failed(blame: Blame, value: int | None) -> str:
    if value is not None:
        return f"{blame.step} was answered {decode_status(value).name or f'0x{value:016x}'}"
    if not blame.errno:
        return f"{blame.step} failed"
    return f"{blame.step} was answered {errno_name(blame.errno) or blame.errno}"


def _listed(noun: str, numbers: Sequence[int]) -> str:
    if not numbers:
        return ""
    return f", {noun}{'s' if len(numbers) > 1 else ''} {ranges(numbers)}"
