"""Forty kills at random moments lose nothing and double nothing; `make torture` is the same a thousand times."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.mark.slow
def test_forty_kills(tmp_path):
    command = [sys.executable, "-m", "tests.fleet.torture", "100", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "nothing lost, nothing twice" in run.stdout
