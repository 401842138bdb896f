"""CPUs and packages of a paste: the host's topology, or a table pasted as text, with what later lines changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tdxwhy.errors import TdxwhyError
from tdxwhy.incident.nouns import PasteLine
from tdxwhy.know.topology import topology as completed
from tdxwhy.lazy import lazy
from tdxwhy.ranges import numbers
from tdxwhy.read.host.sidecar import parse_sidecar
from tdxwhy.records import Cpu, Presence, Topology

_HEADER = lazy(r"\s{0,99}#? ?(?:CPU|PROZESSOR)[\s,]{1,99}(?=.{0,200}(?:SOCKET|SOCKEL|ONLINE|Socket))[A-Za-z0-9:, ]{1,250}$")
_COLUMNS = lazy(r"lscpu\b.{0,200}-[a-zA-Z]{0,3}[ep]=(\w{1,32}(?:,\w{1,32}){0,32})")
_ROW = lazy(r"\s*\d+(?:(?:\s+|,)[\w:-]+)+\s*")
_OFF = lazy(r"smpboot: CPU ([0-9]{1,5}) is now offline|^CPU ([0-9]{1,5}) disabled$")
_ON = lazy(r"smpboot: Booting Node [0-9]{1,5} Processor ([0-9]{1,5})\b|^CPU ([0-9]{1,5}) enabled$")
# Accepted form: `cat` or `grep .` of files below /sys/devices/system/cpu, several of them at once, {offline,online} too.
_FILES = lazy(r"/sys/devices/system/cpu/\{?((?:(?:offline|online|present|possible),?)+)")
_LISTED = lazy(
    r"(?:\S*/cpu/(?P<file>offline|online|present|possible)[: ]+)?(?P<cpus>[0-9]{1,5}(?:-[0-9]{1,5})?(?:,[0-9]{1,5}(?:-[0-9]{1,5})?)*)"
)
# Accepted form: what loops over the CPUs print: cpu8 pkg 1, /sys/devices/system/cpu/cpu8/topology/physical_package_id:1.
_PLACED = lazy(
    r"\bcpu([0-9]{1,5})(?:/topology/physical_package_id|\W{1,8}(?:pkg|package|socket|physical_package_id))[ :=]{1,4}([0-9]{1,3})$"
)
# Accepted form: what a person says of them: "0-7 socket 0", "CPUs 8-15 are on package 1", "Socket 1 (CPUs 8-15)".
_SAID = lazy(
    r"(?i)(?<![\w.-])([0-9]{1,5}-[0-9]{1,5}(?:,[0-9]{1,5}-[0-9]{1,5}){0,8}) ?(?:=|:|->)? ?(?:are |is |sit |live )?(?:on |in |of )?"
    r"(?:socket|package|pkg) ?#?([0-9]{1,3})\b"
)
_SAID_TURNED = lazy(
    r"(?i)\b(?:socket|package|pkg) ?#?([0-9]{1,3})(?: has| holds| is|:| =)? ?[( ]?(?:CPUs? )?"
    r"([0-9]{1,5}-[0-9]{1,5}(?:,[0-9]{1,5}-[0-9]{1,5}){0,8})(?![\w-]|\.[0-9])"
)
# Accepted form: a line of plain `lscpu`.
_SUMMARY = lazy(r"\s*(?:On-line|Off-line) CPU\(s\) list:|\s*Socket\(s\):")
_MOST = 8192
# So many statements of a person, and so many numbers in lists, are looked at: no machine has more to tell, and each may name every CPU.
_STATEMENTS, _NUMBERS = 64, 16 * _MOST


def topology_of(lines: Sequence[PasteLine], host: Topology) -> Topology:
    """Return the CPUs as the paste shows them in the end: of tables, lists and summaries pasted as text, else the host's."""
    table, after = _table(lines)
    if table is None:
        table, after = _summary(lines), lines
    changed = dict(_changes(after))
    listed = {number for number, _ in _lists(lines)}
    if table is None and not listed:
        told = None if host.cpus and any(cpu.package is not None for cpu in host.cpus) else _said(lines, changed)
        return _with_packages(told, host) if told is not None else host
    packages = {int(found[1]): int(found[2]) for line in lines if (found := _PLACED.search(line.text)) is not None}
    known = {cpu.number: cpu for cpu in table.cpus} if table is not None else {}
    cpus = tuple(_cpu(number, known.get(number), packages, changed) for number in sorted(known.keys() | listed))
    online = sum(cpu.presence == "online" for cpu in cpus)
    count = table.package_count if table is not None else None
    return completed((), Topology(cpus, package_count=count, cpu_count=len(cpus), online_count=online))


