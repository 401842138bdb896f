"""Boots that are too old leave a store, and nothing else does."""

from __future__ import annotations

import pytest

from tdxwhy.cli import main
from tdxwhy.fleet.query import open_fleet
from tests.fleet.fleets import ingested, make_fleet


@pytest.fixture
def place(tmp_path):
    make_fleet(tmp_path / "logs", hosts=6, boots=8)
    (tmp_path / "logs" / "node000" / "undated.log").write_text("[    5.000001] virt/tdx: module initialized\n")
    ingested(tmp_path / "store", tmp_path / "logs", pattern="{host}/{date}.log")
    return tmp_path


def told(place, sql: str = "SELECT count(*), min(started) FROM boots") -> tuple:
    return open_fleet(place / "store").ask(sql).rows[0]


def test_boots_before_a_day_go_with_all_their_rows(place, capsys):
    before = told(place)
    assert main(["fleet", "prune", "--store", str(place / "store"), "--before", "2026-11-05"]) == 0
    assert "24 boots taken out of " in capsys.readouterr().out
    count, first = told(place)
    assert (before[0] - count, str(first)[:10]) == (24, "2026-11-05")
    for table in ("attempts", "events", "findings", "incidents"):
        assert told(place, f"SELECT count(*) FROM {table} WHERE boot NOT IN (SELECT boot FROM boots)") == (0,)
    assert told(place, "SELECT count(*) FROM boots WHERE started IS NULL") == (1,)
    assert main(["fleet", "check", "--store", str(place / "store")]) == 0


def test_their_logs_do_not_come_back(place, capsys):
    main(["fleet", "prune", "--store", str(place / "store"), "--before", "2026-11-05"])
    left = told(place)
    assert ingested(place / "store", place / "logs", pattern="{host}/{date}.log").boots == 0
    assert told(place) == left
    assert main(["fleet", "prune", "--store", str(place / "store"), "--before", "2026-11-05"]) == 0
    assert "no boot is older" in capsys.readouterr().out
    assert main(["fleet", "compact", "--store", str(place / "store")]) == 0
    assert told(place) == left


def test_a_day_that_is_none_is_refused(place, capsys):
    assert main(["fleet", "prune", "--store", str(place / "store"), "--before", "soon"]) == 2
    assert "no date such as" in capsys.readouterr().err
