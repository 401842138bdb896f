"""An archive of very many members: what is kept of it does not grow with them, and how far it is shows."""

from __future__ import annotations

import zipfile
from pathlib import Path

from tdxwhy.fleet import counters
from tdxwhy.fleet.gather import Gatherer


def test_losses_are_counted_and_progress_is_made(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(1000):
            archive.writestr(f"{number}.log", "x\n" * 100)
    counters.begin(0)
    gatherer = Gatherer("a.zip")
    with path.open("rb") as stream:
        assert list(gatherer.boots(stream)) == []
    try:
        assert [(loss.what, loss.pieces, loss.place.source) for loss in gatherer.losses] == [
            ("no line of a kernel log", 1000, "a.zip!0.log")
        ]
        assert 0.8 * path.stat().st_size < counters.pending() < path.stat().st_size
    finally:
        counters.done(0)
