from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from tdxwhy.cli import main

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "reports/schema/follow.schema.json").read_text(encoding="utf-8"))
SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "logs"
COMMAND = [sys.executable, "-m", "tdxwhy", "log", "--follow", "--format", "json"]
ENV = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2] / "analyzer")}
HEAD = "[    0.000000] Linux version 6.8.0-1015-tdx (builder@host) #1 SMP\n"
HEAD += "[    5.000001] virt/tdx: BIOS enabled: private KeyID range [64, 128)\n"
GOOD = "[    6.000001] virt/tdx: module initialized\n"
BAD = (
    "[    6.000001] virt/tdx: SEAMCALL (0x0000000000000022) failed: 0xc000050500000000\n"
    "[    6.000002] virt/tdx: module initialization failed (-5)\n"
)


def followed(text: str) -> list[dict]:
    run = subprocess.run([*COMMAND, "-"], input=text, capture_output=True, text=True, env=ENV, check=False)
    assert run.stderr == ""
    return [json.loads(line) for line in run.stdout.splitlines()]


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*/dmesg*.log")), ids=lambda path: path.parent.name)
def test_at_the_end_it_says_what_log_says(path, monkeypatch, capsys):
    main(["log", str(path), "--format", "json"])
    said = json.loads(capsys.readouterr().out)["logs"][0]
    handle = os.open(path, os.O_RDONLY)
    kept = os.dup(0)
    os.dup2(handle, 0)
    try:
        main(["log", "--follow", "--format", "json", "-"])
    finally:
        os.dup2(kept, 0)
        os.close(kept)
        os.close(handle)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for one in told:
        jsonschema.Draft202012Validator(SCHEMA).validate(one)
    if said["outcome"] == "unknown" or said["role"] not in ("host", "guest"):
        return
    assert told
    assert {key: told[-1][key] for key in ("role", "outcome", "steps", "causes")} == {
        key: said[key] for key in ("role", "outcome", "steps", "causes")
    }


def test_hosts_and_boots_of_one_journal_are_kept_apart():
    entries = []
    for number, (host, text) in enumerate((host, line) for line in (HEAD + BAD).splitlines() for host in ("one", "two")):
        message = text.partition("] ")[2]
        if host == "two" and "failed" in message:
            continue
        micro = int(float(text[1:13]) * 1e6)
        entries.append(
            {
                "_BOOT_ID": host[0] * 32,
                "_HOSTNAME": host,
                "MESSAGE": message,
                "__MONOTONIC_TIMESTAMP": str(micro),
                "PRIORITY": "6",
                "n": number,
            }
        )
    told = followed("".join(json.dumps(entry) + "\n" for entry in entries))
    assert [(one["host"], one["boot_id"], one["outcome"]) for one in told if one["outcome"] == "failed"] == [("one", "o" * 32, "failed")]


def test_a_second_boot_ends_the_first():
    told = followed(HEAD + BAD + HEAD + GOOD)
    assert [one["outcome"] for one in told] == ["failed", "initialized"]
    assert [one["schema"] for one in told] == ["tdxwhy/follow/1"] * 2


def interruptible():
    """A job in the background of a shell ignores SIGINT, and so would all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_a_file_that_rotates_is_followed(tmp_path):
    log = tmp_path / "kern.log"
    log.write_text(HEAD)
    run = subprocess.Popen([*COMMAND, str(log)], stdout=subprocess.PIPE, text=True, env=ENV, preexec_fn=interruptible)  # noqa: PLW1509 - it does nothing but that
    try:
        with log.open("a") as file:
            file.write(BAD)
        assert json.loads(run.stdout.readline())["outcome"] == "failed"
        log.rename(tmp_path / "kern.log.1")
        log.write_text(HEAD + GOOD)
        assert json.loads(run.stdout.readline())["outcome"] == "initialized"
        log.write_text("")
        log.write_text(HEAD + BAD)
        assert json.loads(run.stdout.readline())["outcome"] == "failed"
    finally:
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=20)
    assert run.returncode == 1


def test_nothing_told_is_status_3(tmp_path):
    run = subprocess.run([*COMMAND, "-"], input="just words\n", capture_output=True, text=True, env=ENV, check=False)
    assert (run.returncode, run.stdout) == (3, "")


@pytest.mark.parametrize("arguments", [["--follow", "a", "b"], ["--follow", "--format", "html"], ["--follow", "/nonexistent/log"]])
def test_misuse_is_one_line(arguments, capsys):
    assert main(["log", *arguments]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_flood_does_not_change_the_answer():
    flood = "".join(f"[    7.{number:06}] audit: made-up record {number}\n" for number in range(30_000))
    told = followed(HEAD + BAD + flood)
    assert told[-1]["outcome"] == "failed"
