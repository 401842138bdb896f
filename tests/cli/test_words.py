"""Words without an option mean what the command's parser says."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from tdxwhy.cli import COMMANDS
from tdxwhy.cli.words import understood
from tests.conftest import ROOT

WORDS = (["a.log"], ["a.log", "b c", ""], ["-"], ["-", "a"], ["7"], ["@a"])


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("command", COMMANDS)
def test_they_are_understood_as_the_parser_does(command: str, words: list[str]) -> None:
    told = understood(command, words)
    assert told is None or vars(told) == vars(import_module(f"tdxwhy.cli.{command}").parser().parse_args(words))


@pytest.mark.parametrize("words", [[], ["a", "--brief"], ["--"], ["-x"], ["a", "-"]])
def test_options_are_left_to_the_parser(words: list[str]) -> None:
    assert (understood("log", words) is None) is (words != ["a", "-"])


def test_a_plain_start_imports_no_parser() -> None:
    code = "import sys; from tdxwhy.cli import main; main(sys.argv[1:]); sys.exit(int('argparse' in sys.modules))"
    for _ in range(2):  # the first makes the tables, by the parsers
        ran = subprocess.run([sys.executable, "-c", code, "decode", "0x24"], cwd=ROOT, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_those_that_people_wait_for_are() -> None:
    assert understood("log", ["a"]) is not None
    assert understood("decode", ["0x1", "-"]) is not None
    assert understood("replay", ["a"]) is not None
    assert understood("replay", ["a", "b"]) is None
