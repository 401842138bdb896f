"""A fleet's table and `tdxwhy log` say the same of every sample, whichever reader a log's size leads to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tdxwhy.cli import main
from tdxwhy.fleet.query import open_fleet
from tests.fleet.fleets import ingested

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "logs"
LOGS = sorted(path for path in SAMPLES.glob("*/*") if path.suffix in (".log", ".export") or path.name == "journal.json")


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.parent.name)
def test_a_sample_has_the_same_diagnosis(path, tmp_path, capsys):
    main(["log", str(path), "--format", "json"])
    said = json.loads(capsys.readouterr().out)["logs"]
    if not said:
        return
    ingested(tmp_path / "store", path)
    sql = "SELECT outcome, steps, causes, status, packages, cpus FROM boots WHERE role = $1"
    told = open_fleet(tmp_path / "store").ask(sql, (said[0]["role"],)).rows
    status = said[0]["seamcall"] and said[0]["seamcall"]["status"]
    expected = (said[0]["outcome"], said[0]["steps"], said[0]["causes"], status, said[0]["packages"], said[0]["cpus"])
    assert expected in told
