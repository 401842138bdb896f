"""CPUs and packages of one boot, each state with its evidence: from the log's own lines and from a sidecar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tdxwhy.know.cpu_facts import MOST_CPUS, CpuFacts, facts_of
from tdxwhy.know.placement import Known, Placement, place
from tdxwhy.records import Cpu, Event, Evidence, Package, Topology, is_offline

_NOWHERE = Placement(None, "unknown")


def topology(events: Sequence[Event], sidecar: Topology | None) -> Topology:
    """Return what the events and the sidecar tell of CPUs and packages. What neither tells stays unknown."""
    facts = facts_of(events)
    beside = {cpu.number: cpu for cpu in sidecar.cpus} if sidecar is not None else {}
    present = _present(facts)
    if sidecar is None and present is not None and _is_uniform(facts, present):
        return _uniform(facts, present)
    _bring_up(facts, present)
    numbers = sorted({*range(min(present or 0, MOST_CPUS)), *facts.presence, *facts.package, *beside})
    count = facts.number("packages")
    if count is None and sidecar is not None:
        count = sidecar.package_count
    places = _places(facts, beside, numbers, count)
    cpus = tuple([_cpu(number, facts, beside.get(number), places[number]) for number in numbers])
    total = present if present is not None else sidecar.cpu_count if sidecar is not None else None
    return Topology(
        cpus,
        _packages(cpus, places, _is_whole(cpus, places, total)),
        count,
        total,
        _online(facts, sidecar),
        (*facts.notes(), *(sidecar.notes if sidecar is not None else ())),
    )


def _is_uniform(facts: CpuFacts, present: int) -> bool:
    """Tell whether all there is to say is that every CPU came up, as of most boots."""
    told = facts.presence or facts.package or facts.node or facts.apic
    return not told and facts.number("online") == present <= MOST_CPUS


def _uniform(facts: CpuFacts, present: int) -> Topology:
    evidence = (facts.count["online"][1],)
    cpus = tuple(Cpu(number, None, "online", evidence) for number in range(present))
    return Topology(cpus, (), facts.number("packages"), present, present, facts.notes())


def _is_whole(cpus: Sequence[Cpu], places: Mapping[int, Placement], total: int | None) -> bool:
    """Tell whether each CPU of the machine is known and each that may be online has its place: then a package holds no other CPU."""
    placed = all(places[cpu.number].package is not None or is_offline(cpu) for cpu in cpus)
    return total is not None and len(cpus) >= total and placed


def _packages(cpus: Sequence[Cpu], places: Mapping[int, Placement], whole: bool) -> tuple[Package, ...]:
    """Gather CPUs into packages; those of a package whose id cannot be told are kept together too."""
    members: dict[tuple[int, int | None, int | None], list[Cpu]] = {}
    for cpu in cpus:
        where = places[cpu.number]
        if where.package is not None:
            members.setdefault((0, where.package, None), []).append(cpu)
        elif where.group is not None:
            members.setdefault((1, None, where.group), []).append(cpu)
    return tuple(
        _package(key[1], group, places)._replace(lost=whole and all(map(is_offline, group)))
        for key, group in sorted(members.items(), key=lambda item: (item[0][0], item[0][1] or item[0][2] or 0))
    )


def _package(number: int | None, cpus: Sequence[Cpu], places: Mapping[int, Placement]) -> Package:
    known = {places[cpu.number].known for cpu in cpus}
    online = tuple(cpu.number for cpu in cpus if cpu.presence == "online")
    how: Known = "unknown" if number is None else "stated" if "stated" in known else "inferred"
    return Package(number, tuple(cpu.number for cpu in cpus), online, how)


def _present(facts: CpuFacts) -> int | None:
    present = facts.number("present")
    possible = facts.number("possible")
    if present is None and possible is not None:
        present = possible - (facts.number("hotplug") or 0)
    return present


def _online(facts: CpuFacts, sidecar: Topology | None) -> int | None:
    online = facts.number("online")
    return online if online is not None or sidecar is None else sidecar.online_count


def _bring_up(facts: CpuFacts, present: int | None) -> None:
    """Note the state of the CPUs that no line names, where the counts and the command line leave no choice."""
    brought, limit = facts.count.get("online"), facts.limit()
    online = brought[0] if brought is not None else None
    if brought is not None:
        facts.suppose((0,), "online", brought[1])
    if present is None or present > MOST_CPUS:
        return
    if brought is not None and online == present:
        facts.suppose(range(present), "online", brought[1])
    elif limit is not None and online in (None, min(limit[0], present)):
        facts.suppose(range(min(limit[0], present)), "online", limit[1] if brought is None else brought[1])
        facts.suppose(range(present), "offline", limit[1])
    elif brought is not None and facts.listed and len(facts.listed | {0}) == online:
        facts.suppose(range(present), "never-seen" if facts.smt_off is None else "offline", facts.smt_off or brought[1])


def _places(facts: CpuFacts, beside: Mapping[int, Cpu], numbers: Sequence[int], count: int | None) -> dict[int, Placement]:
    """Return the package of each CPU: stated by a line or the sidecar, else inferred, else unknown."""
    stated = {cpu.number: cpu.package for cpu in beside.values() if cpu.package is not None}
    stated |= {number: package for number, (package, _) in facts.package.items()}
    inferred = {**_by_node(facts, stated, count), **_by_apic(facts, stated)}
    if not (stated or inferred):
        return dict.fromkeys(numbers, _NOWHERE)
    known = {number: _placement(number, stated, inferred) for number in numbers}
    if all(number in stated or number in inferred for number in numbers) or list(numbers) != list(range(len(numbers))):
        return known
    guessed = place([known[number].package for number in numbers], count)
    return {number: known[number] if known[number].package is not None else guessed[number] for number in numbers}


def _placement(cpu: int, stated: Mapping[int, int], inferred: Mapping[int, int]) -> Placement:
    if cpu in stated:
        return Placement(stated[cpu], "stated")
    return Placement(inferred[cpu], "inferred") if cpu in inferred else _NOWHERE


def _by_apic(facts: CpuFacts, stated: Mapping[int, int]) -> dict[int, int]:
    """Return packages by APIC ids, if stated packages of other CPUs settle how many of an id's bits count within a package."""
    pairs = [(facts.apic[other][0], package) for other, package in stated.items() if other in facts.apic]
    shifts = [shift for shift in range(16) if all(apic >> shift == package for apic, package in pairs)] if pairs else []
    return {cpu: apic >> shifts[0] for cpu, (apic, _) in facts.apic.items()} if len(shifts) == 1 else {}


