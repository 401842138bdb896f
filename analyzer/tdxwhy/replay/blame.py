"""Whom a failure points at: causes with the packages and CPUs that the topology names, likeliest first."""

from collections.abc import Sequence
from functools import lru_cache

from tdxwhy.know import tables
from tdxwhy.know.decode import decode_status, errno_name
from tdxwhy.know.offline import facts_of, offline, whom
from tdxwhy.know.rows import When
from tdxwhy.ranges import ranges
from tdxwhy.records import Topology
from tdxwhy.replay.data import leaf_numbers, module_data
from tdxwhy.replay.nouns import Explanation
from tdxwhy.replay.states import Blame


def explain(blame: Blame, status: int | None, forms: frozenset[str], topology: Topology | None) -> tuple[Explanation, ...]:
    """Return the explanations of one failure, likeliest first."""
    missing = facts_of(offline(topology))
    value = module_data()["software"].get(blame.kind, status)
    name = decode_status(value).name if value is not None else ""
    seen = When(0, blame.step, leaf_numbers().get(blame.step), name, blame.errno or None)
    found = list(_causes(seen, missing, forms))
    causes = list(dict.fromkeys(([blame.cause] if blame.cause else []) + found)) or ["unknown"]
    if blame.cause:
        causes = causes[:1]
    return tuple(_explanation(blame, value, cause, topology) for cause in causes[:3])


@lru_cache(4096)
def _causes(seen: When, facts: frozenset[str], forms: frozenset[str]) -> tuple[str, ...]:
    return tuple(one.id for one in tables.causes_for(seen, facts, forms))


def _explanation(blame: Blame, value: int | None, cause: str, topology: Topology | None) -> Explanation:
    packages, cpus = whom(tables.cause(cause).blames, topology, value)
    return Explanation(blame.step, value, blame.errno or None, cause, packages, cpus, _why(blame, value, cause, packages, cpus))


def _why(blame: Blame, value: int | None, cause: str, packages: Sequence[int], cpus: Sequence[int]) -> str:
    title = tables.cause(cause).title
    return f"{_failed(blame, value)}: {title[:1].lower()}{title[1:]}{_named('package', packages)}{_named('CPU', cpus)}"


def _failed(blame: Blame, value: int | None) -> str:
    if value is not None:
        return f"{blame.step} was answered {decode_status(value).name or f'0x{value:016x}'}"
    if not blame.errno:
        return f"{blame.step} failed"
    return f"{blame.step} was answered {errno_name(blame.errno) or blame.errno}"


def _named(noun: str, numbers: Sequence[int]) -> str:
    if not numbers:
        return ""
    return f", {noun}{'s' if len(numbers) > 1 else ''} {ranges(numbers)}"
