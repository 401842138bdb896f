"""CPUs and packages from what lies beside a log: lscpu's output, a copy of /sys/devices/system/cpu, an unpacked sosreport."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tdxwhy.digits import whole
from tdxwhy.errors import TdxwhyError, reason
from tdxwhy.files import reading, shown
from tdxwhy.ranges import numbers
from tdxwhy.records import Cpu, Evidence, Place, Presence, Topology

_MOST_CPUS = 8192
_MOST_BYTES = 16 << 20
_QUOTE = 240
# Where an unpacked sosreport or a bundle keeps the facts, the most telling first.
_INSIDE = (
    "topology.json",
    "sys/devices/system/cpu",
    "sos_commands/processor/lscpu_-ae",
    "sos_commands/processor/lscpu_-J_-e",
    "proc/cpuinfo",
    "sos_commands/processor/lscpu",
    "lscpu",
)
# `lscpu -J` without -e.
_FIELD = re.compile(r'"field"\s{0,8}:\s{0,8}"([^":]{1,80}):?",\s{0,80}"data"\s{0,8}:\s{0,8}"([^"]{0,4000})"')


def read_sidecar(path: Path) -> Topology:
    """Read CPUs and packages. An offline CPU has no package there; `know.topology` infers it where that is possible.

    Accepted form: `lscpu -J -e`, `lscpu -e`, `lscpu -p`, `lscpu -J`, `lscpu`, /proc/cpuinfo, a folder that is a copy of
    /sys/devices/system/cpu, or one that holds any of these (an unpacked sosreport).
    """
    if not path.exists():
        raise TdxwhyError(f"{path}: no such file or directory")
    if not path.is_dir():
        try:
            return parse_sidecar(_beginning(path).decode("utf-8", "replace"), shown(path.name))
        except OSError as error:
            raise TdxwhyError(f"{path}: {reason(error)}") from error
    if (path / "cpu0").is_dir() or (path / "present").is_file():
        return of_cpus(cpus_of_sysfs(path, shown(path.name)))
    for inside in _INSIDE:
        found = path / inside
        if found.is_dir():
            return of_cpus(cpus_of_sysfs(found, inside))
        if found.is_file():
            return parse_sidecar(_beginning(found).decode("utf-8", "replace"), inside)
    raise TdxwhyError(f"{path}: neither a copy of /sys/devices/system/cpu nor an unpacked sosreport")


def _beginning(path: Path) -> bytes:
    with reading(path) as stream:
        return stream.read(_MOST_BYTES)


def parse_sidecar(text: str, name: str) -> Topology:
    r"""Read the text of a sidecar file, whichever of the accepted forms it has.

    >>> table = "CPU SOCKET ONLINE\n0 0 yes\n1 1 no\n"
    >>> [(cpu.number, cpu.package, cpu.presence) for cpu in parse_sidecar(table, "lscpu").cpus]
    [(0, 0, 'online'), (1, 1, 'offline')]
    """
    cpuinfo = text.lstrip().startswith("processor") and "\n" in text
    if text.lstrip()[:1] in ("{", "["):
        cpus = _json_cpus(text, name)
    elif cpuinfo:
        cpus = _cpuinfo(text, name)
    else:
        cpus = _table(text, name)
    found = of_cpus(cpus)
    if cpuinfo:
        found = found._replace(cpu_count=None)  # it lists no CPU that is offline
    if not found.cpus:
        found = _summary(text, name)
    if not found.cpus:
        raise TdxwhyError(f"{name}: no list of CPUs in it", "lscpu -J -e > topology.json writes one")
    return found


def of_cpus(cpus: Iterable[Cpu]) -> Topology:
    """Put CPUs into a topology; packages that have a CPU online are counted if no CPU lacks its package."""
    listed = sorted({cpu.number: cpu for cpu in cpus if cpu.number < _MOST_CPUS}.values())
    packages = {cpu.package for cpu in listed}
    online = [cpu for cpu in listed if cpu.presence == "online"]
    return Topology(
        tuple(listed),
        package_count=len(packages) if listed and None not in packages else None,
        cpu_count=len(listed) or None,
        online_count=len(online) if listed else None,
    )


def _cpu(row: Mapping[str, Any], place: Place, quote: str) -> Cpu | None:
    facts = {str(key).lower(): value for key, value in row.items()}
    number, package = _number(facts.get("cpu")), _number(facts.get("socket"))
    if number is None:
        return None
    online = str(facts.get("online", "")).lower()
    presence: Presence = "unknown"
    if online in ("yes", "true", "1", "y"):
        presence = "online"
    elif online in ("no", "false", "0", "n"):
        presence = "offline"
    elif package is not None:
        presence = "online"  # lscpu lists the socket of no other
    return Cpu(number, package, presence, (Evidence(place, quote),))


def _number(value: object) -> int | None:
    return whole(str(value), 5)


def _json_cpus(text: str, name: str) -> Iterator[Cpu]:
    import json

    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TdxwhyError(f"{name}: no JSON ({str(error)[:60]})") from error
    rows = found.get("cpus", []) if isinstance(found, dict) else found
    for row in rows if isinstance(rows, list) else ():
        kept = (
            {key: row[key] for key in row if str(key).lower() in ("cpu", "node", "socket", "core", "online")}
            if isinstance(row, dict)
            else {}
        )
        cpu = _cpu(kept, Place(name), json.dumps(kept))
        if cpu is not None:
            yield cpu


def _table(text: str, name: str) -> Iterator[Cpu]:
    """Read `lscpu -e` and `lscpu -p`: a heading with the names of the columns, a row for each CPU."""
    columns: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        comma = "," in line
        cells = [cell.strip() for cell in line.lstrip("# ").split(",")] if comma else line.split()
        if "cpu" in (lowered := [cell.lower() for cell in cells]) and "socket" in lowered:
            columns = lowered
        elif columns and not line.startswith("#"):
            cpu = _cpu(dict(zip(columns, cells, strict=False)), Place(name, number), " ".join(line.split())[:120])
            if cpu is not None:
                yield cpu


def _cpuinfo(text: str, name: str) -> Iterator[Cpu]:
    """Read /proc/cpuinfo, which lists no CPU that is offline."""
    cpu: int | None = None
    for number, line in enumerate(text.splitlines(), 1):
        key, colon, value = line.partition(":")
        if colon and key.strip() == "processor":
            cpu = _number(value.strip())
        elif colon and key.strip() == "physical id" and cpu is not None:
            yield Cpu(
                cpu, _number(value.strip()), "online", (Evidence(Place(name, number), f"processor {cpu}: physical id {value.strip()}"),)
            )


def _summary(text: str, name: str) -> Topology:
    """Read plain `lscpu`, which lists the CPUs that are online and offline and counts the sockets."""
    facts: dict[str, tuple[str, int]] = {key.lower(): (value, 1) for key, value in _FIELD.findall(text)}
    for number, line in enumerate(text.splitlines(), 1):
        key, colon, value = line.partition(":")
        if colon:
            facts.setdefault(key.strip().lower(), (value.strip(), number))
    cpus: list[Cpu] = []
    for key, presence in (("on-line cpu(s) list", "online"), ("off-line cpu(s) list", "offline")):
        value, number = facts.get(key, ("", 0))
        evidence = (Evidence(Place(name, number), f"{key}: {value}"[:_QUOTE]),)
        cpus += [Cpu(cpu, None, presence, evidence) for cpu in numbers(value, _MOST_CPUS + 1)]  # type: ignore[arg-type]
    if cpus and (len({cpu.number for cpu in cpus}) < len(cpus) or max(cpu.number for cpu in cpus) >= _MOST_CPUS):
        raise TdxwhyError(f"{name}: CPUs that are on line and off line at once, or beyond {_MOST_CPUS - 1}")
    sockets = _number(facts.get("socket(s)", ("", 0))[0])
    return of_cpus(cpus)._replace(package_count=sockets if all(cpu.presence == "online" for cpu in cpus) else None)


_FOLDER = re.compile(r"cpu([0-9]{1,5})")
_MOST_BYTES_OF_A_FACT = 4096


def cpus_of_sysfs(root: Path, name: str) -> Iterator[Cpu]:
    """Yield each CPU that has a folder. One that is offline has no topology there, and so no package."""
    for folder in sorted(root.iterdir()):
        found = _FOLDER.fullmatch(folder.name)
        if found is None or not folder.is_dir():
            continue
        online, package = value_of(root, f"{folder.name}/online"), value_of(root, f"{folder.name}/topology/physical_package_id")
        # CPU 0 has no file where it cannot go offline.
        presence: Presence = "offline" if online == "0" else "online" if online == "1" or package is not None else "unknown"
        quote = f"{folder.name}: online {online if online is not None else '(no file)'}, physical_package_id {package or '(none)'}"
        yield Cpu(int(found[1]), _number(package), presence, (Evidence(Place(f"{name}/{folder.name}"), quote),))


def value_of(root: Path, inside: str) -> str | None:
    """Return the first line of a small file below a folder; links that lead out of the folder are not followed."""
    path = root / inside
    try:
        if not path.resolve().is_relative_to(root.resolve()) or not path.is_file():
            return None
        with reading(path) as stream:
            text = stream.read(_MOST_BYTES_OF_A_FACT).decode("utf-8", "replace").strip()
    except OSError:
        return None
    first = text.split("\n", 1)[0]
    return first if first.isprintable() else None
