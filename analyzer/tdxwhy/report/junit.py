"""Findings as JUnit XML: a test case for every rule and input, passed ones too, so that dashboards count them."""

from __future__ import annotations

from collections import defaultdict
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from tdxwhy.check.judged import Judged, Run
from tdxwhy.check.rules import Rule
from tdxwhy.records import Finding
from tdxwhy.report.location import relative, spot
from tdxwhy.report.terminal import safe

# Which rules an input of a sort is tried by: the folder of a rule shows in the first digit of its id.
_DIGITS = {"log": ("1", "4"), "patch": ("0", "2"), "c": ("0", "2"), "mails": ("0", "2", "3")}


def junit(run: Run) -> str:
    """Return the run as one suite an input."""
    found: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for one in run.findings:
        found[one.evidence[0].place.source, one.rule].append(one)
    suites = Element("testsuites", name="tdxwhy")
    totals = [0, 0, 0, 0]
    for judged in run.inputs:
        counts = _suite(suites, run, judged, found)
        totals = [total + count for total, count in zip(totals, counts, strict=True)]
    if run.errors:
        suite = SubElement(
            suites, "testsuite", name="inputs", tests=str(len(run.errors)), failures="0", errors=str(len(run.errors)), skipped="0"
        )
        for error in run.errors:
            case = SubElement(suite, "testcase", name="readable", classname=_clean(error.split(":")[0]))
            SubElement(case, "error", message=_clean(error), type="unreadable")
        totals[0], totals[2] = totals[0] + len(run.errors), totals[2] + len(run.errors)
    for name, total in zip(("tests", "failures", "errors", "skipped"), totals, strict=True):
        suites.set(name, str(total))
    indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suites, encoding="unicode") + "\n"


def _suite(suites: Element, run: Run, judged: Judged, found: dict[tuple[str, str], list[Finding]]) -> tuple[int, int, int, int]:
    name = _clean(relative(judged.name))
    suite = SubElement(suites, "testsuite", name=name)
    if not judged.judged:
        case = SubElement(suite, "testcase", name="judged", classname=name)
        SubElement(case, "skipped", message=_clean("; ".join(judged.notes) or "nothing to judge"))
        counts = (1, 0, 0, 1)
    else:
        failures = sum(_case(suite, run, judged, rule, found.get((judged.name, rule.id), [])) for rule in _tried(run, judged))
        counts = (len(_tried(run, judged)), failures, 0, 0)
    for key, count in zip(("tests", "failures", "errors", "skipped"), counts, strict=True):
        suite.set(key, str(count))
    return counts


def _tried(run: Run, judged: Judged) -> list[Rule]:
    digits = _DIGITS.get(judged.sort, ())
    present = {one.rule for one in judged.findings}
    return [rule for rule in run.rules if rule.id[3] in digits or rule.id in present]


def _case(suite: Element, run: Run, judged: Judged, rule: Rule, findings: list[Finding]) -> bool:
    case = SubElement(suite, "testcase", name=f"{rule.id} {_clean(rule.title)}", classname=_clean(relative(judged.name)))
    if not findings:
        return False
    properties = SubElement(case, "properties")
    SubElement(properties, "property", name="severity", value=rule.severity)
    rows = [f"{spot(run, one.evidence[0]).path}:{spot(run, one.evidence[0]).line}: {one.message}" for one in findings]
    failure = SubElement(case, "failure", message=_clean(findings[0].message), type=rule.severity)
    failure.text = "\n".join(_clean(row) for row in rows)
    return True


def _clean(text: str) -> str:
    """Return text that XML can carry."""
    return "".join(character for character in safe(text) if character not in "\ufffe\uffff")
