"""The benchmarks find what they import: nothing but a run would tell otherwise, and they are not run by every test."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT

BENCHMARKS = ROOT / "benchmarks"


@pytest.mark.skipif(not BENCHMARKS.is_dir(), reason="no benchmarks beside these tests")
def test_every_benchmark_can_be_imported_and_does_nothing_by_it() -> None:
    names = sorted(each.stem for each in BENCHMARKS.glob("*.py"))
    ran = subprocess.run([sys.executable, "-c", f"import {', '.join(names)}"], cwd=BENCHMARKS, capture_output=True, text=True, check=False)
    assert names
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
