"""The report of one log as text: its name, what came of initialisation, the incidents, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tdxwhy.explain.logs import JudgedBoot, LogReport
from tdxwhy.report.log_text import heading, losses, render
from tdxwhy.report.terminal import Painter


def shown_boots(found: LogReport, every: bool) -> Sequence[JudgedBoot]:
    """Return the boots to report: the one that decides, or all."""
    return found.boots if every else (found.judged,)


def whole(found: LogReport, every: bool, columns: int, paint: Painter) -> Iterator[str]:
    """Yield the report in pieces: what failed stands first, be it initialisation or what came after it."""
    yield heading(found, paint)
    host = [render(one.diagnosis, one.findings, columns, paint) for one in shown_boots(found, every)]
    later: list[str] = []
    if found.incidents:
        from tdxwhy.report import incident_text

        later = [incident_text.render(incident, columns, paint) for incident in found.incidents]
    yield from (*host, *later) if found.judged.diagnosis.outcome == "failed" else (*later, *host)
    yield losses(found.losses, paint)
