"""Lines each of which is another cost in proportion to their number: counted in calls, which no other work disturbs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import ROOT

from tdxwhy.cli import main

BENCHMARKS = ROOT / "benchmarks"
KINDS = ("unknown", "shapes", "known", "programs", "journal", "claims")
SIZE, FACTOR = 30_000, 1.9


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int, int], bytes]:
    if not BENCHMARKS.is_dir():
        pytest.skip("no benchmarks beside these tests")
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from lines import made

    return made


def calls(path: Path) -> int:
    count = 0

    def counted(_frame: object, event: str, _told: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        main(["log", str(path)])
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("kind", KINDS)
def test_calls_grow_with_the_lines(
    kind: str, made: Callable[[str, int, int], bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.log"
    took = []
    for seed, factor in enumerate((1, 1, 2, 4)):  # the first time is a warm-up
        path.write_bytes(made(kind, SIZE * factor, seed))
        took.append(calls(path))
    _, one, two, four = took
    assert two <= 2 * FACTOR * one and four <= 4 * FACTOR * one, took
    assert capsys.readouterr().out
