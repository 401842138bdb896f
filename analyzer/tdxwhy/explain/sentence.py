"""The sentence that the kernel should have printed: what failed, which package, which CPUs, in which state."""

from __future__ import annotations

from collections.abc import Sequence

from tdxwhy.explain.nouns import Seamcall
from tdxwhy.know import tables
from tdxwhy.ranges import ranges
from tdxwhy.records import Cause, Topology


def sentence(  # noqa: PLR0913, PLR0917 - the parts of a sentence
    steps: Sequence[str],
    cause: Cause | None,
    call: Seamcall | None,
    topology: Topology,
    packages: Sequence[int],
    cpus: Sequence[int],
) -> str:
    """Return one line such as "failed to configure module, no online CPUs in package 12: CPUs 24-25 offline"."""
    failed = tables.failure_of(steps[0]) if len(steps) == 1 else "failed to initialise TDX"
    if cause is None or cause.id == "unknown":
        said = "cause not known"
    elif cause.sentence:
        said = cause.sentence.format(packages=_packages(packages), cpus=_cpus(cpus, topology), detail=call.detail if call else "")
    else:
        said = cause.title[:1].lower() + cause.title[1:]
    return f"{failed}{_where(call, topology)}, {said}{_status(call)}"


def _packages(packages: Sequence[int]) -> str:
    if not packages:
        return "a package that no line names"
    return f"package{'s' if len(packages) > 1 else ''} {ranges(packages)}"


def _cpus(cpus: Sequence[int], topology: Topology) -> str:
    if not cpus:
        return ""
    named = frozenset(cpus)
    states = {cpu.presence for cpu in topology.cpus if cpu.number in named}
    state = "never came online" if states == {"never-seen"} else "offline"
    return f": CPU{'s' if len(cpus) > 1 else ''} {ranges(cpus)} {state}"


def _where(call: Seamcall | None, topology: Topology) -> str:
    if call is None or call.cpu is None:
        return ""
    package = next((cpu.package for cpu in topology.cpus if cpu.number == call.cpu), None)
    return f" on CPU {call.cpu}" + ("" if package is None else f" of package {package}")


def _status(call: Seamcall | None) -> str:
    if call is None or call.status is None:
        return ""
    return f" ({call.name}: {call.status_name or 'status'} 0x{call.status:016x})"
