"""The shippers' configurations in samples/pipelines, on the real programs where they are installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PIPELINES = Path(__file__).resolve().parents[2] / "samples" / "pipelines"
PATH = f"{os.environ['PATH']}:/usr/sbin"


@pytest.fixture
def command(tmp_path):
    """Return a `tdxwhy` on its own, as a shipper starts it: by a path, without this process's environment."""
    made = tmp_path / "tdxwhy"
    made.write_text(f'#!/bin/sh\nPYTHONPATH={PIPELINES.parents[1] / "analyzer"} exec {sys.executable} -m tdxwhy "$@"\n')
    made.chmod(0o755)
    return str(made)


@pytest.mark.parametrize("program", ["rsyslogd", "syslog-ng"])
def test_findings_arrive(command, program):
    if shutil.which(program, path=PATH) is None:
        pytest.skip(f"{program} is not installed")
    check = PIPELINES / program.replace("rsyslogd", "rsyslog") / "check.sh"
    run = subprocess.run(["bash", check, command], capture_output=True, text=True, timeout=60, env={**os.environ, "PATH": PATH}, check=True)
    if program == "rsyslogd":
        told = json.loads(run.stdout.splitlines()[0])
        assert (told["schema"], told["outcome"], told["steps"]) == ("tdxwhy/follow/1", "failed", ["TDH.SYS.RD"])
    else:
        assert " failed TDH.SYS.RD " in run.stdout


@pytest.mark.parametrize("name", ["rsyslog", "syslog-ng"])
def test_what_is_missing_is_one_line(name, tmp_path):
    run = subprocess.run(["bash", PIPELINES / name / "check.sh", "no-such-program"], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (2, "check.sh: no no-such-program\n")
