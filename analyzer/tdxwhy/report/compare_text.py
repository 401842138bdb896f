"""A comparison of two boots as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tdxwhy.explain.compare import Comparison
from tdxwhy.records import Evidence
from tdxwhy.report.terminal import safe


def render(found: Comparison) -> str:
    """Return the first difference, then what else changed."""
    return "".join(f"{line}\n" for line in _lines(found))


def _lines(found: Comparison) -> Iterator[str]:
    yield f"good: {safe(found.good.source)}: {found.good.outcome}"
    yield f"bad:  {safe(found.bad.source)}: {safe(found.bad.reason)}"
    if not found.order:
        yield f"note: a good boot comes up and a bad one does not; these are {found.good.outcome} and {found.bad.outcome}"
    yield f"first different step: {found.step}" if found.step else "no step differs"
    for side, line in zip(("good", "bad"), found.lines, strict=True):
        if line is not None:
            yield f"  {side + ':':5} line {line.place.line}: {safe(line.quote)}"
    yield "what else changed:" if found.changes else "nothing else that both logs show changed"
    for change in found.changes:
        good, bad = change.good or "not there", change.bad or "not there"
        yield f"  {change.what}: {safe(good)} -> {safe(bad)}"


def as_json(found: Comparison) -> dict[str, Any]:
    """Return the comparison for machines."""
    sides = {
        name: {"source": one.source, "outcome": one.outcome, "steps": list(one.steps), "causes": [cause.id for cause in one.causes]}
        for name, one in (("good", found.good), ("bad", found.bad))
    }
    lines = {name: _quote(line) for name, line in zip(("good", "bad"), found.lines, strict=True)}
    changes = [change._asdict() for change in found.changes]
    return {"schema": "tdxwhy/compare/1", **sides, "step": found.step, "lines": lines, "changes": changes, "in_order": found.order}


def _quote(line: Evidence | None) -> dict[str, Any] | None:
    return None if line is None else {"line": line.place.line, "text": line.quote}
