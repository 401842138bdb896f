"""Findings as SARIF 2.1.0, with what GitHub's code scanning reads of it: relative addresses, full regions, line hashes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tdxwhy.check.judged import Run
from tdxwhy.check.rules import Rule
from tdxwhy.records import Evidence, Finding
from tdxwhy.report.line_hash import line_hashes
from tdxwhy.report.location import spot
from tdxwhy.version import VERSION

if TYPE_CHECKING:
    from tdxwhy.check.fix import Suggestion

_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_PROBLEMS = {"error": "error", "warning": "warning", "info": "recommendation"}
_TEXT = 1000
_RESULTS = 25_000
_RELATED = 99


def sarif(run: Run) -> str:
    """Return the run as a SARIF log; suppressed findings are left out, as GitHub shows even those as alerts."""
    hashes = _hashes(run, run.findings)
    index = {rule.id: number for number, rule in enumerate(run.rules)}
    suggested = run.suggested()
    results = [_result(run, found, index[found.rule], hashes) | _fix(run, found, suggested) for found in run.findings[:_RESULTS]]
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(run)},
                "automationDetails": {"id": "tdxwhy/"},
                "columnKind": "unicodeCodePoints",
                "invocations": [_invocation(run)],
                "results": results,
            }
        ],
    }
    return json.dumps(log, indent=1, ensure_ascii=True) + "\n"


def _driver(run: Run) -> dict[str, Any]:
    return {
        "name": "tdxwhy",
        "version": VERSION,
        "semanticVersion": VERSION,
        "rules": [_rule(rule) | ({"helpUri": run.page_of(rule.id)} if run.docs_url else {}) for rule in run.rules],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    why, fix, gaps = (" ".join(part.split()) for part in (rule.why, rule.fix, rule.gaps))
    return {
        "id": rule.id,
        "name": rule.title[:255],
        "shortDescription": {"text": rule.title[:_TEXT]},
        "fullDescription": {"text": why[:_TEXT]},
        "help": {
            "text": f"{why}\n\nFix: {fix}\n\nBlind spots: {gaps}\n\nSource: {rule.source}",
            "markdown": f"{why}\n\n**Fix**: {fix}\n\n**Blind spots**: {gaps}\n\n**Source**: {rule.source}",
        },
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["tdx", rule.subject], "precision": rule.precision, "problem.severity": _PROBLEMS[rule.severity]},
    }


def _invocation(run: Run) -> dict[str, Any]:
    """The run was successful if the tool ran, whatever it found."""
    notes = [{"level": "error", "message": {"text": error}} for error in run.errors]
    notes.extend({"level": "warning", "message": {"text": f"{one.name}: {note}"}} for one in run.inputs for note in one.notes)
    return {"executionSuccessful": not run.errors, "toolExecutionNotifications": notes}


def _result(run: Run, found: Finding, index: int, hashes: dict[tuple[str, int], str]) -> dict[str, Any]:
    first = found.evidence[0]
    result: dict[str, Any] = {
        "ruleId": found.rule,
        "ruleIndex": index,
        "level": _LEVELS[found.severity],
        "message": {"text": found.message or found.rule},
        "locations": [_location(run, first)],
        "partialFingerprints": {"tdxwhy/v1": found.fingerprint},
    }
    at = spot(run, first)
    if (first.place.source, at.line) in hashes:
        result["partialFingerprints"]["primaryLocationLineHash"] = hashes[first.place.source, at.line]
    if found.evidence[1:]:
        result["relatedLocations"] = [
            {"id": number, "message": {"text": one.quote or "see here"}, **_location(run, one)}
            for number, one in enumerate(found.evidence[1:][:_RELATED], 1)
        ]
    facts = {name: value for name, value in (("package", found.package), ("cpu", found.cpu)) if value is not None}
    if facts:
        result["properties"] = facts
    return result


def _fix(run: Run, found: Finding, suggested: dict[tuple[str, int], Suggestion]) -> dict[str, Any]:
    """Return the text that is proposed; one takes in all findings of a line, and stands with the first of them."""
    place = found.evidence[0].place
    change = suggested.pop((place.source, place.line or 0), None)
    if change is None:
        return {}
    region = {"startLine": change.first, "startColumn": 1, "endLine": change.last, "endColumn": change.width + 1}
    replacement = {"deletedRegion": region, "insertedContent": {"text": change.text}}
    artifact = {"artifactLocation": {"uri": address(spot(run, found.evidence[0]).path)}, "replacements": [replacement]}
    return {"fixes": [{"description": {"text": "the message with what the code has to say"}, "artifactChanges": [artifact]}]}


def _location(run: Run, evidence: Evidence) -> dict[str, Any]:
    at = spot(run, evidence)
    region: dict[str, Any] = {"startLine": at.line, "startColumn": at.column, "endLine": at.line, "endColumn": at.end_column}
    if at.text:
        region["snippet"] = {"text": at.text}
    return {"physicalLocation": {"artifactLocation": {"uri": address(at.path)}, "region": region}}


def address(path: str) -> str:
    """Return a path as a relative address; one outside the working directory loses its root, as GitHub takes no other."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return "/".join("%2E%2E" if part == ".." else quote(part, safe="+,;=@~!$&'()*") for part in parts) or "stdin"


def _hashes(run: Run, findings: Sequence[Finding]) -> dict[tuple[str, int], str]:
    wanted: dict[str, set[int]] = defaultdict(set)
    for found in findings:
        wanted[found.evidence[0].place.source].add(spot(run, found.evidence[0]).line)
    hashes: dict[tuple[str, int], str] = {}
    for source, lines in wanted.items():
        text = run.text_of(source)
        if text is not None:
            hashes.update({(source, line): value for line, value in line_hashes(text, lines).items()})
    return hashes
