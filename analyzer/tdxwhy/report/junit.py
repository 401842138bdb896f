"""JUnit XML: suites of cases; of a run of the gate a case for every rule and input, passed ones too, so that dashboards count them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from tdxwhy.check.judged import Judged, Run
from tdxwhy.check.rules import Rule
from tdxwhy.noun import NamedTuple
from tdxwhy.records import Finding
from tdxwhy.report.location import relative, spot
from tdxwhy.report.terminal import safe

# Which rules an input of a sort is tried by: the folder of a rule shows in the first digit of its id.
_DIGITS = {"log": ("1", "4", "5"), "patch": ("0", "2"), "c": ("0", "2"), "mails": ("0", "2", "3")}
State = Literal["passed", "failure", "error", "skipped"]
_COUNTS = {"failures": "failure", "errors": "error", "skipped": "skipped"}


class JUnitCase(NamedTuple):
    """A test: what came of it, why in one line, and all that is to be said of it."""

    name: str
    state: State
    message: str = ""
    rows: tuple[str, ...] = ()
    kind: str = ""


class Suite(NamedTuple):
    """The tests of one input."""

    name: str
    cases: tuple[JUnitCase, ...]


def document(suites: Sequence[Suite]) -> str:
    """Return the suites as XML that every character of which XML can carry."""
    root = Element("testsuites", name="tdxwhy")
    for suite in suites:
        made = SubElement(root, "testsuite", name=_clean(suite.name))
        for case in suite.cases:
            _add(made, suite.name, case)
        _count(made, suite.cases)
    _count(root, [case for suite in suites for case in suite.cases])
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _count(element: Element, cases: Sequence[JUnitCase]) -> None:
    element.set("tests", str(len(cases)))
    for name, state in _COUNTS.items():
        element.set(name, str(sum(case.state == state for case in cases)))


def _add(suite: Element, name: str, case: JUnitCase) -> None:
    made = SubElement(suite, "testcase", name=_clean(case.name), classname=_clean(name))
    if case.state == "passed":
        return
    if case.kind and case.state == "failure":
        SubElement(SubElement(made, "properties"), "property", name="severity", value=case.kind)
    told = SubElement(made, case.state, message=_clean(case.message))
    if case.kind:
        told.set("type", case.kind)
    if case.rows:
        told.text = "\n".join(_clean(row) for row in case.rows)


def junit(run: Run) -> str:
    """Return a run of the gate as one suite an input."""
    found: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for one in run.findings:
        found[one.evidence[0].place.source, one.rule].append(one)
    suites = [Suite(relative(judged.name), tuple(_cases(run, judged, found))) for judged in run.inputs]
    suites += [Suite(error.split(":")[0], (JUnitCase("readable", "error", error, kind="unreadable"),)) for error in run.errors]
    return document(suites)


def _cases(run: Run, judged: Judged, found: dict[tuple[str, str], list[Finding]]) -> Iterator[JUnitCase]:
    if not judged.judged:
        yield JUnitCase("judged", "skipped", "; ".join(judged.notes) or "nothing to judge")
        return
    for rule in _tried(run, judged):
        findings = found.get((judged.name, rule.id), [])
        name = f"{rule.id} {rule.title}"
        rows = tuple(f"{at.path}:{at.line}: {one.message}" for one in findings for at in [spot(run, one.evidence[0])])
        yield JUnitCase(name, "failure", findings[0].message, rows, rule.severity) if findings else JUnitCase(name, "passed")


def _tried(run: Run, judged: Judged) -> list[Rule]:
    digits = _DIGITS.get(judged.sort, ())
    present = {one.rule for one in judged.findings}
    return [rule for rule in run.rules if rule.id[3] in digits or rule.id in present]


def _clean(text: str) -> str:
    """Return text that XML can carry."""
    return "".join(character for character in safe(text) if character not in "\ufffe\uffff")
