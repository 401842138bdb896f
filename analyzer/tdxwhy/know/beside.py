"""Whether the CPUs that are listed beside a log are those of the machine that printed it."""

from __future__ import annotations

from collections.abc import Iterator

from tdxwhy.know.cpu_facts import CpuFacts
from tdxwhy.noun import NamedTuple
from tdxwhy.ranges import counted
from tdxwhy.records import Evidence, Topology


class Contradiction(NamedTuple):
    """What a log says of its machine and a list of CPUs denies, with the lines that say it."""

    text: str
    evidence: tuple[Evidence, ...]


def contradiction(facts: CpuFacts, sidecar: Topology) -> Contradiction | None:
    """Return what makes the list another machine's; None where both can be of one.

    A list that is known to lack offline CPUs (its `cpu_count` is None) has too few for no reason. Under a limit of the command line
    the kernel counts fewer CPUs than there are.
    """
    listed = sidecar.cpu_count
    if listed is None:
        return None
    told = next(_denied(facts, sidecar, listed), None)
    if told is None:
        return None
    said, evidence = told
    text = (
        f"the CPUs listed beside the log contradict it: {said}, so they are another machine's, or of another set-up of it, and are not used"
    )
    return Contradiction(text, (evidence,))


def _denied(facts: CpuFacts, sidecar: Topology, listed: int) -> Iterator[tuple[str, Evidence]]:
    there = f"and the list has {counted(listed, 'CPU')}"
    for key, verb in (("online", "brought up"), ("present", "counts")):
        found = facts.count.get(key)
        if found is not None and found[0] > listed:
            yield f"the log {verb} {counted(found[0], 'CPU')}, {there}", found[1]
    present = facts.count.get("present")
    if present is not None and present[0] < listed and not facts.parameters:
        yield f"the log counts {counted(present[0], 'CPU')}, {there}", present[1]
    numbers = {cpu.number for cpu in sidecar.cpus}
    for cpu, (_, evidence) in sorted(facts.presence.items()):
        if cpu not in numbers and evidence:
            yield f"the log speaks of CPU {cpu}, {there}", evidence[0]
    packages = facts.count.get("packages")
    if packages is not None and sidecar.package_count is not None and packages[0] != sidecar.package_count and not facts.parameters:
        yield (
            f"the log counts {counted(packages[0], 'package')}, and the list has {counted(sidecar.package_count, 'package')}",
            packages[1],
        )
