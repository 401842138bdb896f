"""Readiness as text."""

from __future__ import annotations

from collections.abc import Iterator

from tdxwhy.ranges import counted
from tdxwhy.replay.ready import Readiness
from tdxwhy.report.terminal import safe


def render(found: Readiness) -> str:
    """Return what stands in the way, each with its fix, then what the model says of an attempt."""
    return "".join(f"{line}\n" for line in _lines(found))


def _lines(found: Readiness) -> Iterator[str]:
    facts = found.facts
    online = sum(cpu.presence == "online" for cpu in facts.topology.cpus)
    yield f"Linux {safe(facts.kernel or '?')}, followed as {found.generation} by its version number; a log decides better"
    yield f"{online} of {counted(len(facts.topology.cpus), 'CPU')} online, {counted(len(facts.topology.packages), 'package')}"
    yield f"TDX module: {safe(facts.module_version)}" if facts.module_version else "TDX module: its version is not known before it is asked"
    for one in found.obstacles:
        if one.id != "will-fail":
            yield f"{one.severity}: {safe(one.message)}\n  fix: {safe(one.fix)}"
    yield found.foresight.sentence[:1].upper() + found.foresight.sentence[1:] + "."
    if found.foresight.simulation.failures:
        yield from (f"  {line.text}" for line in found.foresight.simulation.lines)
