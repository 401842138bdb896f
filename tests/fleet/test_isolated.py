"""What ends a child of ours costs the item that ended it, and nothing else."""

from __future__ import annotations

import faulthandler
import os
import signal
from pathlib import Path

import pytest

from tdxwhy.fleet.isolated import isolated


def worked(item: int) -> int:
    faulthandler.disable()  # pytest's own would speak
    if item % 4 == 1:
        os.abort()
    if item % 4 == 2:
        raise ValueError(item)
    if item % 4 == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return item * 10


def test_an_item_that_ends_the_child_is_told_of_in_its_place(capfd: pytest.CaptureFixture[str]) -> None:
    assert list(isolated(range(9), worked, lambda item: -item)) == [0, -1, -2, -3, 40, -5, -6, -7, 80]
    assert capfd.readouterr().err == ""


def test_memory_that_no_table_needs_is_refused() -> None:
    assert list(isolated([1, 1 << 40], lambda size: len(bytearray(size)), lambda size: 0)) == [1, 0]


def test_who_stops_asking_leaves_no_child() -> None:
    before = _children()
    asked = isolated(range(0, 400_000, 4), worked, lambda item: -item)
    assert next(asked) == 0
    assert _children() > before
    asked.close()
    assert _children() == before


def _children() -> set[str]:
    return {child for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()}
