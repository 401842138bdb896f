from __future__ import annotations

import errno
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
from tdxwhy.fleet import part as parts_of_store
from tdxwhy.fleet.inspect import inspect
from tdxwhy.fleet.store import open_store
from tests.fleet.fleets import content, ingested, make_fleet

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "tdxwhy", "ingest"]


def parts(store: Path) -> dict[str, bytes]:
    return {name: data for name, data in content(store).items() if name.startswith("parts/")}


def test_a_good_store_is_whole(tmp_path, capsys):
    ingested(tmp_path / "store", make_fleet(tmp_path / "logs", 3))
    assert main(["fleet", "check", "--store", str(tmp_path / "store")]) == 0
    assert capsys.readouterr().out == "1 part of 6 sources: 6 boots, 6 attempts, 14 events, 6 findings, 0 incidents\nwhole\n"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda part: (part / "events.parquet").write_bytes((part / "events.parquet").read_bytes()[:-9]), "bytes, and"),
        (lambda part: (part / "boots.parquet").write_bytes(b"x" * (part / "boots.parquet").stat().st_size), "content has changed"),
        (lambda part: (part / "attempts.parquet").unlink(), "no such file"),
        (lambda part: (part / "manifest.json").write_text("{"), "manifest.json: cannot be read"),
        (lambda part: (part / "manifest.json").write_text('{"schema": "tdxwhy/fleet/4"}'), "manifest is not whole"),
        (lambda part: (part / "stray").write_text(""), "does not belong there"),
    ],
)
def test_damage_is_found_and_named(tmp_path, damage, said):
    ingested(tmp_path / "store", make_fleet(tmp_path / "logs", 1))
    damage(next((tmp_path / "store/parts").iterdir()))
    assert [said in trouble for trouble in inspect(open_store(tmp_path / "store")).troubles] == [True]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("damage", [lambda data: data[:100], lambda data: b"", lambda data: data[:90] + bytes(9) + data[99:]])
def test_an_ingest_into_a_damaged_store_says_so_in_one_line(tmp_path, workers, damage):
    logs = make_fleet(tmp_path / "logs", 1)
    ingested(tmp_path / "store", logs)
    file = next(tmp_path.glob("store/parts/*/sources.parquet"))
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(TdxwhyError, match=r"^store: \w+: sources.parquet: [^\n]*$"):
        ingested(tmp_path / "store", logs, workers=workers)


def test_half_a_part_is_one_line_for_a_query(tmp_path, capsys):
    ingested(tmp_path / "store", make_fleet(tmp_path / "logs", 1))
    file = next(tmp_path.glob("store/parts/*/boots.parquet"))
    file.write_bytes(file.read_bytes()[:100])
    assert main(["fleet", "report", "--store", str(tmp_path / "store")]) == 2
    assert "fleet check tells more" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('{"schema": "tdxwhy/fleet/1"}', "tdxwhy ingest --store NEW LOGS..."),
        ('{"schema": "tdxwhy/fleet/9"}', "a newer tdxwhy may read it"),
        ("{}", ""),
        ("[]", ""),
        ("", ""),
        ("\0", ""),
    ],
)
@pytest.mark.parametrize("place", ["store.json", "parts/*/manifest.json"])
def test_another_version_is_refused_with_one_line(tmp_path, capsys, text, hint, place):
    ingested(tmp_path / "store", make_fleet(tmp_path / "logs", 1))
    next((tmp_path / "store").glob(place)).write_text(text)
    for command in (["report"], ["query", "SELECT 1"], ["export"], ["check"], ["compact"]):
        status = main(["fleet", *command, "--store", str(tmp_path / "store")])
        out, err = capsys.readouterr()
        if command == ["check"] and place != "store.json":
            assert status == 1 and out.startswith("1 part of 0 sources") and out.endswith("not whole\n")
        else:
            assert status == 2 and err.startswith("tdxwhy: ") and hint in err and len(err.splitlines()) <= 2 and out == ""


