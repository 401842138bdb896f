from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import threading
import zipfile
from pathlib import Path

import pytest
import xxhash

from tdxwhy.cli import main
from tdxwhy.fleet.content import opened
from tdxwhy.fleet.ingest import IngestRequest, Progress, ingest
from tdxwhy.fleet.query import open_fleet
from tdxwhy.fleet.sources import Source
from tdxwhy.fleet.store import open_store
from tests.fleet.fleets import boot_log, content, ingested, make_fleet

# What the loader says of a program whose libraries it cannot read.
_NOT_STARTED = 127


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
    fleet = make_fleet(tmp_path / "logs", 300, 4)
    ingested(tmp_path / "one", fleet, workers=1)
    ingested(tmp_path / "two", fleet, workers=2)
    assert content(tmp_path / "one") == content(tmp_path / "two")
    assert len(list((tmp_path / "one/parts").iterdir())) > 3


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


def unprivileged(tmp_path, *named):
    """Run ingest as a user from whom a folder can be kept; root reads everything."""
    tmp_path.chmod(0o777)
    command = [sys.executable, "-m", "tdxwhy", "ingest", *map(str, named), "--store", str(tmp_path / "store"), "--format", "json"]
    as_nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] if os.geteuid() == 0 else []
    readable = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([*as_nobody, *command], capture_output=True, text=True, env=readable, check=False)


def test_what_a_user_may_not_read_is_named_and_the_rest_is_read():
    # Below /tmp itself: pytest keeps its own folders from others.
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        fleet = make_fleet(folder / "logs", 3, 1)
        secret = fleet / "node002"
        (fleet / "node001/2026-11-01.log").chmod(0)
        secret.chmod(0)
        try:
            run = unprivileged(folder, fleet)
        finally:
            secret.chmod(0o755)
        if run.returncode == _NOT_STARTED or "No module" in run.stderr or "ermission" in run.stderr:
            pytest.skip("this Python is not for others to use")
        assert run.returncode == 0, run.stderr
        told = json.loads(run.stdout)
        assert told["boots"] == 1
        assert told["unread"] == [
            {"name": "logs/node001/2026-11-01.log", "why": "permission denied"},
            {"name": "logs/node002", "why": "permission denied"},
        ]


