"""An examination as markdown, for an issue or a support case."""

from __future__ import annotations

from tdxwhy.ready.examine import Examination, checklist
from tdxwhy.report.ready_text import heading
from tdxwhy.report.templates import fill


def page(found: Examination) -> str:
    """Return the page."""
    wrong = [one for one in found.answers if one.status in ("impossible", "error", "warning")]
    seen = found.foresight.simulation if found.foresight is not None and found.foresight.simulation.failures else None
    return fill(
        "ready.md",
        sentence=f"{found.sentence[:1].upper()}{found.sentence[1:]}.",
        heading=heading(found),
        wrong=wrong,
        rest=[one for one in found.answers if one not in wrong],
        firmware=checklist() if any(one.checklist for one in wrong) else (),
        path=found.path,
        lines=[line.text for line in seen.lines] if seen is not None else [],
    )
