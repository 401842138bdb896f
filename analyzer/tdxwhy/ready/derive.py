"""What follows from facts that were read: KeyIDs and how many TDs they allow, who asks, CPUs and packages, what the model foresees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO

from tdxwhy.digits import whole
from tdxwhy.explain.command_line import misspelt, telling_words
from tdxwhy.explain.nouns import Diagnosis
from tdxwhy.know import tables
from tdxwhy.know.offline import offline
from tdxwhy.know.topology import topology as complete
from tdxwhy.noun import NamedTuple
from tdxwhy.ranges import counted, ranges
from tdxwhy.read.host.tree import HostTree
from tdxwhy.ready.facts import HostFacts
from tdxwhy.records import Event, LogRecord, Package, Place, Topology
from tdxwhy.replay.data import generation
from tdxwhy.replay.forecast import Foresight, foresee, generation_named, generation_of
from tdxwhy.replay.scenario import Module

_HIBERNATION = "hibernation"  # a condition of the model, and the setting that makes it true
_PLATFORM = "tdx_host_platform"
_ON = ("1", "y", "Y", "on")


class Inferred(NamedTuple):
    """The CPUs of the machine, the modelled kernel, and what will come of an attempt; None where no CPU is known, or no attempt can be."""

    topology: Topology
    generation: str
    foresight: Foresight | None


def derive(tree: HostTree, facts: HostFacts, name: str | None) -> Inferred:
    """Add what follows to the facts; `name` is the kernel generation to follow, where the release would mislead."""
    release = facts.value("release")
    kernel = (generation_named(name) if name else generation_of(release)).name
    starts = tables.asks(kernel) if name is not None else tables.generation_of_release(release or "").asks
    facts.derive("generation", kernel, "release")
    facts.derive("running-as", release or "this kernel", "release")
    facts.derive("starts", starts or "kvm", "release")
    topology = complete((), tree.topology())
    _keyids(facts)
    _asked(facts)
    _command_line(facts, topology)
    _cpus(facts, topology)
    _vendor(facts)
    if may_hibernate(facts) and any(_refusing(kernel)):
        facts.derive("refuses-hibernation", "yes", "hibernation")
    _boot(tree, facts, topology)
    return Inferred(topology, kernel, _foreseen(facts, topology, kernel))


def _keyids(facts: HostFacts) -> None:
    """Work out private KeyIDs and how many TDs they allow: one KeyID is the module's own."""
    told, msr = facts.value("keyid-range"), facts.value("msr-87")
    count: int | None = None
    if told is not None:
        low, _, high = told.partition("-")
        count = max(int(high) - int(low), 0)
        facts.derive("keyids", count, "keyid-range")
    elif msr is not None and (value := _hex(msr)) is not None and value >> 32:
        count = value >> 32
        facts.derive("keyids", count, "msr-87")
    capacity, current = _number(facts.value("capacity")), _number(facts.value("current"))
    most = capacity or (count - 1 if count else None)
    if most is None:
        return
    facts.derive("tds-at-most", most, "capacity" if capacity else "keyids")
    facts.derive("tds-left", max(most - (current or 0), 0), "current" if current is not None else "tds-at-most")


def _hex(text: str) -> int | None:
    digits = text.split(" ", 1)[0]
    return int(digits, 16) if digits and len(digits) <= 16 and all(c in "0123456789abcdefABCDEF" for c in digits) else None


def _number(text: str | None) -> int | None:
    return whole(text, 9)


def _asked(facts: HostFacts) -> None:
    """Tell who asks for TDX: the command line goes before options of modprobe, and a parameter that is on was asked for."""
    line = facts.value("command-line")
    given = [(parameter, word) for parameter in tables.parameters() if parameter.asks for word in _words(line, parameter.name)]
    if given:
        parameter, word = given[-1]
        facts.derive("asked", "yes" if word.partition("=")[2] in parameter.asks else "no", "command-line")
        facts.derive("asked-by", word, "command-line")
    elif facts.value("kvm-tdx") in _ON:
        facts.derive("asked", "yes", "kvm-tdx")
        facts.derive("asked-by", "the parameter tdx of kvm_intel is on", "kvm-tdx")
    elif facts.value("modprobe-tdx") is not None:
        facts.derive("asked", "yes" if facts.value("modprobe-tdx") in _ON else "no", "modprobe-tdx")
        facts.derive("asked-by", f"options kvm_intel tdx={facts.value('modprobe-tdx')}", "modprobe-tdx")
    elif line is not None:
        facts.derive("asked", "no", "command-line")


def _words(line: str | None, name: str) -> Iterator[str]:
    for word in (line or "").split():
        if word.partition("=")[0].replace("-", "_") == name.replace("-", "_"):
            yield word


