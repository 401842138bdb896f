"""Incidents as text for a terminal: the sentence, what to do, what is open, whom it concerns, and what carries it."""

from __future__ import annotations

from collections.abc import Iterator

from tdxwhy.incident.nouns import FailedCall, Incident
from tdxwhy.ranges import counted, ranges
from tdxwhy.report.log_text import quoted, unbroken, wrap
from tdxwhy.report.terminal import Painter, safe

_LABEL = 12


def render(incident: Incident, columns: int, paint: Painter) -> str:
    """Return one incident, lines of at most `columns` columns but for quoted lines and commands."""
    lines = [paint("bad", line) for line in wrap(safe(_headline(incident)), columns, "  ")]
    for label, blocks in _sections(incident, max(columns - _LABEL - 2, 30)):
        for index, block in enumerate(blocks):
            head = paint("quiet", f"{label:<{_LABEL}}") if index == 0 else " " * _LABEL
            lines.append(f"  {head}{block}")
    return "\n".join(lines) + "\n"


def _headline(incident: Incident) -> str:
    return f"{incident.stage}: {incident.sentence}."


def _sections(incident: Incident, columns: int) -> Iterator[tuple[str, list[str]]]:
    yield "next", [line for step in incident.actions for line in _step(step.text, step.command, columns)]
    yield "open", [line for text in incident.settles for line in unbroken(text, columns)]
    yield "causes" if len(incident.causes) > 1 else "cause", wrap(", ".join(incident.causes), columns, "  ")
    yield "status", [line for call in incident.calls for line in wrap(safe(call_line(call)), columns, "  ")]
    yield "concerns", wrap(concerned(incident), columns, "  ")
    yield "module", [_usable(incident.module_usable)] if incident.module_usable is not None else []
    yield "seen", wrap(safe(_seen(incident)), columns, "  ")
    sources = {evidence.place.source for evidence in incident.evidence}
    lead = "{}: " if len(sources) > 1 else ""
    yield "evidence", [safe(lead.format(evidence.place.source)) + quoted(evidence) for evidence in incident.evidence]


def _step(text: str, command: str, columns: int) -> list[str]:
    return [*wrap(safe(text), columns, "  "), *([f"  $ {safe(command)}"] if command else [])]


def call_line(call: FailedCall) -> str:
    """Return a failed SEAMCALL in one line, such as "TDH.MNG.CREATE: 0x8000020000000002 TDX_OPERAND_BUSY, operand 2 RDX"."""
    status = f"0x{call.status:016x}" if call.status is not None else ""
    return f"{call.name}: {' '.join(filter(None, (status, call.status_name)))}" + (f", {call.detail}" if call.detail else "")


def concerned(incident: Incident) -> str:
    """Return the packages, CPUs, KeyIDs and VMs that an incident names."""
    parts = [
        f"{name}{'s' if len(numbers) > 1 else ''} {ranges(numbers)}"
        for name, numbers in (("package", incident.packages), ("CPU", incident.cpus), ("KeyID", incident.keyids))
        if numbers
    ]
    return safe("; ".join([*parts, *([", ".join(incident.vms)] if incident.vms else [])]))


def _usable(usable: bool) -> str:
    return "TDs can still be created" if usable else "no TD can be created until reboot"


def _seen(incident: Incident) -> str:
    if incident.times < 2:
        return ""
    return f"{counted(incident.times, 'time')}, lines {incident.first} to {incident.last}"
