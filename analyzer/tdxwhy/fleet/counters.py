"""How much is read of sources that are not done yet: every process counts its batch's bytes, and the one that shows progress sums them up.

The counts are in memory that processes forked later share. A process does one ingest at a time.
"""

from __future__ import annotations

from mmap import mmap

_PLACES = 1024
_counts = memoryview(mmap(-1, 8 * _PLACES)).cast("q")
_place = 0


def begin(batch: int) -> None:
    """Count for this batch from now on."""
    global _place  # noqa: PLW0603 - a process does one batch at a time
    _place = batch % _PLACES
    _counts[_place] = 0  # what an ingest that failed has left


def add(size: int) -> None:
    """Count bytes of a source."""
    _counts[_place] += size


def done(batch: int) -> None:
    """Forget what was counted for a batch: it is known as a whole."""
    _counts[batch % _PLACES] = 0


def pending() -> int:
    """Return the bytes that were read of the sources at hand, in all processes."""
    return sum(_counts)
