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


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    store = tmp_path_factory.mktemp("fleet") / "store"
    ingested(store, *LOGS, pattern="{host}/*")
    return open_fleet(store)


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.parent.name)
def test_a_sample_has_the_same_diagnosis(fleet, path, capsys):
    main(["log", str(path), "--format", "json"])
    said = json.loads(capsys.readouterr().out)["logs"]
    if not said:
        return
    told = fleet.ask(
        "SELECT outcome, steps, causes, status, packages, cpus FROM all_boots WHERE source = $1 AND (host = $2 OR $1 LIKE 'journal%') AND role = $3",
        (path.name, path.parent.name, said[0]["role"]),
    ).rows
    call = said[0]["seamcall"]
    assert (
        said[0]["outcome"], said[0]["steps"], said[0]["causes"], call and call["status"], said[0]["packages"], said[0]["cpus"],
    ) in told  # fmt: skip
