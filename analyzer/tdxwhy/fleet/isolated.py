"""Work that may end its process, in a child of this one: over some crafted tables the Parquet library aborts, which nobody can catch."""

from __future__ import annotations

import os
import pickle
import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import BinaryIO, TypeVar

T = TypeVar("T")
R = TypeVar("R")

# Address space that a child may take beyond what it begins with: a table that claims more is refused by the end of the child.
_MEMORY = 4 << 30
_LENGTH = 8


def isolated(items: Sequence[T], work: Callable[[T], R], ended: Callable[[T], R]) -> Iterator[R]:
    """Yield what `work` returns of each item, in their order, done in a child; of an item that ends the child, what `ended` returns.

    What `work` returns is pickled. An exception of it ends the child too: let it catch what it can name.
    """
    done = 0
    while done < len(items):
        for result in _of_child(items[done:], work):
            done += 1
            yield result
        if done < len(items):
            yield ended(items[done])
            done += 1


def _of_child(items: Sequence[T], work: Callable[[T], R]) -> Iterator[R]:
    """Yield the results of a child until it ends."""
    sys.stdout.flush()
    sys.stderr.flush()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _work(items, work, writing)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as told:
            while (length := told.read(_LENGTH)) and len(data := told.read(int.from_bytes(length, "little"))):
                yield pickle.loads(data)  # noqa: S301 - written by a child of this process
    finally:
        os.waitpid(child, 0)


def _work(items: Sequence[T], work: Callable[[T], R], writing: int) -> None:
    """Be the child: send each result as its length and itself, and end without what the parent does when it ends."""
    status = 1
    with suppress(BaseException):
        # A lock is held as long as somebody has its file open.
        os.closerange(3, writing)
        os.closerange(writing + 1, os.sysconf("SC_OPEN_MAX"))
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the library speaks before it aborts
        with suppress(OSError, ValueError):
            _bound()
        with os.fdopen(writing, "wb") as told:
            for item in items:
                _send(told, pickle.dumps(work(item)))
        status = 0
    os._exit(status)


def _send(told: BinaryIO, data: bytes) -> None:
    told.write(len(data).to_bytes(_LENGTH, "little") + data)
    told.flush()


def _bound() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with open("/proc/self/statm") as file:  # noqa: PTH123 - one number of this process
        pages = int(file.read().split()[0])
    most = pages * resource.getpagesize() + _MEMORY
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
