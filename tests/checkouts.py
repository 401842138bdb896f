"""Checkouts of their own, in which a test may change anything."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tdxwhy.compiled import cache_folder
from tests.conftest import ROOT


def copied(target: Path) -> Path:
    """Return a checkout with rules that can be edited and this one's code, without the tables that it keeps."""
    shutil.copytree(ROOT / "rules", target / "rules")
    for name in ("analyzer", "reports"):
        (target / name).symlink_to(ROOT / name)
    return target


def copied_with_tables(target: Path) -> Path:
    """Return such a checkout with its tables, of which it makes anew what is edited then."""
    shutil.copytree(cache_folder(), target / "build" / "tables")
    return copied(target)


def command(checkout: Path, *arguments: str) -> list[str]:
    return ["env", f"PYTHONPATH={checkout / 'analyzer'}", sys.executable, "-m", *arguments]


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    ran = subprocess.run(command(checkout, "tdxwhy", *arguments), capture_output=True, text=True, check=False, cwd=checkout)
    assert "Traceback" not in ran.stderr
    return ran
