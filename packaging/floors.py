"""Prints each dependency of the package at its floor, as pip takes constraints: what `make floors` runs the tests with."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

_FLOOR = re.compile(r"(?P<name>[A-Za-z0-9-]+)(?:\[[a-z]+\])?>=(?P<floor>[0-9.]+)")


def floors(project: Path) -> Iterator[tuple[str, str]]:
    """Yield name and floor of what pyproject.toml asks for, but for what only developers want."""
    found = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    extras = (one for name, extra in found["optional-dependencies"].items() if name not in ("dev", "docs", "fuzz") for one in extra)
    for one in (*found["dependencies"], *extras):
        match = _FLOOR.match(one)
        if match:
            yield match["name"], match["floor"]


if __name__ == "__main__":
    sys.stdout.writelines(f"{name}=={floor}\n" for name, floor in floors(Path(__file__).resolve().parents[1] / "pyproject.toml"))
