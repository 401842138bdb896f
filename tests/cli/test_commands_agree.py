"""What all commands have in common: the names of formats, -o, colour, the words of a refusal, and how they end."""

from __future__ import annotations

import argparse
import fcntl
import io
import os
import signal
import subprocess
import sys
import termios
import time
import zipfile
from collections.abc import Iterator
from importlib import import_module

import pytest

from tdxwhy.cli import COMMANDS, main
from tests.conftest import ROOT

LOGS = ROOT / "samples" / "logs"
FAILED = LOGS / "package-without-cpu-of-2" / "dmesg.log"
# One word for one thing, whatever command it is asked of.
VOCABULARY = {
    "text", "full", "terse", "json", "jsonl", "csv", "parquet", "markdown", "html", "reply", "svg", "dot", "mermaid",
    "sarif", "junit", "tap", "github", "gitlab", "rdjsonl", "b4", "openmetrics", "journal",
}  # fmt: skip


def parsers() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for name in COMMANDS:
        made = import_module(f"tdxwhy.cli.{name}").parser()
        below = [
            inner for group in (made._subparsers._group_actions if made._subparsers else ()) for inner in (group.choices or {}).values()
        ]
        yield from ((one.prog, one) for one in below or [made])


PARSERS = dict(parsers())


def option(parser: argparse.ArgumentParser, name: str) -> argparse.Action | None:
    return next((action for action in parser._actions if name in action.option_strings), None)


@pytest.mark.parametrize("prog", PARSERS)
def test_formats_are_of_one_vocabulary_with_the_default_in_the_help(prog: str) -> None:
    found = option(PARSERS[prog], "--format")
    if found is None:
        return
    assert set(found.choices or ()) <= VOCABULARY
    assert f"(default: {found.default})" in " ".join(PARSERS[prog].format_help().split())
    if "text" in (found.choices or ()):
        assert found.default == "text"


@pytest.mark.parametrize("prog", PARSERS)
def test_every_default_is_in_the_help(prog: str) -> None:
    for action in PARSERS[prog]._actions:
        assert action.help, action.option_strings or action.dest
        if action.option_strings and action.default and action.default != argparse.SUPPRESS:
            assert "(default: " in PARSERS[prog]._get_formatter()._expand_help(action), action.option_strings


@pytest.mark.parametrize("prog", PARSERS)
def test_every_command_takes_o(prog: str) -> None:
    assert option(PARSERS[prog], "-o") is not None


@pytest.mark.parametrize("prog", PARSERS)
def test_a_bad_value_names_its_choices(prog: str, capsys) -> None:
    for action in PARSERS[prog]._actions:
        if action.option_strings and action.choices:
            assert main([*prog.split()[1:], action.option_strings[-1], "no-such-value"]) == 2
            said = capsys.readouterr().err
            assert all(str(choice) in said for choice in action.choices), said


def test_output_goes_where_o_says_and_is_whole_or_absent(tmp_path, capsys) -> None:
    place = tmp_path / "report.json"
    assert main(["log", str(FAILED), "--format", "json", "-o", str(place)]) == 1
    assert capsys.readouterr().out == ""
    main(["log", str(FAILED), "--format", "json"])
    assert place.read_text(encoding="utf-8") == capsys.readouterr().out
    assert main(["log", "--brief", str(FAILED), "--output", str(tmp_path / "no" / "folder")]) == 2
    place.write_text("before")
    assert main(["explain", "no-such-name", "-o", str(place)]) == 2
    assert place.read_text() == "before"
    assert [one.name for one in tmp_path.iterdir()] == ["report.json"]


@pytest.mark.parametrize(
    ("arguments", "environment", "coloured"),
    [
        ([], {}, False),
        (["--color", "always"], {}, True),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
        ([], {"FORCE_COLOR": ""}, False),
    ],
)
def test_colour_is_as_asked_for(arguments, environment, coloured, monkeypatch, capsys) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for command in ("log", str(FAILED)), ("gate", "--isolated", str(FAILED)):
        main([*command, *arguments])
        assert ("\x1b[" in capsys.readouterr().out) is coloured


def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "analyzer")}
    return subprocess.run([sys.executable, "-m", "tdxwhy", *arguments], capture_output=True, env=environment, check=False, **options)


def test_a_pipe_a_dash_and_a_file_are_read_alike(tmp_path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.log", FAILED.read_bytes())
    (tmp_path / "a.zip").write_bytes(packed.getvalue())
    for path in (FAILED, LOGS / "td-keyids-used-up" / "paste.txt", tmp_path / "a.zip"):
        named = run("log", str(path))
        for words in ((), ("-",)):
            piped = run("log", *words, input=path.read_bytes())
            assert piped.returncode == named.returncode == 1
            assert piped.stdout == named.stdout.replace(str(path).encode(), b"stdin")


def started(*arguments: str, **options: object) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "analyzer")}
    return subprocess.Popen(
        [sys.executable, "-m", "tdxwhy", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, **options
    )


def test_sigterm_loses_nothing_that_a_follower_has_read() -> None:
    text = FAILED.read_bytes()
    with started("log", "--follow", "-", stdin=subprocess.PIPE) as child:
        child.stdin.write(text)  # type: ignore[union-attr]
        child.stdin.flush()  # type: ignore[union-attr]
        first = child.stdout.readline()  # type: ignore[union-attr]
        child.stdin.write(b"[  100.000000] Linux version 6.16.9 (a@b) #1 SMP\n[  101.000000] virt/tdx: module initialized\n")  # type: ignore[union-attr]
        child.stdin.flush()  # type: ignore[union-attr]
        while int.from_bytes(fcntl.ioctl(child.stdin, termios.FIONREAD, bytes(4)), sys.byteorder):  # until it has been read
            time.sleep(0.01)
        child.send_signal(signal.SIGTERM)
        rest, said = child.communicate(timeout=30)
    assert child.returncode == 143
    assert first.startswith(b"outcome=failed")
    assert b"outcome=initialized" in rest
    assert said == b""


def test_sigterm_leaves_a_store_whole_and_nothing_beside_it(tmp_path) -> None:
    from tests.fleet.fleets import make_fleet

    make_fleet(tmp_path / "logs", hosts=150, boots=8)
    store = str(tmp_path / "store")
    with started("ingest", "--quiet", "--jobs", "2", "--store", store, str(tmp_path / "logs")) as child:
        while not (tmp_path / "store" / "store.json").exists() and child.poll() is None:  # before that nothing has begun
            time.sleep(0.01)
        child.send_signal(signal.SIGTERM)
        _, said = child.communicate(timeout=120)
    assert child.returncode in (0, 143)
    assert said == b""
    assert run("fleet", "check", "--store", store).returncode == 0
    assert run("ingest", "--quiet", "--jobs", "2", "--store", store, str(tmp_path / "logs")).returncode == 0
    counted = run("fleet", "query", "--store", store, "SELECT count(*) AS n FROM boots", "--format", "csv")
    assert counted.stdout == b"n\n1200\n"
    assert not list((tmp_path / "store" / "tmp").iterdir())
