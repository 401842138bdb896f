"""An orderly end: SIGTERM, which service managers send, ends a command as Ctrl-C does, and nothing that is known is lost."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

TERMINATED = 128 + signal.SIGTERM


class Terminated(KeyboardInterrupt):
    """SIGTERM came."""


@contextmanager
def orderly() -> Iterator[None]:
    """Raise Terminated where SIGTERM comes; outside the main thread signals are somebody else's."""
    try:
        before = signal.signal(signal.SIGTERM, _raise)
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _raise(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated
