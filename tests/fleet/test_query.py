from __future__ import annotations

import csv
import io
import json

import pytest

from tdxwhy.cli import main
from tdxwhy.errors import TdxwhyError
from tdxwhy.fleet.query import open_fleet
from tests.fleet.fleets import boot_log, ingested, make_fleet


@pytest.fixture
def store(tmp_path):
    ingested(tmp_path / "store", make_fleet(tmp_path / "logs", 6), pattern="{host}/{date}.log")
    return tmp_path / "store"


def test_host_and_start_come_from_the_path(store):
    rows = open_fleet(store).ask("SELECT host, strftime(started, '%Y-%m-%d') FROM boots ORDER BY ALL LIMIT 2").rows
    assert rows == [("node000", "2026-11-01"), ("node000", "2026-11-02")]


def test_what_a_boot_says_is_in_its_columns(store):
    answer = open_fleet(store).ask(
        "SELECT kernel, firmware, board, firmware_date, asked, boots.step, causes, status_name, errno FROM boots JOIN attempts "
        "USING (boot) WHERE boots.outcome = 'failed' LIMIT 1"
    )
    assert answer.rows == [
        ("6.8.0-1015-tdx", "1.4", "Example Server/Board 7", "01/02/2026", True, "TDH.SYS.RD", ["module-too-old"], "TDX_SYS_NOT_READY", -5)
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM glob('/*')",
        "COPY boots TO '/tmp/never'",
        "EXPLAIN ANALYZE COPY boots TO '/tmp/never'",
        "ATTACH '/tmp/never.db'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
        "CREATE TABLE mine AS SELECT 1",
        "DROP VIEW boots",
        "SELECT 1; SELECT 2",
        "",
        "SELEKT",
    ],
)
def test_nothing_but_the_store_is_in_reach(store, sql):
    with pytest.raises(TdxwhyError, match=r"^query: [^\n]*$"):
        open_fleet(store).ask(sql)


def test_a_part_cannot_be_overwritten_by_a_query(store):
    file = next(store.glob("parts/*/boots.parquet"))
    with pytest.raises(TdxwhyError):
        open_fleet(store).ask(f"COPY (SELECT 1) TO '{file}'")


def test_a_boot_in_two_parts_is_shown_once_and_whole(tmp_path):
    text = boot_log("node1", 5, good=False)
    (tmp_path / "cut.log").write_text("".join(text.splitlines(True)[:5]))
    (tmp_path / "whole.log").write_text(text)
    ingested(tmp_path / "store", tmp_path / "cut.log", host="node1")
    ingested(tmp_path / "store", tmp_path / "whole.log", host="node1")
    fleet = open_fleet(tmp_path / "store")
    assert fleet.ask("SELECT source, events FROM boots").rows == [("whole.log", 3)]
    assert fleet.ask("SELECT count(*) FROM events").rows == [(3,)]


def test_an_empty_store_answers(tmp_path):
    (tmp_path / "logs").mkdir()
    ingested(tmp_path / "store", tmp_path / "logs")
    assert open_fleet(tmp_path / "store").ask("SELECT count(*) FROM boots").rows == [(0,)]
    assert main(["fleet", "report", "--store", str(tmp_path / "store")]) == 3


def test_rows_as_csv_json_and_parquet(store, tmp_path, capsys):
    import pyarrow.parquet as pq

    main(["fleet", "query", "SELECT host, steps FROM boots ORDER BY host LIMIT 3", "--store", str(store), "--format", "csv"])
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert rows[0] == ["host", "steps"] and len(rows) == 4
    main(["fleet", "export", "--store", str(store), "--table", "events", "--format", "json"])
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {event["outcome"] for event in events} == {"progress", "success", "failure"}
    main(["fleet", "export", "--store", str(store), "--format", "parquet", "--output", str(tmp_path / "boots.parquet")])
    assert pq.read_table(tmp_path / "boots.parquet").num_rows == 12


def test_csv_holds_no_formulas(tmp_path, capsys):
    log = tmp_path / "a.log"
    log.write_text(boot_log("node1", 5, firmware="1.4").replace("Example Server/Board 7", "=cmd|'/c calc'!A1"))
    ingested(tmp_path / "store", log)
    main(["fleet", "query", "SELECT board FROM boots", "--store", str(tmp_path / "store"), "--format", "csv"])
    assert "\n'=cmd" in capsys.readouterr().out


def test_text_shows_no_control_characters(store, capsys):
    main(["fleet", "query", "SELECT chr(27) || '[31mred' AS odd", "--store", str(store)])
    assert "\x1b" not in capsys.readouterr().out
