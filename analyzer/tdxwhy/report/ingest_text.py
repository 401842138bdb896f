"""The summary of an ingest: what came in, and what could not be read and why."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tdxwhy.fleet.ingest import Summary
from tdxwhy.report.terminal import safe

_SHOWN = 20


def as_json(summary: Summary) -> str:
    """Return the summary as one JSON object."""
    document = {"schema": "tdxwhy/ingest/1", **summary._asdict()}
    document["unread"] = [one._asdict() for one in summary.unread]
    document["losses"] = [{"what": what, "pieces": pieces, "first": first} for what, pieces, first in summary.losses]
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def as_text(summary: Summary) -> str:
    """Return the summary for people."""
    return "".join(f"{line}\n" for line in _lines(summary))


def _lines(summary: Summary) -> Iterator[str]:
    known = f", {summary.known} known before" if summary.known else ""
    yield f"{summary.sources} sources read ({summary.size / 1e6:.1f} MB){known}"
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in summary.outcomes.items())
    yield f"{summary.boots} boots" + (f": {outcomes}" if outcomes else "")
    for what, pieces, first in summary.losses:
        yield f"lost: {what}: {pieces}, first in {safe(first)}"
    for one in summary.unread[:_SHOWN]:
        yield f"not read: {safe(one.name)}: {one.why}"
    if len(summary.unread) > _SHOWN:
        yield f"not read: {len(summary.unread) - _SHOWN} more; --format json names them all"
