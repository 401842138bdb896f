"""Diagnoses as JSON: the contract tdxwhy/log/1, described by `reports/schema/log.schema.json`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tdxwhy.explain.follow import BootReport
from tdxwhy.explain.logs import LogReport
from tdxwhy.explain.nouns import Diagnosis, Seamcall
from tdxwhy.records import QUOTE, Event, Evidence, Finding, Topology
from tdxwhy.report.json_text import json_text

if TYPE_CHECKING:
    from tdxwhy.incident.nouns import FailedCall, Incident

SCHEMA = "tdxwhy/log/1"
FOLLOW_SCHEMA = "tdxwhy/follow/1"


def document(logs: Sequence[dict[str, Any]]) -> str:
    """Return the document of all logs, as indented JSON with a newline at its end."""
    return json_text({"schema": SCHEMA, "logs": logs}, 1)


def of_log(report: LogReport) -> dict[str, Any]:
    """Return one log: its decisive boot's diagnosis, then every boot in brief, and what could not be read."""
    return {
        **_diagnosis(report.judged.diagnosis),
        "incidents": [_incident(incident) for incident in report.incidents],
        "findings": [_finding(finding) for finding in report.judged.findings],
        "boots": [_brief(one.diagnosis) for one in report.boots],
        "losses": [{"what": loss.what, "pieces": loss.pieces, "line": loss.place.line} for loss in report.losses],
    }


def live(told: BootReport) -> dict[str, Any]:
    """Return one line of `log --follow`: the diagnosis as it stands, and whose boot it is."""
    return {
        "schema": FOLLOW_SCHEMA,
        "host": told.host,
        "boot_id": told.diagnosis.boot_id,
        "severity": told.severity,
        "message": told.message,
        **_diagnosis(told.diagnosis),
        "incidents": [_incident(incident) for incident in told.incidents],
        "findings": [_finding(finding) for finding in told.findings],
    }


def _brief(boot: Diagnosis) -> dict[str, Any]:
    return {"boot_id": boot.boot_id, "kernel": boot.kernel, "role": boot.role, "outcome": boot.outcome, "steps": list(boot.steps)}


def _diagnosis(diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "source": diagnosis.source,
        "role": diagnosis.role,
        "outcome": diagnosis.outcome,
        "reason": diagnosis.reason,
        "steps": list(diagnosis.steps),
        "seamcall": _seamcall(diagnosis),
        "causes": [cause.id for cause in diagnosis.causes],
        "packages": list(diagnosis.packages),
        "cpus": list(diagnosis.cpus),
        "sentence": diagnosis.sentence,
        "why": [
            {"cause": cause.id, "title": cause.title, "why": cause.why, "evidence": _quotes(cause.evidence)} for cause in diagnosis.causes
        ],
        "actions": [{"text": action.text, "command": action.command or None} for action in diagnosis.actions],
        "settles": list(diagnosis.settles),
        "notes": [{"text": note.text, "evidence": _quotes(note.evidence)} for note in diagnosis.notes],
        "evidence": _quotes(diagnosis.evidence),
        "reached": list(diagnosis.reached),
        "generation": diagnosis.generation,
        "kernel": diagnosis.kernel,
        "module": diagnosis.module,
        "topology": _topology(diagnosis.topology),
        "unrecognised": [_unrecognised(event) for event in diagnosis.events if event.form is None],
    }


def _seamcall(diagnosis: Diagnosis) -> dict[str, Any] | None:
    found = _failed_call(diagnosis.seamcall)
    return None if found is None or diagnosis.seamcall is None else {**found, "cpu": diagnosis.seamcall.cpu}


def _incident(incident: Incident) -> dict[str, Any]:
    return {
        "stage": incident.stage,
        "component": incident.component,
        "evidence": [
            {**quote, "source": one.place.source} for quote, one in zip(_quotes(incident.evidence), incident.evidence, strict=True)
        ],
        "seamcall": _failed_call(incident.seamcall),
        "calls": [_failed_call(call) for call in incident.calls],
        "errno": incident.errno,
        "causes": list(incident.causes),
        "packages": list(incident.packages),
        "cpus": list(incident.cpus),
        "keyids": list(incident.keyids),
        "module_usable": incident.module_usable,
        "sentence": incident.sentence,
        "actions": [{"text": step.text, "command": step.command or None} for step in incident.actions],
        "settles": list(incident.settles),
        "count": incident.times,
        "first": incident.first,
        "last": incident.last,
        "vms": list(incident.vms),
    }


def _failed_call(call: FailedCall | Seamcall | None) -> dict[str, Any] | None:
    if call is None:
        return None
    return {
        "leaf": call.leaf,
        "name": call.name,
        "status": None if call.status is None else f"0x{call.status:016x}",
        "status_name": call.status_name,
        "detail": call.detail or None,
    }


def _topology(topology: Topology) -> dict[str, Any]:
    return {
        "packages": topology.package_count,
        "cpus": topology.cpu_count,
        "online": topology.online_count,
        "incomplete": [
            {"package": package.id, "known": package.known, "cpus": list(package.cpus), "online": list(package.online)}
            for package in topology.packages
            if len(package.online) < len(package.cpus)
        ],
    }


def _unrecognised(event: Event) -> dict[str, Any]:
    return {
        "line": event.record.place.line,
        "text": event.record.text[:QUOTE],
        "nearest": event.nearest.format if event.nearest is not None else None,
        "values": {key: value for key, value in event.values.items() if isinstance(value, (int, str))},
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "message": finding.message,
        "evidence": _quotes(finding.evidence),
        "fingerprint": finding.fingerprint,
    }


def _quotes(evidence: Sequence[Evidence]) -> list[dict[str, Any]]:
    return [{"line": one.place.line, "quote": one.quote} for one in evidence]
