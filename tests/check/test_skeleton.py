"""A new rule from the skeleton loads, and its examples hold before anything is written."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tdxwhy.check import skeleton
from tdxwhy.check.examples import try_rule
from tdxwhy.check.rules import load_rule
from tdxwhy.errors import main_in_one_line


@pytest.mark.parametrize("rule_id", ["TDX011", "TDX111", "TDX211", "TDX311", "TDX411", "TDX511", "TDX901"])
def test_a_skeleton_is_a_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rule_id: str) -> None:
    monkeypatch.setattr(sys, "argv", ["skeleton", rule_id, str(tmp_path / "new")])
    skeleton.main()
    rule = load_rule(tmp_path / "new" / f"{rule_id}.toml")
    assert "in words that fit a list" in rule.title
    assert [one.why for one in try_rule(rule)] == [""] * len(rule.example)


@pytest.mark.parametrize("arguments", [[], ["X"], ["TDX901"], ["TDX101"]])
def test_what_cannot_be_made_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["skeleton", *arguments])
    with pytest.raises(SystemExit) as caught:
        main_in_one_line(skeleton.main)
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("tdxwhy: ")
