"""What each row of the benchmarks costs grows with its input as a straight line does, in calls, which no other work disturbs."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tdxwhy.cli import main
from tests.conftest import ROOT

BENCHMARKS = ROOT / "benchmarks"
pytestmark = pytest.mark.skipif(not BENCHMARKS.is_dir(), reason="no benchmarks beside these tests")
# Of four times the input, where what grows with its square takes sixteen.
FACTOR = 8
SIZE, LOGS = 40_000, 30


def calls(arguments: list[str]) -> int:
    """Return how many functions a command calls, once it has loaded what it needs."""
    count = 0

    def called(_frame: object, event: str, _of: object) -> None:
        nonlocal count
        count += event == "call"

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        sys.setprofile(called)
        try:
            main(arguments)
        finally:
            sys.setprofile(None)
    return count


def grows(tmp_path: Path, command: list[str], made: Callable[[int, int], bytes]) -> None:
    """Check that an input of four times the size, `made` with a seed of its own, costs about as much more; another first loads tables."""
    commands = []
    for seed, times in enumerate((1, 1, 4)):
        path = tmp_path / f"input-{seed}"
        path.write_bytes(made(times, seed))
        commands.append([*command, str(path)])
    # In a process of their own: what other tests have left in memory would make one of them cheaper.
    env = {**os.environ, "PYTHONPATH": str(ROOT / "analyzer"), "PYTHONHASHSEED": "0"}
    words = [sys.executable, "-m", "tests.test_growth_of_rows", json.dumps(commands)]
    took = json.loads(subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout)[1:]
    assert took[1] <= FACTOR * took[0], took


@pytest.mark.parametrize("kind", ["unknown", "shapes", "known", "programs", "journal", "claims"])
def test_of_lines_that_differ(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    import lines

    assert kind in lines.KINDS
    grows(tmp_path, ["log"], lambda times, seed: lines.made(kind, SIZE * times, seed))


def test_of_replays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    import replay

    def made(times: int, seed: int) -> bytes:
        return "".join(f"{json.dumps(one)}\n" for one in replay.distinct(LOGS * times, seed=seed)).encode()

    grows(tmp_path, ["replay", "--jsonl"], made)


if __name__ == "__main__":
    sys.stdout.write(json.dumps([calls(words) for words in json.loads(sys.argv[1])]))
