"""When Python looks for garbage in cycles: what is read holds none, and to look for some in it costs as much as reading it."""

from __future__ import annotations

import gc


def pause() -> None:
    """Look for none, while modules are imported and while records are read: to look costs a failing log a sixtieth of its time."""
    gc.disable()


def resume() -> None:
    """Look for it from here on, and not in what was imported."""
    gc.freeze()
    gc.enable()


def leave() -> None:
    """Let what is left die with the process: to look once more at its end costs a short ingest a fourteenth of its time."""
    gc.freeze()
