"""Every phrase matches its good examples and none of its bad ones; the files are loaded strictly."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxwhy.errors import RulesError
from tdxwhy.review import phrases as grammar
from tdxwhy.review.phrases import normalise, phrases

GROUPS = grammar.groups()
FOLDER = grammar.folder("rules/thread")
# Every phrase as it is written, with its examples.
ROWS = {
    row["id"]: row for path in sorted(FOLDER.glob("*.toml")) for row in tomllib.loads(path.read_text(encoding="utf-8")).get("phrase", [])
}
EVERY = [phrase for group in GROUPS for phrase in phrases(group).phrases]


README = (FOLDER / "README.md").read_text(encoding="utf-8")
# Groups that are asked for by a variable.
BY_NAME = {"actor", "acting", "agent", "agree", "partly", "object"}


def test_no_phrase_stands_in_a_group_that_nothing_asks_for():
    code = "".join(path.read_text(encoding="utf-8") for path in Path(grammar.__file__).parent.glob("*.py"))
    asked = re.findall(r'(?:phrases\(|_is\([\w\[\]]+, )"([^"]+)"\)', code)
    listed = re.findall(r"for group in \(([^()]+)\)", code)
    assert set(GROUPS) == {*asked, *BY_NAME, *re.findall(r'"([^"]+)"', " ".join(listed))}


def test_every_group_is_described():
    assert [group for group in GROUPS if f"`{group}`" not in README] == []


def test_the_phrase_shown_is_one():
    shown = re.sub(r"^    ", "", "".join(re.findall(r"^    .*\n", README, re.MULTILINE)), flags=re.MULTILINE)
    (row,) = tomllib.loads(shown)["phrase"]
    listed = tomllib.loads((FOLDER / "words.toml").read_text(encoding="utf-8"))["words"]
    phrase = grammar.read_phrase("question", grammar.lowered_phrase("question", row, listed, grammar.class_expressions(listed)))
    assert [text for text in row["good"] if not phrase.match(text)] == []
    assert [text for text in row["bad"] if phrase.match(text)] == []


@pytest.mark.parametrize("phrase", EVERY, ids=lambda phrase: phrase.id)
def test_examples(phrase):
    row = ROWS[phrase.id]
    assert [text for text in row["good"] if not phrase.match(text)] == []
    assert [text for text in row["bad"] if phrase.match(text)] == []
    assert row["bad"]


def test_ids_are_unique():
    ids = [phrase.id for phrase in EVERY]
    assert sorted(ids) == sorted(ROWS)


def test_marks_and_emphasis_do_not_hide_words():
    assert normalise("*Does* the “caller” _guarantee_ it?") == " does the caller guarantee it ? "


@given(st.text(max_size=300))
def test_normalise_never_fails_and_is_stable(text):
    once = normalise(text)
    assert once.startswith(" ")
    assert "\n" not in once


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=400))
def test_search_never_fails(text):
    for group in ("commitment", "question", "precondition", "object", "request"):
        phrases(group).search(text)


def test_long_hostile_sentence_is_quick():
    text = "the caller must " * 20000
    assert phrases("precondition").search(text)
    assert phrases("commitment").search("will " * 50000) is None


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ({"id": "x", "form": ["a"], "good": [], "bad": [], "fom": []}, "unknown key 'fom'"),
        ({"id": "x", "form": ["a"], "good": []}, "no 'bad'"),
        ({"id": "x", "form": ["{nobody}"], "good": [], "bad": []}, "no word class 'nobody'"),
        ({"id": "x", "form": ["a{will}"], "good": [], "bad": []}, "a class stands alone"),
    ],
)
def test_wrong_rows_are_one_line_complaints(row, complaint):
    with pytest.raises(RulesError, match=complaint) as caught:
        grammar.lowered_phrase("mine", row, {}, {"will": "will"})
    assert caught.value.message.startswith("rules/thread/mine.toml: ")


def test_no_such_group():
    with pytest.raises(RulesError):
        phrases("nothing")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("question", '[[phrse]]\nid = "x"\n', "rules/thread/question.toml: unknown key 'phrse'"),
        ("question", '[[phrase]]\nid = "x"\nform = "a"\ngood = []\nbad = []\n', "rules/thread/question.toml: x: wants lists of texts"),
        ("question", '[[phrase]]\nid = "x"\nform = ["a"]\ngood = []\n', "rules/thread/question.toml: x: no 'bad'"),
        ("words", "colour = 1\n", "rules/thread/words.toml: unknown key 'colour'"),
        ("words", "[words]\nthing = 1\n", "rules/thread/words.toml: thing: wants lists of texts"),
    ],
)
def test_a_changed_file_is_proved_whole(name, text, said, tmp_path):
    (tmp_path / f"{name}.toml").write_text(text)
    with pytest.raises(RulesError) as caught:
        grammar.lowered(tmp_path)
    assert caught.value.message == said
