"""A baseline: the findings that a project has looked at, by content and with counts, each with a reason. Lines may move, texts may not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tdxwhy.errors import TdxwhyError
from tdxwhy.files import read_bytes
from tdxwhy.hints import Any
from tdxwhy.noun import NamedTuple
from tdxwhy.records import Finding

SCHEMA = "tdxwhy/baseline/1"
_MAX_BYTES = 64 << 20


class Entry(NamedTuple):
    """A finding that is known: how often it may stand in this file, and why."""

    file: str
    rule: str
    fingerprint: str
    message: str
    times: int
    reason: str


class BaselineMatch(NamedTuple):
    """What a baseline makes of a run: findings that are new, findings that were known (with the reason), entries that promise too many."""

    new: tuple[Finding, ...]
    known: tuple[tuple[Finding, str], ...]
    stale: tuple[Entry, ...]


def read(path: Path) -> tuple[Entry, ...]:
    """Read a baseline file strictly."""
    try:
        document = json.loads(read_bytes(path, _MAX_BYTES))
    except (ValueError, RecursionError) as error:
        raise TdxwhyError(f"{path}: not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA or not isinstance(document.get("entries"), list):
        raise TdxwhyError(f"{path}: not a baseline ({SCHEMA})")
    return tuple(_entry(path, number, row) for number, row in enumerate(document["entries"], 1))


def _entry(path: Path, number: int, row: Any) -> Entry:  # noqa: ANN401 - whatever the file holds
    types = {name: int if name == "times" else str for name in Entry._fields}
    if not isinstance(row, dict) or set(row) != set(types) or not all(type(row[name]) is kind for name, kind in types.items()):
        raise TdxwhyError(f"{path}: entry {number}: wants exactly {', '.join(types)}")
    if row["times"] < 1 or not row["reason"].strip():
        raise TdxwhyError(f"{path}: entry {number}: times is not positive, or the reason is empty")
    return Entry(**row)


def compare(findings: Sequence[Finding], entries: Iterable[Entry]) -> BaselineMatch:
    """Take out of the findings what the baseline knows, at most as often as it says."""
    left = {(entry.file, entry.fingerprint): [entry.times, entry] for entry in entries}
    new: list[Finding] = []
    known: list[tuple[Finding, str]] = []
    for found in findings:
        slot: list[Any] | None = left.get(_key(found))
        if slot is not None and slot[0] > 0:
            slot[0] -= 1
            known.append((found, slot[1].reason))
        else:
            new.append(found)
    return BaselineMatch(tuple(new), tuple(known), tuple(entry for count, entry in left.values() if count))  # type: ignore[misc]


def written(findings: Iterable[Finding], reason: str, before: Iterable[Entry] = ()) -> str:
    """Return the baseline of these findings as text; reasons given before are kept."""
    reasons = {(entry.file, entry.fingerprint): entry.reason for entry in before}
    kept = list(findings)
    counts = Counter(_key(found) for found in kept)
    first = {_key(found): found for found in reversed(kept)}
    rows = [
        Entry(key[0], first[key].rule, key[1], first[key].message, count, reasons.get(key, reason))._asdict()
        for key, count in sorted(counts.items())
    ]
    return json.dumps({"schema": SCHEMA, "entries": rows}, indent=1, ensure_ascii=True) + "\n"


def _key(found: Finding) -> tuple[str, str]:
    return found.evidence[0].place.source, found.fingerprint