def _by_node(facts: CpuFacts, stated: Mapping[int, int], count: int | None) -> dict[int, int]:
    """Return packages by nodes, if the nodes are known to be shared out evenly and no stated package is numbered otherwise."""
    nodes = facts.number("nodes")
    if not facts.node or count is None or nodes is None:
        return {}
    each = facts.number("nodes_per_package") or (1 if nodes == count else None)
    if each is None or each * count != nodes:
        return {}
    found = {cpu: node // each for cpu, (node, _) in facts.node.items()}
    sparse = any(package >= count or found.get(cpu, package) != package for cpu, package in stated.items())
    return {} if sparse else found


def _cpu(number: int, facts: CpuFacts, beside: Cpu | None, where: Placement) -> Cpu:
    said = facts.presence.get(number)
    if where is _NOWHERE and said is not None and beside is None:
        return Cpu(number, None, said[0], said[1])
    presence = said[0] if said is not None else beside.presence if beside is not None else "unknown"
    evidence: list[Evidence] = [*said[1]] if said is not None else []
    for more in (facts.package, facts.apic, facts.node) if where.known == "inferred" else (facts.package,):
        if number in more and more[number][1] not in evidence:
            evidence.append(more[number][1])
    return Cpu(number, where.package, presence, (*evidence, *(beside.evidence if beside is not None else ())))
