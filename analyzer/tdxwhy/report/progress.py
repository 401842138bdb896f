"""How far a long run is: a bar on a terminal, a line a minute elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

from tdxwhy.ranges import counted
from tdxwhy.report.terminal import width

_REDRAWN, _LINED = 0.1, 60.0
# Room for counts, rate and time: the bar keeps its length while these change.
_TEXT = 62
_BLOCKS = " ▏▎▍▌▋▊▉█"


class ProgressBar(Protocol):
    """What a run tells of itself."""

    @property
    def sources(self) -> int:
        """Return how many are done."""

    @property
    def of_sources(self) -> int:
        """Return how many there are."""

    @property
    def size(self) -> int:
        """Return the bytes done."""

    @property
    def of_size(self) -> int:
        """Return the bytes that there are, 0 where nobody knows."""


@contextmanager
def bar(stream: TextIO, quiet: bool, clock: Callable[[], float] = time.monotonic) -> Iterator[Callable[[ProgressBar], None]]:
    """Yield a function to be told of progress."""
    live = stream.isatty()
    began = clock()
    shown = began - _REDRAWN if live else began

    def tell(progress: ProgressBar) -> None:
        nonlocal shown
        now = clock()
        if quiet or now - shown < (_REDRAWN if live else _LINED):
            return
        shown = now
        text = line(progress, now - began, width(stream) - 1 if live else 0)
        stream.write(f"\r\x1b[K{text}" if live else f"{text}\n")
        stream.flush()

    try:
        yield tell
    finally:
        if live and not quiet:
            stream.write("\r\x1b[K")
            stream.flush()


def line(progress: ProgressBar, seconds: float, columns: int) -> str:
    """Return one line: share, counts, rate and remaining time, with a bar if columns are given."""
    known = progress.of_size > 0
    share = min(1.0, progress.size / progress.of_size if known else progress.sources / max(1, progress.of_sources))
    rate = progress.size / seconds if seconds > 0 else 0.0
    of = counted(progress.of_sources, "source")
    text = f"{share:4.0%}  {progress.sources} of {of}  {progress.size / 1e6:.0f} MB  {rate / 1e6:.0f} MB/s"
    if 0 < share < 1:
        text += f"  {_span(seconds * (1 - share) / share)} left"
    room = min(30, columns - max(_TEXT, len(text)) - 2)
    return f"{_drawn(share, room)} {text}"[:columns] if room >= 8 else text[:columns] if columns else text


def _drawn(share: float, room: int) -> str:
    eighths = int(share * room * 8)
    full, part = divmod(eighths, 8)
    return ("█" * full + (_BLOCKS[part] if full < room else "")).ljust(room)


def _span(seconds: float) -> str:
    minutes, rest = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
