"""A named pipe that nobody writes to is one line from every command, and no command waits for ever."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LOG = Path(__file__).resolve().parents[2] / "samples/logs/package-without-cpu-of-16/dmesg.log"


@pytest.mark.parametrize(
    "words",
    [
        ["log", "p"],
        ["log", "--topology", "p", str(LOG)],
        ["replay", "--jsonl", "p"],
        ["simulate", "--jsonl", "p"],
        ["gate", "p"],
        ["gate", "--config", "p", str(LOG)],
        ["gate", "--baseline", "p", str(LOG)],
        ["review", "p"],
        ["ingest", "--store", "store", "p"],
    ],
    ids=" ".join,
)
def test_nobody_writes(words: list[str], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p")
    ran = subprocess.run([sys.executable, "-m", "tdxwhy", *words], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode in (2, 3)
    assert "nobody writes to this pipe" in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr


def test_who_writes_is_not_told_that_nobody_reads(tmp_path: Path) -> None:
    pipe = tmp_path / "p"
    os.mkfifo(pipe)
    with subprocess.Popen(["/bin/sh", "-c", f"cat {LOG} > p"], cwd=tmp_path) as writer:
        ran = subprocess.run(
            [sys.executable, "-m", "tdxwhy", "log", "--brief", "p"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
    assert (ran.returncode, writer.returncode) == (1, 0), ran.stderr
