from __future__ import annotations

import shutil

import pytest

from tdxwhy import shipped
from tdxwhy.errors import RulesError
from tdxwhy.know.load import load

FORM = """
[[form]]
id = "x.one"
format = "tdx: one (%d)"
level = "err"
generations = ["v8"]
kind = "host"
outcome = "failure"
args = ["errno"]
meaning = "One."
example = "tdx: one (-5)"
source = "here"
"""


@pytest.fixture
def folder(tmp_path):
    copy = tmp_path / "knowledge"
    shutil.copytree(shipped.folder("rules/knowledge"), copy)
    return copy


def complaint(folder) -> str:
    with pytest.raises(RulesError) as caught:
        load(folder)
    assert "\n" not in caught.value.message
    return caught.value.message


def test_a_new_form_is_one_entry(folder):
    (folder / "forms-mine.toml").write_text(FORM)
    assert any(form.id == "x.one" for form in load(folder).form)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("level = ", "levle = "), "forms-mine.toml: [[form]] x.one: Object contains unknown field `levle`"),
        (('source = "here"', ""), "forms-mine.toml: [[form]] x.one: Object missing required field `source`"),
        (('source = "here"', 'source = ""'), "x.one: source, example and meaning must say something"),
        (('level = "err"', 'level = "bad"'), "x.one: level 'bad' is none of emerg"),
        (('kind = "host"', 'kind = "hosts"'), "[[form]] x.one: Invalid enum value 'hosts'"),
        (('outcome = "failure"', 'outcome = "fail"'), "[[form]] x.one: Invalid enum value 'fail'"),
        (('generations = ["v8"]', 'generations = ["v88"]'), "x.one: no generation 'v88'"),
        (('kind = "host"', 'kind = "host"\nstep = "TDH"'), "x.one: no step 'TDH'"),
        (('args = ["errno"]', "args = []"), "x.one: 1 fields in the format, 0 names in args"),
        (("(%d)", "(%k)"), "x.one: not a printf format"),
        (("args =", 'fact_otherwise = "bios-off"\nargs ='), "x.one: fact_otherwise stands beside a fact, for a line with a number"),
        (("[[form]]", "[[forms]]"), "forms-mine.toml: unknown table [[forms]]"),
        (("[[form]]", "[[form]"), "knowledge/forms-mine.toml: Expected ']]'"),
    ],
)
def test_a_wrong_row_is_one_line_with_the_place(folder, change, says):
    (folder / "forms-mine.toml").write_text(FORM.replace(*change))
    assert says in complaint(folder)


def test_a_doubled_form_is_an_error(folder):
    (folder / "forms-mine.toml").write_text(FORM + FORM.replace("x.one", "x.two"))
    assert complaint(folder) == "knowledge: x.two: same format, level and generation (v8) as x.one"


def test_the_same_format_in_another_level_is_none(folder):
    (folder / "forms-mine.toml").write_text(FORM + FORM.replace("x.one", "x.two").replace('"err"', '"info"'))
    load(folder)


def test_a_doubled_id_is_an_error(folder):
    (folder / "forms-mine.toml").write_text(FORM + FORM.replace("one (", "two ("))
    assert "id x.one stands twice" in complaint(folder)


def test_a_cause_that_points_nowhere_is_an_error(folder):
    (folder / "causes.toml").write_text(
        '[[cause]]\nid = "c"\ntitle = "t"\nmeaning = "m"\nadvice = "a"\nsource = "s"\n[[cause.when]]\nrank = 1\nform = "none.such"\n'
    )
    assert complaint(folder) == "knowledge: c: no form 'none.such'"


def test_files_of_other_rooms_are_left_alone(folder):
    (folder / "others.toml").write_text("[[nonsense]]\n")
    load(folder)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ('found_by = "trace"', "found_by 'trace': 2 facts, not one (fault-in-init, mine)"),
        ('found_by = "dream"', "Invalid enum value 'dream'"),
        ('means = "none"', "mine: no fact 'none'"),
        ("", "mine: a fact that nothing states"),
        ("rank = 1", "mine: a fact with a rank needs an outcome and what it says"),
    ],
)
def test_a_fact_that_nothing_can_find_is_an_error(folder, row, says):
    with (folder / "facts.toml").open("a") as file:
        file.write(f'[[fact]]\nid = "mine"\nmeaning = "m"\nsource = "s"\n{row}\n')
    assert says in complaint(folder)
