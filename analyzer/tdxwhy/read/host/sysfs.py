"""CPUs from /sys/devices/system/cpu, the machine's own or a copy of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tdxwhy.records import Cpu, Evidence, Place, Presence

_FOLDER = re.compile(r"cpu(\d{1,5})")
_MOST_BYTES = 4096


def cpus_of_sysfs(root: Path, name: str) -> Iterator[Cpu]:
    """Yield each CPU that has a folder. One that is offline has no topology there, and so no package."""
    for folder in sorted(root.iterdir()):
        found = _FOLDER.fullmatch(folder.name)
        if found is None or not folder.is_dir():
            continue
        online, package = value_of(root, f"{folder.name}/online"), value_of(root, f"{folder.name}/topology/physical_package_id")
        # CPU 0 has no file where it cannot go offline.
        presence: Presence = "offline" if online == "0" else "online" if online == "1" or package is not None else "unknown"
        number = int(package) if package is not None and package.isdigit() and len(package) < 6 else None
        quote = f"{folder.name}: online {online if online is not None else '(no file)'}, physical_package_id {package or '(none)'}"
        yield Cpu(int(found[1]), number, presence, (Evidence(Place(f"{name}/{folder.name}"), quote),))


def value_of(root: Path, inside: str) -> str | None:
    """Return the first line of a small file below a folder; links that lead out of the folder are not followed."""
    path = root / inside
    try:
        if not path.resolve().is_relative_to(root.resolve()) or not path.is_file():
            return None
        with path.open("rb") as stream:
            text = stream.read(_MOST_BYTES).decode("utf-8", "replace").strip()
    except OSError:
        return None
    first = text.split("\n", 1)[0]
    return first if first.isprintable() else None