def _command_line(facts: HostFacts, topology: Topology) -> None:
    line = facts.value("command-line")
    if line is None:
        return
    event = Event(None, {"command_line": line}, LogRecord(Place("/proc/cmdline"), line, line), "partial")
    words = [word.text for word in telling_words(line, tables.parameters(), event, topology.online_count)]
    limits = [word for word in line.split() if tables.limits_of(word.partition("=")[0])]
    if kept_off := list(dict.fromkeys((*words, *(word for word in limits if word not in words and topology.online_count is None)))):
        facts.derive("keeps-cpus-off", " ".join(kept_off), "command-line")
    if slips := [note.text for note in misspelt(line, tables.parameters(), event)]:
        facts.derive("slip", "; ".join(slips), "command-line")


def _cpus(facts: HostFacts, topology: Topology) -> None:
    if not topology.cpus:
        return
    missing = offline(topology)
    online = sum(cpu.presence == "online" for cpu in topology.cpus)
    known = [package for package in topology.packages if package.id is not None]
    facts.derive("cpus", f"{online} of {counted(len(topology.cpus), 'CPU')} online, {counted(len(topology.packages), 'package')}")
    lost = [package for package in topology.packages if package.lost]
    if lost:
        facts.derive("packages-lost", _named(lost) + (" has" if len(lost) == 1 else " have"))
        facts.derive("cpus-lost", ranges(missing.package_cpus))
    if missing.cpus:
        facts.derive("cpus-off", ranges(missing.cpus))
        facts.derive("cpus-to-online", ranges(missing.cpus).replace(" ", ""))
    if missing.unplaced:
        facts.derive("cpus-nowhere", ranges(missing.unplaced))
    most = Module().max_packages
    high = sorted(package.id for package in known if package.id is not None and package.id >= most)
    if high:
        facts.derive("ids-too-high", ranges(high))
        facts.derive("ids-at-most", most)


def _named(packages: Sequence[Package]) -> str:
    ids = [package.id for package in packages if package.id is not None]
    nameless = len(packages) - len(ids)
    parts = [f"{'a package' if nameless == 1 else f'{nameless} packages'} that nothing names"] if nameless else []
    parts += [f"package{'s' if len(ids) > 1 else ''} {ranges(ids)}"] if ids else []
    return " and ".join(parts)


def _vendor(facts: HostFacts) -> None:
    told = " ".join(filter(None, (facts.value("maker"), facts.value("board"))))
    vendor = next(tables.vendors_named(told), None)
    if vendor is not None:
        facts.derive("firmware-path", f"{vendor.name}: {vendor.path}", "maker" if facts.value("maker") else "board")


def may_hibernate(facts: HostFacts) -> bool:
    """Tell whether this kernel can hibernate and nothing on its command line keeps it from that."""
    able = facts.value("hibernation")
    words = (facts.value("command-line") or "").split()
    against = [one.name for one in tables.parameters() if one.forbids == _HIBERNATION]
    return able is not None and able != "[disabled]" and not any(word in against for word in words)


def _refusing(kernel: str) -> Iterator[str]:
    """Yield the causes by which a kernel that can hibernate keeps TDX off."""
    steps = (step for operation in generation(kernel).operations.values() for step in operation.step)
    yield from (step.cause for step in steps if step.when == _HIBERNATION and step.cause)


def _boot(tree: HostTree, facts: HostFacts, topology: Topology) -> None:
    """Say what the log of this boot says of TDX."""
    log = tree.log()
    if not log:
        facts.looked.add("boot-outcome")
        return
    found = _diagnosed(log, topology)
    if found is not None:
        facts.derive("boot-outcome", found.outcome)
        facts.derive("boot-says", found.reason.rstrip("."))


def _diagnosed(log: str, topology: Topology) -> Diagnosis | None:
    from tdxwhy.explain.diagnosis import diagnose
    from tdxwhy.explain.logs import decisive
    from tdxwhy.read.log import read_boots

    found: Sequence[Diagnosis] = [
        diagnose(boot, "kernel log", topology if topology.cpus else None) for boot in read_boots(BytesIO(log.encode()), "kernel log")
    ]
    return found[decisive(found)] if found else None


def _foreseen(facts: HostFacts, topology: Topology, kernel: str) -> Foresight | None:
    if not topology.cpus:
        return None
    settings: dict[str, object] = {}
    if may_hibernate(facts):
        settings[_HIBERNATION] = 1
    flags = facts.value("cpu-flags")
    if flags is not None and _PLATFORM not in flags and facts.value("keyid-range") is None:
        settings["keyid"] = "63 0"
    seen = foresee(topology, kernel, settings=settings)
    if not seen.simulation.came_up:
        facts.derive("will-fail", "certain" if seen.certain else "possible")
    facts.derive("will-say", seen.sentence)
    return seen
