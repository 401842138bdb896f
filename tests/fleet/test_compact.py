from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tdxwhy.cli import main
from tdxwhy.errors import TdxwhyError
from tdxwhy.fleet import compact as compacting
from tdxwhy.fleet.compact import compact
from tdxwhy.fleet.inspect import inspect
from tdxwhy.fleet.query import open_fleet
from tdxwhy.fleet.schema import TABLES
from tdxwhy.fleet.store import open_store
from tests.fleet.fleets import boot_log, content, ingested, make_fleet

ROOT = Path(__file__).parents[2]


def small_parts(folder: Path, hosts: int) -> Path:
    """Ingest each host's logs by themselves, so that each makes a part."""
    for host in sorted(make_fleet(folder / "logs", hosts).iterdir()):
        ingested(folder / "store", host, pattern="{host}/{date}.log")
    return folder / "store"


def rows(store: Path) -> dict[str, list]:
    fleet = open_fleet(store)
    try:
        return {table: fleet.ask(f"SELECT * FROM {table} ORDER BY ALL").rows for table in TABLES}
    finally:
        fleet.close()


def parts(store: Path) -> list[str]:
    return sorted(one.name for one in (store / "parts").iterdir())


def report(store: Path, capsys) -> str:
    main(["fleet", "report", "--store", str(store)])
    return capsys.readouterr().out


def test_many_parts_become_one_with_the_same_rows_and_the_same_report(tmp_path, capsys):
    store = small_parts(tmp_path, 7)
    before, told = rows(store), report(store, capsys)
    assert main(["fleet", "compact", "--store", str(store)]) == 0
    assert capsys.readouterr().out == "7 small parts merged into 1, 7 replaced parts deleted\n"
    assert (rows(store), report(store, capsys)) == (before, told)
    assert main(["fleet", "check", "--store", str(store)]) == 0
    assert capsys.readouterr().out.startswith("1 part of 14 sources: 14 boots")


