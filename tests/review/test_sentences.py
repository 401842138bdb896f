"""Sentences: where they end, where they stand, and which of them ask."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxwhy.review.nouns import MailLine
from tdxwhy.review.sentences import sentences


def split(text):
    return [sentence.text for sentence in sentences([MailLine(i, 0, line) for i, line in enumerate(text.split("\n"), 1)])]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One.  Two?  Three!", ["One.", "Two?", "Three!"]),
        ("It is e.g. this. And that.", ["It is e.g. this.", "And that."]),
        ("Callers (aka. KVM) can do it.", ["Callers (aka. KVM) can do it."]),
        ("See tdx.c and v1.2 of it.", ["See tdx.c and v1.2 of it."]),
        ("Include it (<linux/string.h> ?) for memchr_inv()?", ["Include it (<linux/string.h> ?) for memchr_inv()?"]),
        ("Is it safe\nto go on?", ["Is it safe to go on?"]),
        ("2. Then this happens.", ["2. Then this happens."]),
        ("https://x.example/?a=b&c=d", ["https://x.example/?a=b&c=d"]),
    ],
)
def test_ends(text, expected):
    assert split(text) == expected


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("Is it so?", True),
        ('Will they cry "Bug!!"?', True),
        ("It says [PATCH 0/?].", False),
        ("You ask why?).", True),
        ("So what :?)", False),
        ("No.", False),
        ("Is this so? :)", True),
    ],
)
def test_asks(text, asks):
    found = list(sentences([MailLine(1, 0, text)]))
    assert any(sentence.asks for sentence in found) is asks


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\n"), max_size=60), max_size=20))
def test_no_word_is_lost(rows):
    lines = [MailLine(number, 0, row) for number, row in enumerate(rows, 1)]
    found = list(sentences(lines))
    assert "".join("".join(sentence.text.split()) for sentence in found) == "".join("".join(row.split()) for row in rows)
    assert all(1 <= sentence.start <= sentence.end <= len(rows) for sentence in found)
