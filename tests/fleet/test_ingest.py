from __future__ import annotations

import json

from tdxwhy.cli import main
from tests.fleet.fleets import boot_log, content, ingested, make_fleet


def test_a_folder_becomes_boots(tmp_path):
    summary = ingested(tmp_path / "store", make_fleet(tmp_path / "logs", 6), pattern="{host}/{date}.log")
    assert (summary.sources, summary.boots) == (12, 12)
    assert summary.outcomes == {"failed": 4, "initialized": 8}
    assert summary.unread == () and summary.losses == ()


def test_the_same_logs_twice_change_nothing(tmp_path):
    fleet = make_fleet(tmp_path / "logs", 4)
    ingested(tmp_path / "store", fleet)
    before = content(tmp_path / "store")
    again = ingested(tmp_path / "store", fleet)
    assert (again.sources, again.known, again.boots, again.parts) == (0, 8, 0, 0)
    assert content(tmp_path / "store") == before


def test_any_number_of_processes_writes_the_same_bytes(tmp_path):
    fleet = make_fleet(tmp_path / "logs", 150, 4)
    ingested(tmp_path / "one", fleet, workers=1)
    ingested(tmp_path / "two", fleet, workers=2)
    assert content(tmp_path / "one") == content(tmp_path / "two")
    assert len(list((tmp_path / "one/parts").iterdir())) == 3


def test_what_cannot_be_read_is_named(tmp_path, capsys):
    fleet = make_fleet(tmp_path / "logs", 1)
    (fleet / "empty.log").write_bytes(b"")
    (fleet / "picture.log").write_bytes(bytes(range(256)) * 300)
    (fleet / "elsewhere").symlink_to("/etc")
    status = main(["ingest", str(fleet), str(tmp_path / "missing"), "--store", str(tmp_path / "store"), "--format", "json", "--jobs", "1"])
    told = json.loads(capsys.readouterr().out)
    assert status == 2
    assert told["boots"] == 2
    assert [one["why"] for one in told["unread"]] == ["no such file, folder or match", "symbolic link, not followed"]
    assert {one["what"] for one in told["losses"]} == {"empty", "binary, not a log"}


def test_nothing_to_judge_is_status_3(tmp_path, capsys):
    (tmp_path / "empty.log").write_bytes(b"")
    assert main(["ingest", str(tmp_path / "empty.log"), "--store", str(tmp_path / "store")]) == 3
    assert "0 boots" in capsys.readouterr().out


def test_many_boots_in_one_file(tmp_path):
    console = tmp_path / "console.log"
    console.write_text("".join(boot_log("node1", at, at % 2 == 0) for at in range(300, 900)))
    summary = ingested(tmp_path / "store", console)
    assert summary.outcomes == {"failed": 300, "initialized": 300}
