"""Writes a bill of materials in CycloneDX's JSON of a wheel: what it is, its digest, and what it wants. Usage: sbom.py WHEEL BOM.

No serial number and no time stand in it: the same wheel makes the same bytes. https://cyclonedx.org/docs/1.6/json/
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

_REQUIRED = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*(?P<versions>[^;]*)(?:;\s*(?P<marker>.*))?")


def bom(wheel: Path) -> dict[str, Any]:
    """Return the bill of a wheel. What only an extra wants is optional; developers' tools are no part of it."""
    told = _metadata(wheel)
    parts = list({part["name"].lower(): part for part in map(_component, told.get_all("Requires-Dist", [])) if part}.values())
    name, version = told["Name"], told["Version"]
    whole = {
        "type": "application",
        "bom-ref": f"pkg:pypi/{name}@{version}",
        "name": name,
        "version": version,
        "description": told["Summary"],
        "licenses": [{"license": {"id": told["License-Expression"]}}],
        "purl": f"pkg:pypi/{name}@{version}",
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}],
    }
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": whole},
        "components": sorted(parts, key=lambda part: str(part["name"]).lower()),
        "dependencies": [{"ref": whole["bom-ref"], "dependsOn": sorted(part["bom-ref"] for part in parts)}],
    }


def _metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_bytes(archive.read(name))


def _component(required: str) -> dict[str, Any] | None:
    found = _REQUIRED.match(required)
    marker = found["marker"] or "" if found else ""
    if found is None or found["name"].lower() == "tdxwhy" or re.search(r"extra == ['\"](?:dev|docs|fuzz)['\"]", marker):
        return None
    purl = f"pkg:pypi/{found['name'].lower().replace('_', '-')}"
    properties = [{"name": "tdxwhy:versions", "value": found["versions"].strip()}]
    properties += [{"name": "tdxwhy:where", "value": marker}] if marker else []
    scope = "optional" if "extra ==" in marker else "required"
    return {"type": "library", "bom-ref": purl, "name": found["name"], "scope": scope, "purl": purl, "properties": properties}


if __name__ == "__main__":
    text = json.dumps(bom(Path(sys.argv[1])), indent=1, ensure_ascii=True) + "\n"
    Path(sys.argv[2]).write_text(text, encoding="utf-8")
