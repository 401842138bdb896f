"""Findings as markdown, for a pull request, an issue or a step's summary."""

from __future__ import annotations

from tdxwhy.check.judged import Run
from tdxwhy.report.gate_text import summary
from tdxwhy.report.location import spot
from tdxwhy.report.templates import fill


def markdown(run: Run) -> str:
    """Return a table of the findings and what they mean, one section a rule."""
    rules = [rule for rule in run.rules if any(found.rule == rule.id for found in run.findings)]
    groups = [(rule, [(found, spot(run, found.evidence[0])) for found in run.findings if found.rule == rule.id]) for rule in rules]
    notes = [(one.name, note) for one in run.inputs for note in one.notes]
    return fill("gate.md", groups=groups, notes=notes, errors=run.errors, suppressed=run.suppressed, summary=summary(run))
