"""The sentence that the kernel should have printed: what failed, which package, which CPUs, in which state."""

from __future__ import annotations

from collections.abc import Sequence

from tdxwhy.explain.nouns import Seamcall
from tdxwhy.know import tables
from tdxwhy.know.offline import Whom
from tdxwhy.know.rows import Cause, lowered
from tdxwhy.ranges import ranges
from tdxwhy.records import Topology


def sentence(steps: Sequence[str], causes: Sequence[Cause], call: Seamcall | None, topology: Topology, blamed: Whom) -> str:
    """Return one line such as "failed to configure module, no online CPUs in package 12: CPUs 24-25 offline"."""
    failed = tables.failure_of(steps[0]) if len(steps) == 1 else tables.FAILED_SOMEWHERE
    said = [_said(cause, call, topology, blamed) for cause in causes if cause.id != "unknown"]
    return f"{failed}{_where(call, topology)}, {' or '.join(said) or 'cause not known'}{_status(call)}"


def _said(cause: Cause, call: Seamcall | None, topology: Topology, blamed: Whom) -> str:
    if cause.sentence:
        detail = call.detail if call else ""
        return cause.sentence.format(
            packages=_packages(blamed.packages), cpus=_cpus(blamed.cpus, topology), detail=detail, named=_named(blamed.cpus)
        )
    return lowered(cause.title)


def _packages(packages: Sequence[int]) -> str:
    if not packages:
        return "a package that no line names"
    return f"package{'s' if len(packages) > 1 else ''} {ranges(packages)}"


def _named(cpus: Sequence[int]) -> str:
    return f"CPU {cpus[0]} is " if len(cpus) == 1 else f"CPUs {ranges(cpus)} are " if cpus else "a CPU is "


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