def test_a_journal_that_is_cut_gives_its_whole_entries_and_the_rest_later(tmp_path, capsys):
    def entry(host: str, seconds: float, message: str) -> str:
        times = {"__REALTIME_TIMESTAMP": str(int(1.7e15 + seconds * 1e6)), "__MONOTONIC_TIMESTAMP": str(int(seconds * 1e6))}
        return json.dumps({"_BOOT_ID": host * 32, "_HOSTNAME": host, "_TRANSPORT": "kernel", "MESSAGE": message, **times}) + "\n"

    lines = [(0, "Linux version 6.8.0-1015-tdx (a@b) #1 SMP"), (5, "virt/tdx: BIOS enabled: private KeyID range [64, 128)")]
    lines += [
        (6, "virt/tdx: SEAMCALL (0x0000000000000022) failed: 0xc000050500000000"),
        (6.1, "virt/tdx: module initialization failed (-5)"),
    ]
    stream = "".join(entry(host, *line) for host in "ab" for line in lines)
    for name, text in {"cut": stream[:-40], "middle": stream[: len(stream) // 2 + 300], "whole": stream}.items():
        (tmp_path / f"{name}.json").write_text(text)
        assert main(["ingest", str(tmp_path / f"{name}.json"), "--store", str(tmp_path / "store"), "--format", "json"]) == 0
        told = json.loads(capsys.readouterr().out)
        lost = [("entry of JSON that is cut or broken", 1)] if name != "whole" else []
        assert [(one["what"], one["pieces"]) for one in told["losses"]] == lost
    rows = open_fleet(tmp_path / "store").ask("SELECT host, outcome, source FROM boots ORDER BY ALL").rows
    assert [row[:2] for row in rows] == [("a", "failed"), ("b", "failed")]


def test_nothing_to_judge_is_status_3(tmp_path, capsys):
    (tmp_path / "empty.log").write_bytes(b"")
    assert main(["ingest", str(tmp_path / "empty.log"), "--store", str(tmp_path / "store")]) == 3
    assert "0 boots" in capsys.readouterr().out


def test_many_boots_in_one_file(tmp_path):
    console = tmp_path / "console.log"
    console.write_text("".join(boot_log("node1", at, at % 2 == 0) for at in range(300, 900)))
    summary = ingested(tmp_path / "store", console)
    assert summary.outcomes == {"failed": 300, "initialized": 300}


def large(folder: Path, kind: str) -> Path:
    """Write a source of more than a block: a log of many boots, as it is or in an archive."""
    log = "".join(boot_log("node1", number, bool(number % 5)) + "[   21.000000] filler\n" * 40 for number in range(1, 1200)).encode()
    path = folder / f"large.{kind}"
    if kind == "log":
        path.write_bytes(log)
    elif kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("node1.log", log)
    else:
        with tarfile.open(path, "w") as archive:
            entry = tarfile.TarInfo("node1.log")
            entry.size = len(log)
            archive.addfile(entry, io.BytesIO(log))
        with path.open("ab") as file:
            file.write(b"\0" * 3_000_000)
    assert path.stat().st_size > 1 << 20
    return path


@pytest.mark.parametrize("kind", ["log", "zip", "tar"])
def test_a_large_source_is_known_by_all_of_its_bytes(tmp_path, kind):
    path = large(tmp_path, kind)
    first = ingested(tmp_path / "store", path)
    assert (first.sources, first.boots, first.size) == (1, 1199, path.stat().st_size)
    (row,) = open_fleet(tmp_path / "store").ask("SELECT digest, size, boots FROM sources").rows
    assert row == (xxhash.xxh3_128_hexdigest(path.read_bytes()), path.stat().st_size, 1199)
    other = tmp_path / "other.log"
    other.write_text(boot_log("node2", 1))
    again = ingested(tmp_path / "store", path, other)
    assert (again.known, again.sources, again.boots) == (1, 1, 1)


@pytest.mark.parametrize(
    "change", [lambda data: data + b"\n", lambda data: data[:-2] + b"?\n"], ids=["of another size", "of the same size"]
)
def test_a_large_source_that_differs_from_a_known_one_is_new(tmp_path, change):
    path = large(tmp_path, "log")
    ingested(tmp_path / "store", path)
    path.write_bytes(change(path.read_bytes()))
    again = ingested(tmp_path / "store", path)
    assert (again.known, again.sources, again.boots) == (0, 1, 1199)
    assert len(open_store(tmp_path / "store").known().digests) == 2


@pytest.mark.parametrize("workers", [1, 2])
def test_a_store_among_its_logs_is_none_of_them(tmp_path, workers, monkeypatch):
    monkeypatch.setattr("tdxwhy.fleet.ingest.MANY", 2)
    make_fleet(tmp_path / "logs", 3)
    make_fleet(tmp_path / "logs" / "old" / "store", 1)
    for known in (0, 8):
        summary = ingested(tmp_path / "logs" / "store", tmp_path / "logs", workers=workers)
        assert (summary.known, summary.known + summary.sources, summary.unread, summary.losses) == (known, 8, (), ())


def test_only_a_large_source_of_a_known_size_is_read_twice(tmp_path):
    path = large(tmp_path, "log")
    source = Source(str(path), path.name, path.stat().st_size)
    with opened(source, sizes={source.size}) as content:
        assert content.digest == xxhash.xxh3_128_hexdigest(path.read_bytes())
    with opened(source, sizes={source.size + 1}) as content:
        assert content.digest is None


def test_progress_moves_within_one_source(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    moved = threading.Event()

    def tell(progress: Progress) -> None:
        if progress.size and not progress.sources:
            moved.set()

    def feed() -> None:
        with (tmp_path / "pipe").open("wb") as pipe:
            pipe.write(boot_log("node1", 5).encode())
            pipe.flush()
            moved.wait(30)

    writer = threading.Thread(target=feed)
    writer.start()
    summary = ingest(IngestRequest((str(tmp_path / "pipe"),), tmp_path / "store", workers=1), tell)
    writer.join()
    assert (moved.is_set(), summary.boots) == (True, 1)


def test_bytes_are_counted_across_processes():
    program = (
        "import os; from tdxwhy.fleet import counters; counters.begin(3); counters.add(5)\n"
        "child = os.fork()\n"
        "if not child: counters.begin(1030); counters.add(7); os._exit(0)\n"
        "os.waitpid(child, 0); print(counters.pending(), end=' '); counters.done(1030); print(counters.pending())"
    )
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert told.stdout == "12 5\n"
