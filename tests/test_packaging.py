"""What is shipped beside the package, on the real programs where they are installed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

PACKAGING = Path(__file__).resolve().parents[1] / "packaging"


def ran(*command: str, cwd: Path = PACKAGING) -> str:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    run = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


@pytest.fixture
def units(tmp_path):
    """Return the units, with a program that is there in tdxwhy's place and no manual page to look for."""
    for unit in (PACKAGING / "systemd").glob("*.*er*"):
        text = unit.read_text().replace("/usr/bin/tdxwhy", shutil.which("true"))
        (tmp_path / unit.name).write_text(re.sub(r"(?m)^Documentation=.*\n", "", text))
    return tmp_path


def test_systemd_takes_the_units(units):
    assert ran("systemd-analyze", "verify", *(f"./{unit.name}" for unit in sorted(units.iterdir())), cwd=units) == ""


@pytest.mark.parametrize("service", ["tdxwhy-follow", "tdxwhy-ingest"])
def test_services_can_do_little(units, service):
    shown = ran("systemd-analyze", "security", "--offline=yes", f"./{service}.service", cwd=units)
    assert float(re.search(r"exposure level for \S+: ([\d.]+)", shown)[1]) < 2


def test_alerts_fire_as_said():
    ran("promtool", "check", "rules", "tdxwhy.rules.yml", cwd=PACKAGING / "prometheus")
    ran("promtool", "test", "rules", "tdxwhy.rules.test.yml", cwd=PACKAGING / "prometheus")


def test_alerts_ask_for_metrics_that_there_are():
    golden = (PACKAGING.parent / "tests" / "fleet" / "golden" / "report.prom").read_text()
    known = set(re.findall(r"# TYPE (\w+) ", golden)) | {"node_textfile_mtime_seconds"}
    asked = set(re.findall(r"\b(?:tdxwhy|node)_\w+", (PACKAGING / "prometheus" / "tdxwhy.rules.yml").read_text()))
    panels = json.loads((PACKAGING / "grafana" / "tdxwhy.json").read_text())["panels"]
    asked |= {name for panel in panels for target in panel.get("targets", ()) for name in re.findall(r"\btdxwhy_\w+", target["expr"])}
    assert asked <= known
