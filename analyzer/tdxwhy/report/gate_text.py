"""Findings as text: one line each, in full with an excerpt, or terse like checkpatch."""

from __future__ import annotations

from collections import Counter

from tdxwhy.check.judged import CaseChangeSeen, Judged, Run
from tdxwhy.ranges import counted
from tdxwhy.records import Finding
from tdxwhy.report.location import excerpt, spot
from tdxwhy.report.terminal import Painter, safe

_PAINT = {"error": "bad", "warning": "unsure", "info": "quiet"}
_TYPES = {"error": "ERROR", "warning": "WARNING", "info": "CHECK"}


def text(run: Run, paint: Painter, closing: bool = True) -> str:
    """Return `path:line:column: severity TDXnnn message`, one line a finding."""
    lines = []
    for found in run.findings:
        at = spot(run, found.evidence[0])
        label = paint(_PAINT[found.severity], f"{found.severity} {found.rule}")
        lines.append(f"{safe(at.path)}:{at.line}:{at.column}: {label} {_message(found)}")
    return _ended(lines, run, closing)


def full(run: Run, paint: Painter, closing: bool = True) -> str:
    """Return each finding with its line, a caret, the other lines that carry it, and how to mend it."""
    blocks = []
    for found in run.findings:
        at = spot(run, found.evidence[0])
        rule = run.rule(found.rule)
        head = f"{paint(_PAINT[found.severity], f'{found.severity} {found.rule}')} {paint('strong', safe(rule.title))}"
        rows = [head, f"  --> {safe(at.path)}:{at.line}:{at.column}", *(f"  {safe(row)}" for row in excerpt(at))]
        rows.extend(f"  also: {_also(run, found, index)}" for index in range(1, len(found.evidence)))
        rows.append(f"  {_message(found)}")
        rows.append(f"  fix: {safe(' '.join(rule.fix.split()))}")
        blocks.append("\n".join(rows) + "\n")
    blocks.extend(_users(one) for one in run.inputs if one.seen)
    return _ended(blocks, run, closing)


def _users(one: Judged) -> str:
    """Say what users see in each failing case that a patch changes, one line each."""
    rows = [f"what users see after {safe(one.name)}:"]
    for seen in one.seen:
        sides = [f"{side}: {_lines(lines, errno)}" for side, lines, errno in _sides(seen) if lines is not None]
        rows.append(f"  {seen.change}: {safe(seen.step)}, {safe(seen.reason)}: {' / '.join(sides)}")
    return "\n".join(rows) + "\n"


def _sides(seen: CaseChangeSeen) -> tuple[tuple[str, tuple[str, ...] | None, str | None], ...]:
    return ("before", seen.before, seen.errno_before), ("after", seen.after, seen.errno_after)


def _lines(lines: tuple[str, ...], errno: str | None) -> str:
    shown = " | ".join(f'"{safe(line)}"' for line in lines) or "nothing"
    return f"{shown} ({errno or 'no errno'})"


def terse(run: Run, _paint: Painter, closing: bool = True) -> str:
    """Return lines like those of `checkpatch.pl --terse --show-types`."""
    lines = []
    for found in run.findings:
        at = spot(run, found.evidence[0])
        lines.append(f"{safe(at.path)}:{at.line}: {_TYPES[found.severity]}:{found.rule}: {_message(found)}")
    if run.findings and closing:
        counts = Counter(found.severity for found in run.findings)
        judged = sum(one.judged for one in run.inputs)
        lines.append(f"total: {counts['error']} errors, {counts['warning']} warnings, {counts['info']} checks, {judged} inputs judged")
    return "".join(f"{line}\n" for line in lines)


def summary(run: Run) -> str:
    """Return the last line: how many findings, how many hidden, and how much could be judged."""
    judged = sum(one.judged for one in run.inputs)
    parts = [counted(len(run.findings), "finding") if run.findings else "no findings" if judged else "nothing to judge"]
    if run.suppressed:
        parts.append(f"{len(run.suppressed)} suppressed")
    if run.stale:
        parts.append(f"{len(run.stale)} stale in the baseline")
    left = len(run.inputs) - judged
    inputs = f"{counted(judged, 'input')} judged" + (f", {left} with nothing to judge" if left else "")
    return f"{', '.join(parts)}; {inputs}"


def _message(found: Finding) -> str:
    return safe(found.message).replace("\n", " ")


def _also(run: Run, found: Finding, index: int) -> str:
    at = spot(run, found.evidence[index])
    return f"{safe(at.path)}:{at.line}: {safe(found.evidence[index].quote)}"


def _ended(parts: list[str], run: Run, closing: bool) -> str:
    return "".join(f"{part}\n" for part in (*parts, *([summary(run)] if closing else [])))
