"""Findings as reviewdog's diagnostic lines (rdjsonl)."""

from __future__ import annotations

import json
from typing import Any

from tdxwhy.check.judged import Run
from tdxwhy.report.location import spot

_SEVERITIES = {"error": "ERROR", "warning": "WARNING", "info": "INFO"}


def rdjsonl(run: Run) -> str:
    """Return one diagnostic a line; for C files with the text that is proposed instead."""
    lines = []
    suggested = run.suggested()
    for found in run.findings:
        at = spot(run, found.evidence[0])
        region = {"start": {"line": at.line, "column": at.column}, "end": {"line": at.line, "column": at.end_column}}
        page = run.page_of(found.rule)
        row: dict[str, Any] = {
            "message": found.message,
            "location": {"path": at.path, "range": region},
            "severity": _SEVERITIES[found.severity],
            "source": {"name": "tdxwhy"},
            "code": {"value": found.rule, **({"url": page} if page else {})},
        }
        # One text takes in all findings of a line, and stands with the first of them.
        change = suggested.pop((found.evidence[0].place.source, at.line), None)
        if change is not None:
            whole = {"start": {"line": change.first, "column": 1}, "end": {"line": change.last, "column": change.width + 1}}
            row["suggestions"] = [{"range": whole, "text": change.text}]
        lines.append(json.dumps(row, ensure_ascii=True) + "\n")
    return "".join(lines)
