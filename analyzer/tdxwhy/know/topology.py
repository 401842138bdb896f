"""CPUs and packages of one boot, each state with its evidence."""

from __future__ import annotations

from collections.abc import Sequence

from tdxwhy.records import Event, Topology


def topology(events: Sequence[Event], sidecar: Topology | None) -> Topology:
    """Return what the events and the sidecar tell of CPUs and packages."""
    return sidecar or Topology()
