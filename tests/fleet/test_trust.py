"""What is not as it was written is found by whoever reads it, workers end with their parent, and a source counts once."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tdxwhy.cli import main
from tdxwhy.fleet.part import digest_of
from tdxwhy.fleet.query import open_fleet
from tdxwhy.fleet.store import open_store
from tests.fleet.fleets import boot_log, ingested


def filled(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    for number in range(6):
        (tmp_path / "logs" / f"{number}.log").write_text(boot_log(f"node{number}", number + 1, good=number % 2 == 0))
    ingested(tmp_path / "store", tmp_path / "logs")
    return tmp_path / "store"


@pytest.mark.parametrize("table", ["boots", "attempts", "events", "findings", "sources"])
def test_a_bit_that_flipped_is_found_by_report_and_query(tmp_path: Path, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = next(filled(tmp_path).glob(f"parts/*/{table}.parquet"))
    data = path.read_bytes()
    for at in (5, len(data) // 2, len(data) - 9):
        path.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        for command in (["report"], ["query", "SELECT count(*) FROM boots"], ["check"]):
            status = main(["fleet", command[0], *command[1:], "--store", str(tmp_path / "store")])
            said = capsys.readouterr()
            assert status in (1, 2), command
            assert "its content has changed" in said.out + said.err


def test_crafted_tables_with_a_right_digest_are_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    store = filled(tmp_path)
    path = next(store.glob("parts/*/sources.parquet"))
    manifest = path.parent / "manifest.json"
    data = path.read_bytes()
    for at in range(len(data) - 300, len(data) - 8, 7):
        crafted = data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]
        path.write_bytes(crafted)
        told = json.loads(manifest.read_text())
        told["tables"]["sources"]["digest"] = digest_of(crafted)
        manifest.write_text(json.dumps(told))
        for command in (["fleet", "check"], ["ingest", str(tmp_path / "logs")]):
            status = main([*command, "--store", str(store)])
            said = capfd.readouterr()
            assert status in (0, 1, 2)
            assert len(said.err.splitlines()) <= 2, said.err
            assert "panicked" not in said.err


@pytest.mark.parametrize("table", ["boots", "sources"])
@pytest.mark.parametrize("command", ["check", "report", "compact", "prune", "query", "export", "ingest"])
def test_tables_over_which_a_library_aborts_are_one_line(command: str, table: str, tmp_path: Path) -> None:
    """In `sources` a page claims numbers of 128 bits, `boots` is read by one library and not by another: both have the digest they say."""
    store = filled(tmp_path)
    (tmp_path / "logs" / "more.log").write_text(boot_log("node9", 9))
    ingested(store, tmp_path / "logs")
    data = (Path(__file__).parent / "crafted" / f"{table}.parquet").read_bytes()
    path = next(store.glob(f"parts/*/{table}.parquet"))
    path.write_bytes(data)
    manifest = path.parent / "manifest.json"
    told = json.loads(manifest.read_text())
    told["tables"][table] |= {"digest": digest_of(data), "bytes": len(data), "rows": 3 if table == "boots" else 5}
    manifest.write_text(json.dumps(told))
    more = {"prune": ["--before", "2020-01-01"], "query": ["SELECT * FROM boots, sources"], "export": ["--table", table]}
    words = ["ingest", str(tmp_path / "logs"), "--jobs", "1"] if command == "ingest" else ["fleet", command, *more.get(command, [])]
    run = subprocess.run([sys.executable, "-m", "tdxwhy", *words, "--store", str(store)], capture_output=True, text=True, check=False)
    assert run.returncode in (0, 1, 2), run.stderr
    assert len(run.stderr.splitlines()) <= 2, run.stderr
    assert "cannot go on" not in run.stderr
    if table == "sources" and command in ("check", "compact", "prune", "ingest"):
        assert path.parent.name in run.stdout + run.stderr


def test_a_source_that_two_ingests_have_left_counts_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    for number in range(3):
        (logs / f"{number}.log").write_text(boot_log(f"node{number}", number + 1))
    ingested(tmp_path / "one", logs)
    (logs / "more.log").write_text(boot_log("node9", 9))
    ingested(tmp_path / "two", logs)
    for part in (tmp_path / "two/parts").iterdir():
        shutil.copytree(part, tmp_path / "one/parts" / part.name)
    fleet = open_fleet(tmp_path / "one")
    assert fleet.ask("SELECT count(*), count(DISTINCT digest) FROM sources").rows == [(4, 4)]
    assert fleet.ask("SELECT count(*) FROM boots").rows == [(4,)]
    fleet.close()
    assert main(["fleet", "check", "--store", str(tmp_path / "one"), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"]["boots"], told["sources"]) == (4, 4)
    assert open_store(tmp_path / "one").known().digests


def test_workers_end_with_the_process_that_made_them(tmp_path: Path) -> None:
    program = (
        "import os, sys, time\n"
        "from tdxwhy.fleet.engine import Local\n"
        "local = Local(2); local.prepare()\n"
        "print(*local._pool._processes, flush=True)\n"
        "time.sleep(60)\n"
    )
    run = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    workers = [int(one) for one in run.stdout.readline().split()]
    assert len(workers) == 2
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    run.stdout.close()
    for _ in range(200):
        alive = [one for one in workers if Path(f"/proc/{one}").exists() and "Z" not in _state(one)]
        if not alive:
            break
        time.sleep(0.05)
    assert alive == []


def _state(process: int) -> str:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"
