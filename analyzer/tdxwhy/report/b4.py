"""Findings for b4's external checks (review-perpatch-check-cmd): a JSON array, one entry a run, empty where nothing was judged."""

from __future__ import annotations

import json

from tdxwhy.check.judged import Run
from tdxwhy.ranges import counted
from tdxwhy.report.location import spot


def b4(run: Run) -> str:
    """Return the result as b4 reads it: pass, warn or fail, a summary, and the findings as details."""
    if run.errors:
        return ""
    if not any(one.judged for one in run.inputs):
        return "[]\n"
    severities = {found.severity for found in run.findings}
    status = "fail" if "error" in severities else "warn" if severities else "pass"
    details = [f"{spot(run, one.evidence[0]).line}: {one.severity} {one.rule} {one.message}" for one in run.findings]
    summary = counted(len(run.findings), "finding") if run.findings else "no findings"
    row = {"tool": "tdxwhy", "status": status, "summary": summary, "details": "\n".join(details)}
    return json.dumps([row], ensure_ascii=True) + "\n"