def _said(lines: Sequence[PasteLine], changed: Mapping[int, Presence]) -> Topology | None:
    """Return the CPUs and packages that somebody tells of in a sentence; None where nobody does, or where a CPU would be in two."""
    told: dict[tuple[str, str], None] = {}
    for line in lines:
        if line.time_ns is not None or line.command or line.asked:
            continue
        said = [(found[1], found[2]) for found in _SAID.finditer(line.text)]
        told |= dict.fromkeys(said or [(found[2], found[1]) for found in _SAID_TURNED.finditer(line.text)])
        if len(told) > _STATEMENTS:
            return None
    packages: dict[int, int] = {}
    for cpus, package in told:
        for number in numbers(cpus, _MOST):
            if packages.setdefault(number, int(package)) != int(package):
                return None
    if not packages:
        return None
    known = tuple(Cpu(number, package, changed.get(number, "unknown"), ()) for number, package in sorted(packages.items()))
    return completed((), Topology(known))


def _with_packages(told: Topology, host: Topology) -> Topology:
    """Return what somebody tells of, each CPU as the host's log shows it; the host's own where the two speak of different CPUs."""
    shown = {cpu.number: cpu for cpu in host.cpus}
    if not shown.keys() <= {cpu.number for cpu in told.cpus}:
        return host
    cpus = tuple(shown[cpu.number]._replace(package=cpu.package) if cpu.number in shown else cpu for cpu in told.cpus)
    return completed((), told._replace(cpus=cpus))


def _cpu(number: int, known: Cpu | None, packages: Mapping[int, int], changed: Mapping[int, Presence]) -> Cpu:
    cpu = known if known is not None else Cpu(number, None, "unknown", ())
    package = cpu.package if cpu.package is not None else packages.get(number)
    return cpu._replace(package=package, presence=changed.get(number, cpu.presence))


def _summary(lines: Sequence[PasteLine]) -> Topology | None:
    """Return what plain `lscpu` in a paste shows: the CPUs on line and off line, and the number of sockets."""
    told = [line.text for line in lines if _SUMMARY.match(line.text) is not None]
    return _parsed("", told[-8:]) if told else None


def _table(lines: Sequence[PasteLine]) -> tuple[Topology | None, Sequence[PasteLine]]:
    """Return the last table of CPUs in the paste, with the packages that an earlier one shows, and the lines behind it."""
    found: Topology | None = None
    after: Sequence[PasteLine] = ()
    packages: dict[int, int] = {}
    number = 0
    while number < len(lines):
        header, rows = _header(lines[number]), []
        number += 1
        for line in lines[number : number + _MOST] if header else ():
            if _ROW.fullmatch(line.text):
                rows.append(line.text.strip())
            elif not line.text.startswith("#"):
                break
            number += 1
        table = _parsed(header, rows) if rows else None
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
    if asked is None or ("|" not in line.command and "-p" not in line.command):
        return ""
    return asked[1] if "-p" in line.command else asked[1].replace(",", " ")


def _parsed(header: str, rows: Sequence[str]) -> Topology | None:
    try:
        return parse_sidecar("\n".join((header, *rows)) + "\n", "paste")
    except TdxwhyError:
        return None


def _count(cpus: Sequence[Cpu]) -> int | None:
    packages = {cpu.package for cpu in cpus}
    return None if None in packages else len(packages)


def _lists(lines: Sequence[PasteLine]) -> Iterator[tuple[int, Presence]]:
    """Yield the CPUs that answers list as online or offline, each answer by the file that it is of."""
    asked, place, left = "", 0, _NUMBERS
    for line in lines:
        if line.asked != asked:
            asked, place = line.asked, 0
        if "/cpu/" not in asked:
            continue
        found = _LISTED.fullmatch(line.text.strip())
        if found is None:
            continue
        files = [name for group in _FILES.findall(asked) for name in group.split(",") if name]
        named = found["file"] or (files[place] if place < len(files) else "")
        place += 1
        if named in ("offline", "online"):
            presence: Presence = "offline" if named == "offline" else "online"
            cpus = numbers(found["cpus"], _MOST)
            yield from ((number, presence) for number in cpus)
            left -= len(cpus)
            if left < 0:
                return


def _moves(lines: Sequence[PasteLine]) -> Iterator[tuple[int, Presence]]:
    """Yield the CPUs that lines take off or bring on line."""
    for line in lines:
        off, on = _OFF.search(line.text), _ON.search(line.text)
        if off is not None:
            yield int(off[1] or off[2]), "offline"
        elif on is not None:
            yield int(on[1] or on[2]), "online"


def _changes(lines: Sequence[PasteLine]) -> Iterator[tuple[int, Presence]]:
    """Yield the CPUs that lines take off or bring on line, or list as such: what lists say last."""
    yield from _moves(lines)
    yield from _lists(lines)


def taken_offline(lines: Sequence[PasteLine]) -> tuple[int, ...]:
    """Return the CPUs that went offline in these lines and did not come back."""
    state = dict(_changes(lines))
    return tuple(number for number, presence in state.items() if presence == "offline")


def brought_online(lines: Sequence[PasteLine]) -> tuple[int, ...]:
    """Return the CPUs that were started in these lines, in their order."""
    return tuple(number for number, presence in _moves(lines) if presence == "online")
