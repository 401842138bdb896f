"""The formats in which `tdxwhy log` reports, by name; each is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from tdxwhy.explain.logs import LogReport
from tdxwhy.explain.wanted import Wanted
from tdxwhy.noun import NamedTuple

PAGES = {"html": "log.html", "markdown": "log.md"}
TESTS = ("junit", "tap")
FINDINGS = ("sarif", "github")
FORMATS = ("text", "json", *PAGES, *TESTS, *FINDINGS)


class Reported(NamedTuple):
    """What there is to report: the logs, the names of inputs that were none with the reason, what is wanted, and whether of every boot."""

    reports: Sequence[LogReport]
    unread: Sequence[tuple[str, str]] = ()
    wanted: Wanted = Wanted()
    every: bool = False


def render(told: Reported, name: str) -> str:
    """Return the reports in one of the formats that no terminal shapes."""
    if name in PAGES:
        return _page(told, PAGES[name])
    if name in TESTS:
        from tdxwhy.report import log_tests

        return (log_tests.junit if name == "junit" else log_tests.tap)(told.reports, told.unread, told.wanted)
    if name in FINDINGS:
        from tdxwhy.check.logs import run_of
        from tdxwhy.report.gate_formats import render as rendered
        from tdxwhy.report.terminal import Painter

        return rendered(run_of(told.reports, [why for _, why in told.unread], told.wanted), name, Painter(False))
    from tdxwhy.report.log_json import document, of_log

    return document([of_log(found) for found in told.reports])


def _page(told: Reported, template: str) -> str:
    from tdxwhy.report.log_page import BootPage, page
    from tdxwhy.report.log_whole import shown_boots

    shown = [
        BootPage(one, found.losses, found.incidents if one is found.judged else ())
        for found in told.reports
        for one in shown_boots(found, told.every)
    ]
    return page(shown, template)
