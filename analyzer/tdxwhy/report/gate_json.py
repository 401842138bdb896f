"""Findings as JSON: one document, or one line a finding. The contract is `reports/schema/gate.schema.json`."""

from __future__ import annotations

import json
from typing import Any

from tdxwhy.check.judged import Run
from tdxwhy.records import Evidence, Finding
from tdxwhy.report.location import spot

SCHEMA = "tdxwhy/gate/1"


def document(run: Run) -> str:
    """Return the whole run as one JSON document."""
    whole = {
        "schema": SCHEMA,
        "findings": [row(run, found) for found in run.findings],
        "suppressed": [{**row(run, one.finding), "suppression": {"kind": one.kind, "reason": one.reason}} for one in run.suppressed],
        "stale": [entry._asdict() for entry in run.stale],
        "inputs": [
            {
                "source": one.name,
                "kind": one.sort,
                "judged": one.judged,
                "outcome": one.outcome,
                "notes": list(one.notes),
                "seen": [seen._asdict() for seen in one.seen],
            }
            for one in run.inputs
        ],
        "errors": list(run.errors),
    }
    return json.dumps(whole, indent=1, ensure_ascii=True) + "\n"


def lines(run: Run) -> str:
    """Return one JSON object a line for each finding; nothing for none."""
    return "".join(json.dumps({"schema": SCHEMA, **row(run, found)}, ensure_ascii=True) + "\n" for found in run.findings)


def row(run: Run, found: Finding) -> dict[str, Any]:
    """Return one finding with its places."""
    rule = run.rule(found.rule)
    return {
        "rule": found.rule,
        "title": rule.title,
        "severity": found.severity,
        "precision": rule.precision,
        "message": found.message,
        "fix": " ".join(rule.fix.split()),
        "package": found.package,
        "cpu": found.cpu,
        "fingerprint": found.fingerprint,
        "evidence": [_evidence(run, one) for one in found.evidence],
    }


def _evidence(run: Run, evidence: Evidence) -> dict[str, Any]:
    at = spot(run, evidence)
    return {
        "source": at.path,
        "line": at.line if at.known else None,
        "column": at.column,
        "end_column": at.end_column,
        "message_id": evidence.place.message_id,
        "quote": evidence.quote,
    }
