"""Rule files: what is accepted, and the one line that says what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tdxwhy.check.catalogue import chosen, find, rules_of, shipped_folders
from tdxwhy.check.predicates import PREDICATES
from tdxwhy.check.rules import FOLDERS, load_folders, load_rule
from tdxwhy.errors import RulesError, TdxwhyError

GOOD = """
id = "TDX901"
title = "t"
subject = "log-line"
severity = "warning"
precision = "high"
message = "says {text}"
why = "w"
fix = "f"
gaps = "g"
source = "s"
[when]
is_failure = true
[require]
level = ["err"]
[[example]]
kind = "bad"
text = "a"
[[example]]
kind = "good"
text = "b"
"""


def written(folder: Path, text: str, name: str = "TDX901.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_complete_rule_is_read(tmp_path: Path) -> None:
    rule = load_rule(written(tmp_path, GOOD))
    assert (rule.id, rule.require, [one.kind for one in rule.example]) == ("TDX901", {"level": ["err"]}, ["bad", "good"])


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('severity = "warning"', 'severity = "critcal"', "severity"),
        ('precision = "high"', 'precision = "hi"', "precision"),
        ('title = "t"', 'title = "t"\ncolour = 1', "colour"),
        ('title = "t"', 'title = " "', "title is empty"),
        ('source = "s"\n', "", "source"),
        ('gaps = "g"\n', "", "gaps"),
        ("is_failure = true", "is_failur = true", "did you mean is_failure?"),
        ("is_failure = true", "is_failure = 1", "wants true or false"),
        ("is_failure = true", "verdict = ['conforms']", "cannot be asked of a log-line"),
        ('level = ["err"]', 'level = ["eror"]', "'eror' is none of"),
        ('level = ["err"]', 'level = "err"', "wants a list of words"),
        ('level = ["err"]', "", "[require] is empty"),
        ("{text}", "{text.__class__}", "no placeholder"),
        ("{text}", "{text!r}", "no placeholder"),
        ("{text}", "{text", "message:"),
        ('kind = "bad"', 'kind = "good"', 'no [[example]] of kind "bad"'),
        ('kind = "good"', 'kind = "bad"', 'no [[example]] of kind "good"'),
        ('id = "TDX901"', 'id = "TDX902"', "the file name says 'TDX901'"),
        ('id = "TDX901"', 'id = "TDX901', "not TOML"),
    ],
)
def test_what_is_odd_is_one_line_with_the_file(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(RulesError) as caught:
        load_rule(written(tmp_path, GOOD.replace(old, new)))
    assert caught.value.message.startswith("TDX901.toml: ")
    assert says in caught.value.message
    assert "\n" not in caught.value.message


def test_hostile_files_are_complaints(tmp_path: Path) -> None:
    path = tmp_path / "TDX901.toml"
    for content in (b"\xff\xfe\x00", b"a = " + b"[" * 20000, b"#" * 300_000, b""):
        path.write_bytes(content)
        with pytest.raises(RulesError):
            load_rule(path)


def test_an_id_is_given_once(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        written(tmp_path / name, GOOD)
    with pytest.raises(RulesError, match="another rule TDX901"):
        load_folders([tmp_path / "one", tmp_path / "two"])


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="no such folder"):
        load_folders([tmp_path / "none"])


def test_shipped_rules_load_and_stand_in_their_range() -> None:
    ranges = {"gate": "TDX0", "log": "TDX1", "patch": "TDX2", "thread": "TDX3", "replay": "TDX4", "outcome": "TDX5"}
    for folder in shipped_folders():
        for rule in load_folders([folder]):
            assert rule.id.startswith(ranges[folder.name])


def test_every_predicate_is_used_by_a_shipped_rule_or_documented() -> None:
    assert all(known.meaning.startswith("Tell ") for known in PREDICATES.values())


def test_choice_by_prefix() -> None:
    rules = rules_of()
    assert {rule.id for rule in chosen(rules, ["TDX10"])} == {rule.id for rule in rules if rule.id.startswith("TDX10")}
    assert [rule.id for rule in chosen(rules, ["TDX101"], ["TDX1"])] == ["TDX101"]
    assert "TDX101" not in {rule.id for rule in chosen(rules, [], ["TDX101"])}
    assert chosen(rules) == rules
    with pytest.raises(TdxwhyError, match="no rule starts with"):
        chosen(rules, ["TDX8"])


def test_find_knows_its_rules() -> None:
    assert find("tdx101").id == "TDX101"
    with pytest.raises(TdxwhyError, match="no rule"):
        find("TDX000")


def test_the_shipped_rules_are_the_rule_files() -> None:
    assert rules_of(only=FOLDERS) == tuple(rule._replace(example=()) for rule in load_folders(shipped_folders()))


def test_own_rules_may_not_take_a_shipped_id(tmp_path: Path) -> None:
    written(tmp_path, GOOD.replace("TDX901", "TDX101"), "TDX101.toml")
    with pytest.raises(RulesError, match="there is a shipped rule TDX101"):
        rules_of(tmp_path)
