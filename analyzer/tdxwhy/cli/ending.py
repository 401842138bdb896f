"""An orderly end: SIGTERM, which service managers send, ends a command as Ctrl-C does, and nothing that is known is lost."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType
from typing import NoReturn

TERMINATED = 128 + signal.SIGTERM


class Terminated(KeyboardInterrupt):
    """SIGTERM came."""


@contextmanager
def orderly() -> Iterator[None]:
    """Raise Terminated where SIGTERM comes; outside the main thread signals are somebody else's."""
    with _answered_by(_raise):
        yield


@contextmanager
def between() -> Iterator[Callable[[], bool]]:
    """Yield what tells whether SIGTERM has come, which waits to be asked for: nothing is lost that was read. A second one ends at once."""
    came: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if came:
            _raise(number, frame)
        came.append(number)

    with _answered_by(note):
        yield lambda: bool(came)


@contextmanager
def _answered_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    try:
        before = signal.signal(signal.SIGTERM, handler)
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def at_once() -> Iterator[None]:
    """Let Ctrl-C end the process where it stands, for what only reads: a library that computes for long gives Python's handler no turn."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler or current_thread() is not main_thread():
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _raise(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated
