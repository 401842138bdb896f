"""The command line where something is wrong with a stream, a name or the locale: one line, the right status, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LOG = str(ROOT / "samples" / "logs" / "package-without-cpu-of-16" / "dmesg.log")


def shell(script: str, *arguments: str | bytes, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a shell line in which $@ is tdxwhy and its arguments."""
    settings = {**os.environ, "PYTHONPATH": str(ROOT / "analyzer"), **environment}
    command = ["/bin/bash", "-c", script, "tdxwhy", sys.executable, "-m", "tdxwhy", *arguments]
    done = subprocess.run(command, capture_output=True, env=settings, check=False, timeout=60)
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    return done


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("log", "--help"), ("log", LOG), ("forms",), ("decode", "-5")])
def test_a_full_disk_is_said_in_one_line(arguments: tuple[str, ...]) -> None:
    done = shell('"$@" >/dev/full', *arguments)
    assert (done.returncode, done.stderr) == (2, b"tdxwhy: no space left on device\n")


@pytest.mark.parametrize("arguments", [("--version",), ("log", LOG), ("gate", LOG)])
def test_a_closed_output_is_said_in_one_line(arguments: tuple[str, ...]) -> None:
    done = shell('"$@" >&-', *arguments)
    assert (done.returncode, done.stderr) == (2, b"tdxwhy: standard output is closed\n")


@pytest.mark.parametrize("arguments", [("--help",), ("log", LOG), ("forms",)])
def test_a_reader_that_went_away_ends_it_quietly(arguments: tuple[str, ...]) -> None:
    done = shell('set -o pipefail; { sleep 0.5; "$@"; } | true', *arguments)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("command", ["log", "replay", "review", "gate"])
def test_a_closed_input_has_nothing_to_judge(command: str) -> None:
    assert shell('"$@" <&-', command, "-").returncode == 3


@pytest.mark.parametrize("stream", ["2>&-", "2>/dev/full"])
def test_a_complaint_that_cannot_be_written_leaves_the_status_alone(stream: str) -> None:
    assert shell(f'"$@" {stream}', "log", "/no/such/file").returncode == 2
    assert shell(f'"$@" </dev/null {stream}', "log", "-").returncode == 3
    assert shell(f'"$@" {stream}', "log", LOG).returncode == 1


@pytest.mark.parametrize("locale", [{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"PYTHONIOENCODING": "latin-1"}])
def test_every_locale_gets_the_same_bytes(locale: dict[str, str]) -> None:
    for form in ("text", "json", "html"):
        done = shell('"$@"', "log", "--format", form, LOG, **locale)
        assert (done.returncode, done.stdout) == (1, shell('"$@"', "log", "--format", form, LOG).stdout)


@pytest.mark.parametrize("name", [b"two words", b"two\nlines", b"\x1b]0;title\x07", b"no-utf8-\xff", b"-dash", b"%s{0}$(id)"])
@pytest.mark.parametrize("command", ["log", "replay", "gate"])
def test_any_file_name_is_shown_safely(tmp_path: Path, command: str, name: bytes) -> None:
    path = os.fsencode(tmp_path) + b"/" + name
    Path(os.fsdecode(path)).write_bytes(Path(LOG).read_bytes())
    found = shell('"$@"', command, path)
    missing = shell('"$@"', command, path + b"-not-there")
    assert (found.returncode, missing.returncode) == (1, 2)
    assert b"\x1b" not in found.stdout + found.stderr + missing.stderr
    assert missing.stderr.count(b"\n") == 1


@pytest.mark.parametrize("command", ["log", "gate", "fleet", "rules", "simulate"])
def test_a_mistyped_option_is_one_line_and_a_hint(command: str) -> None:
    done = shell('"$@"', command, "--no-such-option")
    said = done.stderr.decode().splitlines()
    assert (done.returncode, len(said)) == (2, 2)
    assert said[1] == f"hint: tdxwhy {command} --help"


def test_an_option_is_never_guessed_from_its_beginning() -> None:
    assert shell('"$@"', "log", "--brie", LOG).returncode == 2
