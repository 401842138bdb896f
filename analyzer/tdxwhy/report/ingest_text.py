"""The summary of an ingest: what came in, and what could not be read and why."""

from __future__ import annotations

from collections.abc import Iterator

from tdxwhy.fleet.compact import Compaction
from tdxwhy.fleet.ingest import Summary
from tdxwhy.fleet.prune import Pruning
from tdxwhy.ranges import counted
from tdxwhy.report.json_text import json_text
from tdxwhy.report.terminal import safe

_SHOWN = 20


def as_json(summary: Summary) -> str:
    """Return the summary as one JSON object."""
    document = {"schema": "tdxwhy/ingest/1", **summary._asdict(), "compacted": summary.compacted._asdict()}
    document["unread"] = [one._asdict() for one in summary.unread]
    document["losses"] = [{"what": what, "pieces": pieces, "first": first} for what, pieces, first in summary.losses]
    return json_text(document, 1)


def compaction_json(done: Compaction) -> str:
    """Return what a compaction did as one JSON object."""
    return json_text({"schema": "tdxwhy/fleet-compact/1", **done._asdict()}, 1)


def pruning_json(done: Pruning) -> str:
    """Return what a pruning did as one JSON object."""
    return json_text({"schema": "tdxwhy/fleet-prune/1", **done._asdict()}, 1)


def pruning(done: Pruning) -> str:
    """Say in one line what a pruning did."""
    said = f"{counted(done.boots, 'boot')} taken out of {counted(done.parts, 'part')}" if done.parts else "no boot is older"
    said += f", {counted(done.deleted, 'replaced part')} deleted" if done.deleted else ""
    said += f", {counted(done.waiting, 'replaced part')} kept while somebody reads" if done.waiting else ""
    return said + (f"; left alone, not whole: {', '.join(done.damaged)}" if done.damaged else "")


def as_text(summary: Summary) -> str:
    """Return the summary for people."""
    return "".join(f"{line}\n" for line in _lines(summary))


def compaction(done: Compaction) -> str:
    """Say in one line what a compaction did."""
    said = f"{counted(done.merged, 'small part')} merged into {done.made}" if done.merged else "no small parts to merge"
    said += f", {counted(done.deleted, 'replaced part')} deleted" if done.deleted else ""
    said += f", {counted(done.waiting, 'replaced part')} kept while somebody reads" if done.waiting else ""
    return said + (f"; left alone, not whole: {', '.join(done.damaged)}" if done.damaged else "")


def _lines(summary: Summary) -> Iterator[str]:
    known = f", {summary.known} known before" if summary.known else ""
    yield f"{counted(summary.sources, 'source')} read ({summary.size / 1e6:.1f} MB){known}"
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in summary.outcomes.items())
    yield counted(summary.boots, "boot") + (f": {outcomes}" if outcomes else "")
    if summary.compacted.trouble:
        yield f"small parts not merged: {safe(summary.compacted.trouble)}"
    elif summary.compacted.merged:
        yield compaction(summary.compacted)
    for what, pieces, first in summary.losses:
        yield f"lost: {what}: {pieces}, first in {safe(first)}"
    for one in summary.unread[:_SHOWN]:
        yield f"not read: {safe(one.name)}: {one.why}"
    if len(summary.unread) > _SHOWN:
        yield f"not read: {len(summary.unread) - _SHOWN} more; --format json names them all"
