"""Findings as reviewdog's diagnostic lines (rdjsonl)."""

from __future__ import annotations

import json

from tdxwhy.check.judged import Run
from tdxwhy.report.location import spot

_SEVERITIES = {"error": "ERROR", "warning": "WARNING", "info": "INFO"}


def rdjsonl(run: Run) -> str:
    """Return one diagnostic a line."""
    lines = []
    for found in run.findings:
        at = spot(run, found.evidence[0])
        region = {"start": {"line": at.line, "column": at.column}, "end": {"line": at.line, "column": at.end_column}}
        row = {
            "message": found.message,
            "location": {"path": at.path, "range": region},
            "severity": _SEVERITIES[found.severity],
            "source": {"name": "tdxwhy"},
            "code": {"value": found.rule},
        }
        lines.append(json.dumps(row, ensure_ascii=True) + "\n")
    return "".join(lines)
