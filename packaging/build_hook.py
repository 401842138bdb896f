"""Puts the tables that start-up loads into a wheel: they are made of the TOML files under rules/ and stand in no version control.

An editable install needs none of them: a checkout makes and keeps its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class TablesHook(BuildHookInterface):  # type: ignore[type-arg] # hatchling's own name for its configuration
    """Runs `python -m tdxwhy.build` and adds what it wrote to the wheel: tables, and pictures where Graphviz is installed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add them; `version` is "editable" where the files stay where they are."""
        if version == "editable":
            return
        self._folder = tempfile.TemporaryDirectory(prefix="tdxwhy-tables-")
        tables, pictures = Path(self._folder.name) / "tables", Path(self._folder.name) / "pictures"
        analyzer = Path(self.root) / "analyzer"
        command = [sys.executable, "-m", "tdxwhy.build", str(tables), str(pictures)]
        ran = subprocess.run(command, cwd=analyzer, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise SystemExit(f"the tables of rules/ cannot be made: {ran.stderr.strip()}")
        build_data["force_include"][str(tables)] = "tdxwhy/_shipped/tables"
        if any(pictures.iterdir()):
            build_data["force_include"][str(pictures)] = "tdxwhy/_shipped/pictures"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take away what the wheel now holds."""
        if version != "editable":
            self._folder.cleanup()
