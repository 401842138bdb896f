"""Quote marks: levels, glued marks, initials, and what stands below an Original Message head."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxwhy.review.lines import own_lines, parse_lines, program_heads, render_quoted

LETTERS = st.characters(codec="ascii", exclude_characters=">\n\r", categories=("L", "N", "P", "Zs"))
TEXT = st.text(alphabet=LETTERS, min_size=1, max_size=40).filter(lambda text: not text.startswith(("From:", "Von:", "De:", " ")))


@pytest.mark.parametrize(
    ("raw", "level", "text"),
    [
        ("plain", 0, "plain"),
        ("> one", 1, "one"),
        (">> two", 2, "two"),
        ("> > > + * Note:", 3, "+ * Note:"),
        (">>>>>> +#ifdef MODULE", 6, "+#ifdef MODULE"),
        (">   > + * copied by hand", 1, "  > + * copied by hand"),
        ("KH> initials", 1, "initials"),
        (">", 1, ""),
    ],
)
def test_levels(raw, level, text):
    (line,) = parse_lines(raw)
    assert (line.level, line.text) == (level, text)


def test_hand_made_quotes_are_not_the_authors_words():
    lines = parse_lines("mine\n > not mine\n  > nor this\nmine again")
    assert [line.text for line in own_lines(lines)] == ["mine", "mine again"]


def test_below_original_message_counts_as_quoted():
    lines = parse_lines("Sure.\n\n-----Original Message-----\nFrom: T <t@x.example>\nSent: today\n\nWhy?\n> deeper")
    assert [line.level for line in lines] == [0, 0, 1, 1, 1, 1, 1, 2]


def test_a_programs_head_is_nobodys_words():
    lines = parse_lines("Sure.\n\n-----Original Message-----\nFrom: T <t@x.example>\nSent: today\n\nWhy?\nFrom: here on")
    assert program_heads(lines) == {2, 3, 4}


def test_depth_is_bounded():
    assert parse_lines("> " * 500 + "x")[0].level <= 40


@given(st.lists(st.tuples(st.integers(0, 8), TEXT), min_size=1, max_size=30))
def test_marks_round_trip(rows):
    body = "\n".join("> " * level + text for level, text in rows)
    lines = parse_lines(body)
    assert [(line.level, line.text) for line in lines if line.level] == [row for row in rows if row[0]]
    shown = parse_lines(render_quoted(lines, 1))
    assert [line.level + 1 for line in shown if line.text] == [level for level, text in rows if level]


@given(st.text(max_size=500))
def test_every_line_is_kept(body):
    assert len(parse_lines(body)) == body.count("\n") + 1
