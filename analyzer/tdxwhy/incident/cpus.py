"""CPUs and packages of a paste: the host's topology, or a table pasted as text, with what later lines changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tdxwhy.errors import TdxwhyError
from tdxwhy.incident.nouns import PasteLine
from tdxwhy.know.topology import topology as completed
from tdxwhy.lazy import lazy
from tdxwhy.ranges import numbers
from tdxwhy.read.host.sidecar import parse_sidecar
from tdxwhy.records import Cpu, Presence, Topology

_HEADER = lazy(r"\s*(?:CPU|PROZESSOR)\s+(?=.*(?:SOCKET|SOCKEL|ONLINE))[A-Z0-9: ]+$")
_COLUMNS = lazy(r"lscpu\b.*-[a-zA-Z]{0,3}e=(\w+(?:,\w+)*)")
_ROW = lazy(r"\s*\d+(?:\s+\S+)+\s*$")
_OFF = lazy(r"smpboot: CPU (\d+) is now offline|^CPU (\d+) disabled$")
_ON = lazy(r"smpboot: Booting Node \d+ Processor (\d+)|^CPU (\d+) enabled$")
# Accepted form: the answer of `cat /sys/devices/system/cpu/offline`, a list of CPUs.
_LISTED = lazy(r"/sys/devices/system/cpu/(offline|online)\b")
_LIST = lazy(r"\d{1,5}(?:-\d{1,5})?(?:,\d{1,5}(?:-\d{1,5})?)*")
_MOST = 8192


def topology_of(lines: Sequence[PasteLine], host: Topology) -> Topology:
    """Return the CPUs as the paste shows them in the end."""
    table, after = _table(lines)
    if table is None:
        return host
    changed = dict(_changes(after))
    cpus = tuple(Cpu(cpu.number, cpu.package, changed.get(cpu.number, cpu.presence), cpu.evidence) for cpu in table.cpus)
    packages = table.package_count
    sidecar = Topology(cpus, package_count=packages, cpu_count=len(cpus), online_count=sum(cpu.presence == "online" for cpu in cpus))
    return completed((), sidecar)


def _table(lines: Sequence[PasteLine]) -> tuple[Topology | None, Sequence[PasteLine]]:
    """Return the last table of CPUs in the paste, with the packages that an earlier one shows, and the lines behind it."""
    found: Topology | None = None
    after: Sequence[PasteLine] = ()
    packages: dict[int, int] = {}
    number = 0
    while number < len(lines):
        header, first = _header(lines[number]), number + 1
        rows = []
        for line in lines[first : first + _MOST] if header else ():
            if not _ROW.fullmatch(line.text):
                break
            rows.append(line.text.strip())
        table = _parsed(header, rows) if rows else None
        number = first + len(rows)
        if table is not None:
            packages.update({cpu.number: cpu.package for cpu in table.cpus if cpu.package is not None})
            found, after = table, lines[number:]
    if found is None:
        return None, ()
    cpus = tuple(cpu._replace(package=packages.get(cpu.number)) for cpu in found.cpus)
    return found._replace(cpus=cpus, package_count=found.package_count or _count(cpus)), after


def _header(line: PasteLine) -> str:
    """Return the names of the columns, from the header of a table or from the command that prints one whose header is cut off."""
    if _HEADER.fullmatch(line.text):
        return line.text.strip()
    asked = _COLUMNS.search(line.command)
    return asked[1].replace(",", " ") if asked is not None and "|" in line.command else ""


def _parsed(header: str, rows: Sequence[str]) -> Topology | None:
    try:
        return parse_sidecar("\n".join((header, *rows)) + "\n", "paste")
    except TdxwhyError:
        return None


def _count(cpus: Sequence[Cpu]) -> int | None:
    packages = {cpu.package for cpu in cpus}
    return None if None in packages else len(packages)


def _changes(lines: Sequence[PasteLine]) -> Iterator[tuple[int, Presence]]:
    """Yield the CPUs that lines take off or bring on line, or list as such, in their order."""
    for line in lines:
        listed = _LISTED.search(line.asked)
        if listed is not None and _LIST.fullmatch(line.text.strip()):
            presence: Presence = "offline" if listed[1] == "offline" else "online"
            yield from ((number, presence) for number in numbers(line.text.strip()))
            continue
        off, on = _OFF.search(line.text), _ON.search(line.text)
        if off is not None:
            yield int(off[1] or off[2]), "offline"
        elif on is not None:
            yield int(on[1] or on[2]), "online"


def taken_offline(lines: Sequence[PasteLine]) -> tuple[int, ...]:
    """Return the CPUs that went offline in these lines and did not come back."""
    state = dict(_changes(lines))
    return tuple(number for number, presence in state.items() if presence == "offline")


def brought_online(lines: Sequence[PasteLine]) -> tuple[int, ...]:
    """Return the CPUs that were started in these lines, in their order."""
    return tuple(number for number, presence in _changes(lines) if presence == "online")