def test_a_folder_that_is_no_store_is_not_touched(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home/letter").write_text("dear")
    with pytest.raises(TdxwhyError, match="neither a store nor empty"):
        ingested(tmp_path / "home", make_fleet(tmp_path / "logs", 1))
    assert content(tmp_path / "home") == {"letter": b"dear"}


def test_a_full_disk_is_one_line_and_leaves_a_whole_store(tmp_path, monkeypatch):
    fleet = make_fleet(tmp_path / "logs", 300, 4)
    synced = []
    sync = parts_of_store.sync

    def full(path):
        synced.append(path)
        if len(synced) > 10:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(path)

    monkeypatch.setattr(parts_of_store, "sync", full)
    with pytest.raises(TdxwhyError, match="no space left on device"):
        ingested(tmp_path / "store", fleet)
    monkeypatch.setattr(parts_of_store, "sync", sync)
    found = inspect(open_store(tmp_path / "store"))
    assert (found.parts, found.troubles, found.leftovers) == (1, (), ())
    ingested(tmp_path / "store", fleet)
    ingested(tmp_path / "other", fleet)
    assert parts(tmp_path / "store") == parts(tmp_path / "other")


def killed_after(seconds: float, command: list[str]) -> None:
    """Start a command with all that it starts, and kill all of it."""
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    time.sleep(seconds)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()


def test_killed_at_any_moment_nothing_is_lost_and_nothing_twice(tmp_path):
    fleet = make_fleet(tmp_path / "logs", 300, 4)
    command = [*COMMAND, str(fleet), "--store", str(tmp_path / "store"), "--jobs", "2"]
    began = time.monotonic()
    subprocess.run([*command[:-3], str(tmp_path / "timed"), *command[-2:]], check=True, stdout=subprocess.DEVNULL)
    lasts = time.monotonic() - began
    for share in (0.4, 0.6, 0.8):
        killed_after(lasts * share, command)
        if (tmp_path / "store/store.json").exists():
            assert inspect(open_store(tmp_path / "store")).troubles == ()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert content(tmp_path / "store") == content(tmp_path / "timed")


@pytest.mark.skipif(signal.getsignal(signal.SIGINT) == signal.SIG_IGN, reason="a job in the background is born to ignore the signal")
def test_who_gives_up_at_any_moment_sees_no_traceback_of_any_process(tmp_path):
    fleet = make_fleet(tmp_path / "logs", 300, 4)
    command = [*COMMAND, str(fleet), "--store", str(tmp_path / "store"), "--jobs", "2"]
    began = time.monotonic()
    subprocess.run([*command[:-3], str(tmp_path / "timed"), *command[-2:]], check=True, stdout=subprocess.DEVNULL)
    lasts, ends = time.monotonic() - began, []
    for share in (0.3, 0.4, 0.5, 0.6, 0.7):
        run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, process_group=0)
        time.sleep(lasts * share)
        os.killpg(run.pid, signal.SIGINT)
        ends.append((run.communicate()[1], run.returncode))
    assert set(ends) <= {(b"", 130), (b"", 0), (b"", -signal.SIGINT)} and set(ends) != {(b"", 0)}
    assert inspect(open_store(tmp_path / "store")).troubles == ()


def test_killed_at_every_change_and_run_again_the_store_is_as_if_nothing_had_happened(tmp_path):
    fleet = make_fleet(tmp_path / "logs", 3)
    ingested(tmp_path / "whole", fleet)
    # Each kind of change: the folders of the store, its name, the writer's place, tables, manifest, the rename that counts, clearing up.
    for number in range(1, 20):
        (tmp_path / "stores" / f"{number:04}").mkdir(parents=True)
    command = [sys.executable, "-m", "tests.fleet.killed", str(tmp_path / "stores"), "ingest", str(fleet), "--jobs", "1", "--store", "{}"]
    run = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert int(run.stdout) >= 16
    for one in sorted((tmp_path / "stores").iterdir()):
        if (one / "store.json").exists():
            assert inspect(open_store(one)).troubles == ()
        ingested(one, fleet)
        assert content(one) == content(tmp_path / "whole"), one.name


def test_a_writer_that_is_killed_beside_another_does_it_no_harm(tmp_path):
    fleet = make_fleet(tmp_path / "logs", 400, 4)
    command = [*COMMAND, str(fleet), "--store", str(tmp_path / "store"), "--jobs", "1"]
    other = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    for seconds in (0.3, 0.5):
        killed_after(seconds, command)
    assert other.wait() == 0
    ingested(tmp_path / "store", fleet)
    ingested(tmp_path / "other", fleet)
    assert content(tmp_path / "store") == content(tmp_path / "other")


LIMITED = {
    "by the size of a file": ["bash", "-c", 'ulimit -f 8; "$@"; echo $?', "-"],
    "by a file system": ["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o size=120k none "$STORE" || exit 99; "$@"; echo $?; $CHECK', "-"],
}


@pytest.mark.parametrize("limited", LIMITED)
def test_a_disk_that_is_really_full_is_one_line_and_leaves_a_whole_store(tmp_path, limited):
    """A limit on the size of files is for anybody, a file system of one's own for root."""
    fleet, store = make_fleet(tmp_path / "logs", 300, 4), tmp_path / "disk" / "store"
    store.parent.mkdir()
    command = [*COMMAND, str(fleet), "--jobs", "1", "--quiet", "--store", str(store)]
    environment = {"STORE": str(store.parent), "CHECK": f"{sys.executable} -m tdxwhy fleet check --store {store}"}
    done = subprocess.run([*LIMITED[limited], *command], capture_output=True, text=True, env={**os.environ, **environment}, check=False)
    if done.returncode == 99 or "unshare" in done.stderr:
        pytest.skip("no file system of one's own here")
    full = "file too large" if limited == "by the size of a file" else "no space left on device"
    assert done.stderr.splitlines() == [f"tdxwhy: store: {full}", "hint: what was written before is whole; run the command again"]
    assert done.stdout.splitlines()[0] == "2"
    assert done.stdout.splitlines()[-1] == ("whole" if limited == "by a file system" else "2")
    ingested(store, fleet)
    ingested(tmp_path / "other", fleet)
    assert parts(store) == parts(tmp_path / "other")


def test_two_writers_at_once_make_the_store_that_one_makes(tmp_path):
    fleet = make_fleet(tmp_path / "logs", 400, 4)
    command = [*COMMAND, str(fleet), "--store", str(tmp_path / "store"), "--jobs", "1", "--format", "json"]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    told = [json.loads(run.communicate()[0]) for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    ingested(tmp_path / "other", fleet)
    assert content(tmp_path / "store") == content(tmp_path / "other")
    assert sum(one["parts"] for one in told) == len(list((tmp_path / "store/parts").iterdir())) > 3
