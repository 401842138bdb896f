"""How processor time grows with the size of an input."""

from __future__ import annotations

import time
from collections.abc import Callable

# Least time of the smaller size, how many pieces it may have, how many times as large the other is, and how much longer it may take.
LEAST, MOST, LARGER, FACTOR = 0.01, 1 << 16, 4, 6.5
# Both sizes are measured twice, one after the other, and up to ten times as long as other work on the machine may make the difference.
TIMES, AT_MOST = 2, 10


def seconds(run: Callable[[], object]) -> float:
    """Return the processor time of one run."""
    started = time.process_time()
    run()
    return time.process_time() - started


def grows_linearly(of_size: Callable[[int], Callable[[], object]], start: int = 1000) -> None:
    """Check that a run over four times the input takes no more than 6.5 times as long, each as the least of two to ten.

    `of_size` makes the run over an input of so many pieces; the smallest is made large enough to be measured. What takes no time over so
    many pieces is linear.
    """
    size = start
    while (first := seconds(of_size(size))) < LEAST:
        if size > MOST:
            return
        size *= 2
    assert first < 1, f"{size} pieces take {first:.1f} s"
    runs = [of_size(size), of_size(size * LARGER)]
    took = [seconds(run) for run in runs]
    for done in range(1, AT_MOST):
        if done >= TIMES and _linear(took):
            return
        took = [min(least, seconds(run)) for least, run in zip(took, runs, strict=True)]
    assert _linear(took), f"{size} pieces and four times as many take {took}"


def _linear(took: list[float]) -> bool:
    return took[1] <= FACTOR * took[0]
