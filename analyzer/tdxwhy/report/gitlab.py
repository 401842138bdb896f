"""Findings as GitLab's Code Quality report: relative paths, and a fingerprint of its own for each."""

from __future__ import annotations

import json
from collections import Counter

from tdxwhy.check.judged import Run
from tdxwhy.report.location import spot

_SEVERITIES = {"error": "critical", "warning": "minor", "info": "info"}


def gitlab(run: Run) -> str:
    """Return the findings; of equal fingerprints GitLab shows one only, so the second and later ones are counted up."""
    seen: Counter[str] = Counter()
    rows = []
    for found in run.findings:
        at = spot(run, found.evidence[0])
        key = f"{at.path}:{found.fingerprint}"
        seen[key] += 1
        rows.append(
            {
                "description": found.message,
                "check_name": found.rule,
                "fingerprint": f"{key}:{seen[key]}",
                "severity": _SEVERITIES[found.severity],
                "location": {"path": at.path, "lines": {"begin": at.line}},
            }
        )
    return json.dumps(rows, indent=1, ensure_ascii=True) + "\n"
