"""Findings as annotations of a GitHub workflow, the gravest first; equal ones once, and no more than GitHub shows."""

from __future__ import annotations

from tdxwhy.check.judged import Run
from tdxwhy.records import Finding
from tdxwhy.report.location import spot
from tdxwhy.report.terminal import safe

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}
_RANK = {"error": 0, "warning": 1, "info": 2}
# GitHub keeps ten of each kind a step; the rest would vanish without a word.
_KEPT = 10


def github(run: Run) -> str:
    """Return one workflow command a finding, and a notice for those that do not fit."""
    ordered = sorted(run.findings, key=lambda found: _RANK[found.severity])
    counts = dict.fromkeys(_COMMANDS, 0)
    lines: list[str] = []
    seen: set[str] = set()
    left = 0
    for found in ordered:
        line = _command(run, found)
        if line in seen:
            continue
        seen.add(line)
        counts[found.severity] += 1
        room = _KEPT - (found.severity == "info")
        if counts[found.severity] > room:
            left += 1
        else:
            lines.append(line)
    if left:
        lines.append(f"::notice title=tdxwhy::{left} more findings; the whole list is in the report")
    lines.extend(f"::error title=tdxwhy::{_data(error)}" for error in run.errors)
    return "".join(f"{line}\n" for line in lines)


def _command(run: Run, found: Finding) -> str:
    at = spot(run, found.evidence[0])
    fields = {"title": f"{found.rule} {run.rule(found.rule).title}", "file": at.path, "line": str(at.line), "col": str(at.column)}
    fields["endLine"], fields["endColumn"] = str(at.line), str(at.end_column)
    properties = ",".join(f"{name}={_property(value)}" for name, value in fields.items())
    return f"::{_COMMANDS[found.severity]} {properties}::{_data(found.message)}"


def _data(text: str) -> str:
    return safe(text.replace("\r", "")).replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
