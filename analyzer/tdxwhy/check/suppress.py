"""Suppressions: a mark in the source, a trailer in a patch, a table in the settings. All carry a reason; unused ones are findings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from tdxwhy.check.subjects.nouns import SuppressionSubject
from tdxwhy.config import Suppress
from tdxwhy.noun import NamedTuple
from tdxwhy.records import Evidence, Finding, Place

_MARK = re.compile(r"tdxwhy: (?P<how>ignore|ignore-file)\[(?P<rules>TDX\d{0,3}(?:, ?TDX\d{0,3}){0,19})\][ \t]*(?P<reason>[^*\n]{0,200})")
_TRAILER = re.compile(r"^Tdxwhy-ignore: (?P<rules>TDX\d{0,3}(?:, ?TDX\d{0,3}){0,19})[ \t]+(?P<reason>\S.{0,199})$", re.MULTILINE)
_REACH = 2


class Suppression(NamedTuple):
    """A suppression as it stands: for these rules, on these lines (None: the whole input), for this reason."""

    evidence: Evidence
    rules: tuple[str, ...]
    reason: str
    lines: tuple[int, int] | None

    def covers(self, found: Finding) -> bool:
        """Tell whether a finding of the same input is meant."""
        if not found.rule.startswith(self.rules):
            return False
        line = found.evidence[0].place.line
        return self.lines is None or (line is not None and self.lines[0] <= line <= self.lines[1])


class Suppressed(NamedTuple):
    """A finding that is not shown, where that was decided, and why."""

    finding: Finding
    kind: str
    reason: str


def written(text: str, place: Place) -> tuple[Suppression, ...]:
    """Find the marks in a source or a patch.

    Accepted form: `tdxwhy: ignore[TDX201, TDX2] reason` on the line or up to two lines above, `tdxwhy: ignore-file[TDX201] reason`,
    and the trailer `Tdxwhy-ignore: TDX201 reason`. A mark on a line that a patch removes does not count.
    """
    if "dxwhy" not in text:
        return ()
    marks = []
    for number, line in enumerate(text.split("\n"), 1):
        found = (_MARK.search(line) or _TRAILER.match(line)) if "dxwhy" in line and not line.startswith("-") else None
        if found is None:
            continue
        here = found.re is _MARK and found["how"] == "ignore"
        evidence = Evidence(place._replace(line=number), found[0].strip())
        rules = tuple(one.strip() for one in found["rules"].split(","))
        marks.append(Suppression(evidence, rules, found["reason"].strip(), (number, number + _REACH) if here else None))
    return tuple(marks)


def sort_out(
    findings: Iterable[Finding], marks: Sequence[Suppression], settings: Sequence[Suppress], require_reason: bool = False
) -> tuple[list[Finding], list[Suppressed], list[SuppressionSubject]]:
    """Part findings into those that stand and those that are suppressed, and return the marks with their use."""
    standing: list[Finding] = []
    hidden: list[Suppressed] = []
    used: set[int] = set()
    valid = [mark for mark in marks if mark.reason or not require_reason]
    for found in findings:
        covering = [index for index, mark in enumerate(valid) if mark.covers(found)]
        used.update(covering)
        table = next((one for one in settings if applies(one, found)), None)
        if covering:
            hidden.append(Suppressed(found, "inSource", valid[covering[0]].reason))
        elif table is not None:
            hidden.append(Suppressed(found, "external", table.reason))
        else:
            standing.append(found)
    shown = [SuppressionSubject("suppression", (mark.evidence,), mark.evidence.quote, index in used) for index, mark in enumerate(valid)]
    return standing, hidden, shown


def applies(table: Suppress, found: Finding) -> bool:
    """Tell whether a table of the settings means a finding."""
    source = found.evidence[0].place.source
    return found.rule.startswith(table.rules) and any(fnmatchcase(source, glob) for glob in table.files)
