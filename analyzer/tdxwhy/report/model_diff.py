"""What changes between two kernels as text for a terminal, as JSON, as markdown or as a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tdxwhy.extract.difference import CaseChange, Difference, FailingCase, LineChange
from tdxwhy.report.json_text import json_text
from tdxwhy.report.terminal import Painter, safe

_MARKS = {"new": "+", "gone": "-", "reworded": "~", "level": "~", "lines": "~", "errno": "~", "names": "~"}
_MOODS = {"new": "good", "gone": "bad"}
_NOTHING = "Nothing changes that users can see."


def as_text(found: Difference, paint: Painter) -> str:
    """Write a difference for a terminal."""
    parts = [paint("strong", f"{safe(found.before)} -> {safe(found.after)}: what changes for users")]
    if found.is_empty:
        return f"{parts[0]}\n\n{_NOTHING}\n"
    parts += _section("", [f"* {safe(each)}" for each in found.points], paint)
    parts += _section("Lines", [_mark(each.kind, paint) + safe(line_text(each)) for each in found.lines], paint)
    moved = (
        f"{each.operation}: {each.step}: after {each.after or 'nothing'}, before it was after {each.before or 'nothing'}"
        for each in found.moves
    )
    parts += _section("Steps that come elsewhere", [f"  {safe(each)}" for each in moved], paint)
    parts += _section("What names package or CPU", [f"  {safe(each)}" for each in naming(found)], paint)
    parts += _section(
        "Failing cases", [_mark(each.kind, paint) + text for each in found.cases for text in [case_text(each)] if text], paint
    )
    return "\n".join(parts) + f"\n\n{summary(found)}\n"


def _section(title: str, rows: list[str], paint: Painter) -> list[str]:
    if not rows:
        return []
    return ["", *([paint("strong", title)] if title else []), *rows]


def _mark(kind: str, paint: Painter) -> str:
    return paint(_MOODS.get(kind, "unsure"), f"{_MARKS[kind]} ") if kind in _MARKS else "  "


def line_text(change: LineChange) -> str:
    """Say what becomes of a line."""
    if change.kind == "reworded":
        return f'{change.level_before:7} "{change.before}" is now {_level(change)}"{change.after}"'
    if change.kind == "level":
        return f'{change.level_before:7} "{change.before}" is now {change.level_after}'
    return f"{change.level_after or change.level_before:7} {change.after or change.before}"


def _level(change: LineChange) -> str:
    return "" if change.level_before == change.level_after else f"{change.level_after} "


def case_text(change: CaseChange) -> str:
    """Say what becomes of a failing case; "" where it only says the same in other words."""
    if change.kind == "reworded":
        return ""
    head = f"{change.operation}: {change.step}" + (f": {change.reason}" if change.reason != change.step else "")
    if change.before is None or change.after is None:
        return safe(f"{head}: {_shown(change.after or change.before)}")
    return safe(f"{head}: {_shown(change.before)} -> {_shown(change.after)}")


def _shown(case: FailingCase | None) -> str:
    if case is None:
        return "nothing"
    lines = ", ".join(f'"{line}"' for line in case.lines) or "no line"
    return f"{lines}, {case.errno_name if case.errno else 'returns 0'}"


def naming(found: Difference) -> Iterator[str]:
    """Yield the cases that name package or CPU now and did not, and those that no longer do."""
    for change in found.cases:
        if change.before is None or change.after is None:
            continue
        for word, was, now in (("package", change.before.package, change.after.package), ("CPU", change.before.cpu, change.after.cpu)):
            if was != now:
                yield f"{change.operation}: {change.step}: {change.reason}: {'now names' if now else 'no longer names'} the {word}"


def summary(found: Difference) -> str:
    """Count what changes."""
    counts = {kind: sum(each.kind == kind for each in found.lines) for kind in ("new", "gone", "reworded", "level")}
    words = {"new": "new", "gone": "gone", "reworded": "reworded", "level": "with another level"}
    lines = ", ".join(f"{number} {words[kind]}" for kind, number in counts.items() if number) or "none"
    reworded = sum(each.kind == "reworded" for each in found.cases)
    told = sum(each.kind != "reworded" for each in found.cases)
    return f"Lines: {lines}. Failing cases: {told} changed, {reworded} only reworded. Steps moved: {len(found.moves)}."


def as_json(found: Difference) -> str:
    """Write a difference as JSON, schema tdxwhy/model-diff/1."""
    value = {
        "schema": "tdxwhy/model-diff/1",
        "before": found.before,
        "after": found.after,
        "points": list(found.points),
        "lines": [each._asdict() for each in found.lines],
        "moves": [each._asdict() for each in found.moves],
        "cases": [_case_change(each) for each in found.cases],
    }
    return json_text(value, 2)


def _case_change(change: CaseChange) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "operation": change.operation,
        "step": change.step,
        "reason": change.reason,
        "before": _case(change.before),
        "after": _case(change.after),
    }


def _case(case: FailingCase | None) -> dict[str, Any] | None:
    if case is None:
        return None
    name = case.errno_name if case.errno else None
    return {"lines": list(case.lines), "errno": case.errno, "errno_name": name, "names_package": case.package, "names_cpu": case.cpu}


def as_page(found: Difference, template: str) -> str:
    """Write a difference as a page or as markdown, through `reports/templates`."""
    from tdxwhy.report.templates import fill

    cases = [{"kind": each.kind, "text": text} for each in found.cases for text in [case_text(each)] if text]
    lines = [{"kind": each.kind, "text": line_text(each)} for each in found.lines]
    return fill(template, found=found, lines=lines, cases=cases, naming=list(naming(found)), summary=summary(found), nothing=_NOTHING)
