"""Logs as tests of a lab: of each, TDX comes up, and nothing goes wrong after that; as JUnit XML and as TAP.

TAP version 14: https://testanything.org/tap-version-14-specification.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from tdxwhy.check.subjects.outcome import told
from tdxwhy.explain.logs import LogReport
from tdxwhy.explain.wanted import Wanted
from tdxwhy.report.junit import JUnitCase, State, Suite, document
from tdxwhy.report.location import relative
from tdxwhy.report.log_whole import whole
from tdxwhy.report.terminal import Painter, safe

_COLUMNS = 100


def junit(reports: Sequence[LogReport], unread: Sequence[tuple[str, str]], wanted: Wanted) -> str:
    """Return a suite for each log; `unread` are names of inputs, and why each was none."""
    return document(list(suites(reports, unread, wanted)))


def tap(reports: Sequence[LogReport], unread: Sequence[tuple[str, str]], wanted: Wanted) -> str:
    """Return a test point for each test of each log, what failed with its report."""
    points = [(suite.name, case) for suite in suites(reports, unread, wanted) for case in suite.cases]
    lines = ["TAP version 14", f"1..{len(points)}"]
    for number, (name, case) in enumerate(points, 1):
        said = f"{number} - {_escaped(f'{name}: {case.name}')}"
        if case.state == "skipped":
            lines.append(f"ok {said} # SKIP {_escaped(case.message)}")
        elif case.state == "passed":
            lines.append(f"ok {said}")
        else:
            lines += [f"not ok {said}", "  ---", f"  message: {json.dumps(case.message)}", f"  severity: {_SEVERITIES[case.state]}"]
            lines += ["  report: |", *(f"    {line}".rstrip() for row in case.rows for line in row.splitlines())] if case.rows else []
            lines.append("  ...")
    return "\n".join(lines) + "\n"


_SEVERITIES = {"failure": "fail", "error": "error"}


def suites(reports: Iterable[LogReport], unread: Iterable[tuple[str, str]], wanted: Wanted) -> Iterator[Suite]:
    """Yield the tests of each log."""
    for report in reports:
        yield Suite(relative(report.source), tuple(_cases(report, wanted)))
    for name, why in unread:
        yield Suite(relative(name), (JUnitCase("readable", "error", why),))


def _cases(report: LogReport, wanted: Wanted) -> Iterator[JUnitCase]:
    diagnosis = report.judged.diagnosis
    rows = ("".join(whole(report, False, _COLUMNS, Painter(False))),)
    state: State = "passed"
    message = ""
    if wanted.failed(report):
        state, message = "failure", told(diagnosis)
    elif diagnosis.outcome != "initialized":
        state, message = "skipped", told(diagnosis)
    yield JUnitCase("TDX comes up", state, safe(message), rows if state == "failure" else ())
    if wanted.troubled(report):
        yield JUnitCase("nothing else fails", "failure", safe("; ".join(f"{one.stage}: {one.sentence}" for one in report.incidents)), rows)
    elif report.incidents:
        yield JUnitCase("nothing else fails", "skipped", safe(report.incidents[0].sentence))
    else:
        yield JUnitCase("nothing else fails", "passed")


def _escaped(text: str) -> str:
    return safe(text).replace("\\", "\\\\").replace("#", "\\#").replace("\n", " ")
