"""Checkouts of their own, in which a test may change anything."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT


def copied(target: Path) -> Path:
    """Copy what a checkout needs to run, without a cache."""
    for name in ("analyzer/tdxwhy", "rules", "reports"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    return target


def command(checkout: Path, *arguments: str) -> list[str]:
    return ["env", f"PYTHONPATH={checkout / 'analyzer'}", sys.executable, "-m", *arguments]


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    ran = subprocess.run(command(checkout, "tdxwhy", *arguments), capture_output=True, text=True, check=False, cwd=checkout)
    assert "Traceback" not in ran.stderr
    return ran
