from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

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


@pytest.mark.parametrize(
    ("sql", "line"),
    [
        ("'nan'::DOUBLE AS a, [1.5, 'inf'::DOUBLE] AS b, {'x': '-inf'::FLOAT} AS c", '{"a":null,"b":[1.5,null],"c":{"x":null}}'),
        ("MAP {DATE '2026-01-01': 1} AS m, MAP {'a'::BLOB: 1} AS b", '{"m":{"2026-01-01":1},"b":{"YQ==":1}}'),
        (
            "INTERVAL 1 DAY AS i, 1.50::DECIMAL(4, 2) AS d, 1180591620717411303424::HUGEINT AS h",
            '{"i":"P1D","d":"1.50","h":1180591620717411303424}',
        ),
        ("TIMESTAMP '2026-01-01 10:00:00' AS t, NULL AS n, true AS b", '{"t":"2026-01-01T10:00:00","n":null,"b":true}'),
    ],
)
def test_json_is_strict_whatever_the_type(store, capsys, sql, line):
    assert main(["fleet", "query", f"SELECT {sql}", "--store", str(store), "--format", "json"]) == 0
    assert capsys.readouterr().out == line + "\n"


def test_what_json_cannot_say_is_one_line(store, capsys):
    assert main(["fleet", "query", "SELECT MAP {true: 1} AS m", "--store", str(store), "--format", "json"]) == 2
    assert (
        capsys.readouterr().err
        == "tdxwhy: query: only dicts with str-like or number-like keys are supported\nhint: cast the column to VARCHAR\n"
    )


def test_rows_as_csv_json_and_parquet(store, tmp_path, capsys):
    import pyarrow as pa
    import pyarrow.parquet as pq

    main(["fleet", "query", "SELECT host, steps FROM boots ORDER BY host LIMIT 3", "--store", str(store), "--format", "csv"])
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert rows[0] == ["host", "steps"] and len(rows) == 4
    main(["fleet", "export", "--store", str(store), "--table", "events", "--format", "json"])
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {event["outcome"] for event in events} == {"progress", "success", "failure"}
    main(["fleet", "export", "--store", str(store), "--format", "parquet", "--output", str(tmp_path / "boots.parquet")])
    assert pq.read_table(tmp_path / "boots.parquet").num_rows == 12
    assert pq.read_table(next(store.glob("parts/*/boots.parquet"))).schema.field("started").type == pa.timestamp("ms")


@pytest.mark.parametrize("form", ["text", "csv", "json", "parquet"])
def test_a_query_that_fails_on_its_way_is_one_line(store, form, tmp_path, capsys):
    out = tmp_path / "answer"
    sql = "SELECT CASE WHEN i > 200000 THEN error('no such' || ' luck') ELSE i END FROM range(300000) AS t(i)"
    assert main(["fleet", "query", sql, "--store", str(store), "--format", form, "--output", str(out)]) == 2
    assert capsys.readouterr().err.splitlines()[0] == "tdxwhy: query: Invalid Input Error: no such luck"
    assert not out.exists()


@pytest.mark.parametrize("value", ["INTERVAL 3 DAY", "{'x': INTERVAL 3 DAY}", "union_value(k := 1)"])
def test_what_parquet_cannot_hold_is_one_line(store, value, tmp_path, capsys):
    command = ["fleet", "query", f"SELECT {value} AS odd", "--store", str(store), "--format"]
    assert main([*command, "parquet", "--output", str(tmp_path / "answer")]) == 2
    assert "column 'odd'" in capsys.readouterr().err
    assert main([*command, "csv"]) == 0


def test_a_disk_that_is_full_is_one_line_for_parquet_too(store):
    command = [sys.executable, "-m", "tdxwhy", "fleet", "export", "--store", str(store), "--format", "parquet"]
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (run.returncode, run.stderr) == (2, "tdxwhy: no space left on device\n")


def test_a_pipe_is_written_and_not_replaced(store, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    command = [sys.executable, "-m", "tdxwhy", "fleet", "export", "--store", str(store), "--output", str(tmp_path / "pipe")]
    with subprocess.Popen(command) as run:
        rows = (tmp_path / "pipe").read_text().splitlines()
    assert (run.returncode, len(rows), (tmp_path / "pipe").is_fifo()) == (0, 13, True)


def test_csv_holds_no_formulas(tmp_path, capsys):
    log = tmp_path / "a.log"
    log.write_text(boot_log("node1", 5, firmware="1.4").replace("Example Server/Board 7", "=cmd|'/c calc'!A1"))
    ingested(tmp_path / "store", log)
    main(["fleet", "query", "SELECT board FROM boots", "--store", str(tmp_path / "store"), "--format", "csv"])
    assert "\n'=cmd" in capsys.readouterr().out


def test_text_shows_no_control_characters(store, capsys):
    main(["fleet", "query", "SELECT chr(27) || '[31mred' AS odd", "--store", str(store)])
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.skipif(signal.getsignal(signal.SIGINT) == signal.SIG_IGN, reason="a job in the background is born to ignore the signal")
def test_ctrl_c_ends_a_query_that_computes_for_ever(store: Path) -> None:
    endless = "SELECT count(*) FROM range(1000000000) a, range(1000000) b, boots"
    with subprocess.Popen(
        [sys.executable, "-m", "tdxwhy", "fleet", "query", "--store", str(store), endless], stderr=subprocess.PIPE
    ) as run:
        while run.poll() is None:  # a moment too early is before the query, one after it long before its end
            time.sleep(0.5)
            run.send_signal(signal.SIGINT)
        assert run.returncode in (-signal.SIGINT, 130)
