"""Lines each of which is another cost in proportion to their number: counted in calls, which no other work disturbs."""

from __future__ import annotations

from collections.abc import Callable
from cProfile import Profile
from pathlib import Path

import pytest
from tests.conftest import ROOT

from tdxwhy.cli import main

BENCHMARKS = ROOT / "benchmarks"
KINDS = ("unknown", "shapes", "known", "programs", "journal", "claims")
SIZE, FACTOR = 30_000, 1.6


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int, int], bytes]:
    if not BENCHMARKS.is_dir():
        pytest.skip("no benchmarks beside these tests")
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from lines import made

    return made


def calls(path: Path) -> int:
    with Profile() as profile:
        main(["log", str(path)])
    return sum(one.callcount for one in profile.getstats())


@pytest.mark.parametrize("kind", KINDS)
def test_calls_grow_with_the_lines(
    kind: str, made: Callable[[str, int, int], bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.log"
    took = []
    for seed, factor in enumerate((1, 1, 4)):  # the first time is a warm-up
        path.write_bytes(made(kind, SIZE * factor, seed))
        took.append(calls(path))
    _, one, four = took
    assert four <= 4 * FACTOR * one, took
    assert capsys.readouterr().out
