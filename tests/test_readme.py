"""What the README shows is what the commands print."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tdxwhy.check.suppress import written
from tdxwhy.cli import main
from tdxwhy.config import load
from tdxwhy.records import Place
from tests.conftest import ROOT

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = [
    (command, output)
    for block in re.findall(r"^```console\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    for command, output in re.findall(r"^\$ tdxwhy ([^\n]*)\n(.*?)(?=^\$ |\Z)", block, re.MULTILINE | re.DOTALL)
]


@pytest.mark.parametrize(("command", "output"), SHOWN, ids=[command for command, _ in SHOWN])
def test_shown_output_is_real(command: str, output: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("NO_COLOR", "1")
    main(command.split())
    assert capsys.readouterr().out.rstrip("\n") == output.rstrip("\n")


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (ROOT / target).exists(), target


def test_every_command_is_in_the_readme_or_its_help() -> None:
    from tdxwhy.cli import COMMANDS

    unnamed = [name for name in COMMANDS if f"tdxwhy {name}" not in TEXT and f"**{name}**" not in TEXT]
    assert not unnamed, unnamed


def test_the_settings_shown_are_settings(tmp_path: Path) -> None:
    (shown,) = re.findall(r"^```toml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    path = tmp_path / ".tdxwhy.toml"
    path.write_text(shown)
    settings = load(path)
    assert settings.fail_on == "error"
    assert settings.suppress[0].reason == "goes away with the old loader"


def test_the_marks_shown_are_marks() -> None:
    marks = written("\n".join(re.findall(r"`([^`]*dxwhy[^`]*ignore[^`]*)`", TEXT)), Place("README.md"))
    assert [mark.rules for mark in marks] == [("TDX201",), ("TDX201",)]
    assert all(mark.reason for mark in marks)