def test_compacting_twice_changes_nothing(tmp_path, capsys):
    store = small_parts(tmp_path, 3)
    compact(open_store(store))
    before = content(store)
    assert main(["fleet", "compact", "--store", str(store), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["merged"] == 0
    assert content(store) == before


def test_the_same_parts_become_the_same_bytes(tmp_path):
    store = small_parts(tmp_path, 4)
    shutil.copytree(store, tmp_path / "other")
    compact(open_store(store))
    compact(open_store(tmp_path / "other"))
    assert content(store) == content(tmp_path / "other")


def test_what_was_known_is_known_after(tmp_path):
    store = small_parts(tmp_path, 3)
    compact(open_store(store))
    again = ingested(store, tmp_path / "logs")
    assert (again.known, again.boots, again.parts) == (6, 0, 0)


def test_of_copies_of_a_boot_the_best_stays_whole(tmp_path):
    text = boot_log("node1", 5, good=False)
    for name, log in {"cut": "".join(text.splitlines(True)[:5]), "same": text + "\n", "whole": text}.items():
        (tmp_path / f"{name}.log").write_text(log)
        ingested(tmp_path / "store", tmp_path / f"{name}.log", host="node1")
    before = {name: found for name, found in rows(tmp_path / "store").items() if name != "sources"}
    assert len(before["boots"]) == 1
    compact(open_store(tmp_path / "store"))
    assert inspect(open_store(tmp_path / "store")).rows["boots"] == 1
    after = rows(tmp_path / "store")
    assert {name: after[name] for name in before} == before
    assert len(after["sources"]) == 3


def test_parts_grow_by_steps_and_large_ones_stay(tmp_path, monkeypatch):
    store = small_parts(tmp_path, 4)
    before = rows(store)
    monkeypatch.setattr(compacting, "_LARGE", max(one.size for one in open_store(store).manifests()) * 2)
    assert compact(open_store(store)).made >= 2
    assert rows(store) == before
    left = parts(store)
    monkeypatch.setattr(compacting, "_SMALL", 1)
    assert (compact(open_store(store)).merged, parts(store)) == (0, left)


def test_an_ingest_compacts_a_store_of_many_small_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(compacting, "_MANY", 4)
    for number, host in enumerate(sorted(make_fleet(tmp_path / "logs", 8).iterdir()), 1):
        summary = ingested(tmp_path / "store", host)
        assert len(parts(tmp_path / "store")) < 4
        assert summary.compacted.merged == (4 if number in (4, 7) else 0)
    assert inspect(open_store(tmp_path / "store")).rows["boots"] == 16


def test_who_reads_goes_on_reading(tmp_path):
    store = small_parts(tmp_path, 3)
    fleet = open_fleet(store)
    before = fleet.ask("SELECT * FROM events ORDER BY ALL").rows
    done = compact(open_store(store))
    assert (done.merged, done.deleted, done.waiting) == (3, 0, 3)
    assert fleet.ask("SELECT * FROM events ORDER BY ALL").rows == before
    assert open_fleet(store).ask("SELECT * FROM events ORDER BY ALL").rows == before
    assert [one.endswith("(replaced)") for one in inspect(open_store(store)).leftovers] == [True] * 3
    fleet.close()
    assert compact(open_store(store)).deleted == 3
    assert len(parts(store)) == 1


def test_replaced_parts_that_wait_do_not_come_back(tmp_path):
    store = small_parts(tmp_path, 3)
    before = rows(store)
    fleet = open_fleet(store)
    compact(open_store(store))
    (tmp_path / "more.log").write_text(boot_log("more", 77))
    ingested(store, tmp_path / "more.log")
    compact(open_store(store))
    fleet.close()
    first = next(iter(parts(store)))
    compact(open_store(store))
    assert len(parts(store)) == 1, first
    assert len(rows(store)["boots"]) == len(before["boots"]) + 1


def test_a_damaged_part_is_left_alone_and_named(tmp_path, capsys):
    store = small_parts(tmp_path, 4)
    broken = parts(store)[1]
    (store / "parts" / broken / "events.parquet").write_bytes(b"PAR1")
    assert main(["fleet", "compact", "--store", str(store)]) == 1
    assert capsys.readouterr().out == f"3 small parts merged into 1, 3 replaced parts deleted; left alone, not whole: {broken}\n"
    assert broken in parts(store)


def test_two_at_once_are_one_line(tmp_path):
    store = small_parts(tmp_path, 2)
    with compacting.alone(open_store(store)), pytest.raises(TdxwhyError, match="another process compacts it"):
        compact(open_store(store))
    assert len(parts(store)) == 2


def test_beside_a_writer_and_readers_nothing_is_lost_and_nothing_twice(tmp_path, monkeypatch):
    hosts = sorted(make_fleet(tmp_path / "logs", 12).iterdir())
    ingested(tmp_path / "store", hosts[0])
    ended, failures = threading.Event(), []

    def reading() -> None:
        while not ended.is_set():
            try:
                boots, events = (len(found) for name, found in rows(tmp_path / "store").items() if name in ("boots", "events"))
                assert boots % 2 == 0 and events >= boots
            except BaseException as error:  # noqa: BLE001
                failures.append(error)

    def compacts() -> None:
        while not ended.is_set():
            compact(open_store(tmp_path / "store"))

    threads = [threading.Thread(target=reading), threading.Thread(target=compacts)]
    for thread in threads:
        thread.start()
    for host in hosts[1:]:
        ingested(tmp_path / "store", host)
    ended.set()
    for thread in threads:
        thread.join()
    assert failures == []
    compact(open_store(tmp_path / "store"))
    ingested(tmp_path / "other", *hosts)
    assert {name: sorted(map(str, found)) for name, found in rows(tmp_path / "store").items()} == {
        name: sorted(map(str, found)) for name, found in rows(tmp_path / "other").items()
    }


def test_killed_at_every_change_nothing_is_lost_and_nothing_twice(tmp_path):
    store = small_parts(tmp_path, 2)
    before = rows(store)
    # Each kind of change: locks and places, tables, manifest, the rename that counts, those of the replaced, their deletion.
    for number in (1, 2, 3, 4, 6, 10, 11, 12, 13, 14, 15, 16, 22, 29):
        shutil.copytree(store, tmp_path / "stores" / f"{number:04}")
    command = [sys.executable, "-m", "tests.fleet.killed", str(tmp_path / "stores"), "fleet", "compact", "--store", "{}"]
    run = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert int(run.stdout) == 14
    counted = set()
    for one in sorted((tmp_path / "stores").iterdir()):
        assert inspect(open_store(one)).troubles == ()
        assert rows(one) == before
        counted.add((len(open_store(one).manifests()), len(parts(one))))
        compact(open_store(one))
        assert (inspect(open_store(one)).rows["boots"], len(parts(one)), inspect(open_store(one)).leftovers) == (4, 1, ())
    # Killed before the merged part was there, before those that it replaces were gone, between them, and after.
    assert counted == {(2, 2), (1, 3), (1, 2), (1, 1)}
