"""Exit statuses: the one table of them, row by row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tdxwhy.cli import COMMANDS, main
from tests.conftest import ROOT

TABLE = ROOT / "docs" / "reference" / "exit-statuses.md"
ROW = re.compile(r"^\| (`.+?`) \| (\d+) \| .* \|(?: `tdxwhy (.+)`)? \|$", re.MULTILINE)
ROWS = [(commands, int(status), example) for commands, status, example in ROW.findall(TABLE.read_text(encoding="utf-8"))]


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("statuses") / "store"
    if any("STORE" in example for _, _, example in ROWS):
        pytest.importorskip("arro3.io")
        pytest.importorskip("duckdb")
        main(["ingest", "--quiet", "--jobs", "1", "--store", str(folder), str(ROOT / "samples" / "logs")])
    return folder


@pytest.mark.parametrize(("status", "example"), [(status, example) for _, status, example in ROWS if example])
def test_a_row_is_true(status: int, example: str, monkeypatch, capsys, request) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("XDG_CACHE_HOME", str(request.getfixturevalue("tmp_path")))
    place = str(request.getfixturevalue("store")) if "STORE" in example else ""
    assert main([place if word == "STORE" else word for word in example.split()]) == status
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    if status == 2:
        assert told.err.startswith("tdxwhy: ") or "not read: no-such.log" in told.out


def test_every_command_is_in_the_table() -> None:
    named = {word.split()[0] for commands, _, _ in ROWS for word in re.findall(r"`([^`]+)`", commands)}
    assert named == set(COMMANDS)
    assert {status for _, status, _ in ROWS} == {0, 1, 2, 3, 143}
