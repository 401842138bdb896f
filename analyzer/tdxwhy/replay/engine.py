"""The reference model run backwards: which histories can have printed these lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tdxwhy.records import Event, Topology, Verdict


class Line(NamedTuple):
    """A kernel log line as the model sees it: its text without any prefix, its level if known, its number in the log."""

    text: str
    level: int | None
    number: int


def replay_log(lines: Sequence[Line], topology: Topology | None, complete: bool, generation: str | None = None) -> Verdict:
    """Follow every history that can have printed the lines, and say what they share.

    `complete`: every line of level <= 7 about TDX that this kernel printed since boot is there; otherwise lines may be missing anywhere.
    """
    return Verdict("undecided", "unknown", generation, 0, len(lines), None, ())


def explain_events(events: Sequence[Event], topology: Topology | None, complete: bool, generation: str | None = None) -> Verdict:
    """Replay the events of one boot; what only their values tell (an unknown wording's leaf and status) counts too."""
    lines = [Line(event.record.text, event.record.level, event.record.place.line or 0) for event in events]
    return replay_log(lines, topology, complete, generation)
