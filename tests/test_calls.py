"""What runs most often stays within its budget of calls, which no other work on the machine disturbs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT

COUNTER = ROOT / "benchmarks" / "calls.py"


@pytest.mark.skipif(not COUNTER.is_file(), reason="no benchmarks beside these tests")
def test_no_run_makes_more_calls_than_its_budget() -> None:
    ran = subprocess.run([sys.executable, COUNTER], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("(at most ") == 2
