"""Threads: parents with their gaps, kinds, series, and rebuilt mails; cycles and missing headers included."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxwhy.read.mail.decode import decode_mail
from tdxwhy.review.people import People
from tdxwhy.review.quotes import Speakers
from tdxwhy.review.threads import build_messages, read_subject
from tdxwhy.review.view import View

PATCH = "The words.\n\nSigned-off-by: A <a@x>\n---\n a.c | 2 +-\n\n"
PATCH += "diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n+\tcall_it(now);\n"


def mail(  # noqa: PLR0917
    name, body, parent="", references="", subject="Re: [PATCH v2 1/2] words", who="A <a@x.example>", date="Mon, 6 May 2024 09:00:00 +0200"
):
    heads = f"From: {who}\nSubject: {subject}\nMessage-ID: <{name}>\nDate: {date}\n"
    heads += f"In-Reply-To: <{parent}>\n" if parent else ""
    heads += f"References: {references}\n" if references else ""
    return decode_mail(f"{heads}\n{body}".encode(), "t")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Re: [PATCH v8 13/16] x86: words", (True, True, "8", 13, 16, "x86: words")),
        ("[RFC PATCH RESEND v11.1 03/20] words", (False, True, "11.1", 3, 20, "words")),
        ("[v15,2/3] virt: words", (False, True, "15", 2, 3, "virt: words")),
        ("[PATCH] words", (False, True, "1", None, None, "words")),
        ("AW: Re: [PATCH 0/2] words", (True, True, "1", 0, 2, "words")),
        ("[BUG] words", (False, False, None, None, None, "words")),
        ("", (False, False, None, None, None, "")),
    ],
)
def test_subjects(text, expected):
    assert tuple(read_subject(text)) == expected


def test_parent_and_gap():
    messages = build_messages([mail("p", PATCH, subject="[PATCH v2 1/2] words"), mail("r3", "x", "r2", "<p> <r1> <r2>")])
    last = messages[-1]
    assert (last.parent, last.gap) == ("p", 2)


def test_kinds():
    kinds = {
        m.mail.message_id: m.kind
        for m in build_messages(
            [
                mail("c", "words", subject="[PATCH v2 0/2] series"),
                mail("p", PATCH, "c", subject="[PATCH v2 1/2] words"),
                mail("again", PATCH, "p", subject="[PATCH v2.1 1/2] words"),
                mail("r", "> +\tcall_it(now);\n\nWhy?", "p"),
                mail("b", "warning", "p", who="kernel test robot <lkp@x.example>"),
                mail("q", "a bug", subject="[BUG] it breaks"),
            ]
        )
    }
    assert kinds == {"c": "cover", "p": "patch", "again": "patch", "r": "reply", "b": "bot", "q": "reply"}


def test_cycles_are_cut():
    messages = build_messages(
        [mail("a", "x", "b", "<b>"), mail("b", "x", "c", "<c>"), mail("c", "x", "a", "<a>"), mail("d", "x", "d", "<d>")]
    )
    assert len(messages) == 4
    assert sum(m.parent is None for m in messages) == 2
    View(messages).speakers.quotes(messages[0])


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=20))
def test_any_references_make_a_forest(edges):
    names = {f"m{a}": f"m{b}" for a, b in edges}
    messages = build_messages([mail(a, "> x\n\nWhy?", b, f"<{b}>") for a, b in names.items()])
    parents = {m.mail.message_id: m.parent for m in messages}
    for start in list(parents):
        seen, name = set(), start
        while name is not None:
            assert name not in seen
            seen.add(name)
            name = parents[name]


def test_parent_without_links_is_found_by_what_is_quoted():
    patch = mail("p", PATCH, subject="[PATCH v2 1/2] words")
    first = mail("r1", "> The words.\n\nAre they right, all of them?\n", who="B <b@x.example>")
    second = mail("r2", "> Are they right, all of them?\n\nYes.\n", who="A <a@x.example>", date="Tue, 7 May 2024 09:00:00 +0200")
    parents = {m.mail.message_id: m.parent for m in build_messages([patch, first, second])}
    assert parents == {"p": None, "r1": "p", "r2": "r1"}


def test_words_beat_depth_and_depth_fills_the_rest():
    patch = mail("p", PATCH, subject="[PATCH v2 1/2] words", who="A <a@x.example>")
    reply = mail("r", "> The words.\n\nThese are wrong, I think.\n", "p", who="B <b@x.example>")
    last = mail(
        "s", "> +\tcall_it(now);\n> ...\n>> The words.\n> These are wrong, I think.\n\nNo.\n", "r", "<p> <r>", who="C <c@x.example>"
    )
    messages = build_messages([patch, reply, last])
    quotes = Speakers(messages).quotes(next(m for m in messages if m.mail.message_id == "s"))
    assert [(q.said_by, q.level, q.basis) for q in quotes] == [("A", 1, "text"), ("A", 2, "text"), ("B", 1, "text")]


def test_people_are_joined():
    people = People(
        [
            mail("1", "x", who='"Lindqvist, Mara" <mara@x.example>'),
            mail("2", "x", who="Mara Lindqvist <mara@x.example>"),
            mail("3", "x", who="mara@x.example"),
            mail("4", "x", who="Tomas Reyes <t@x.example>"),
        ]
    )
    assert people.same("Lindqvist, Mara", "Mara Lindqvist")
    assert people.same("mara@x.example", "Mara Lindqvist")
    assert not people.same("Tomas Reyes", "Mara Lindqvist")
    assert people.find("Tomas") == "Tomas Reyes"
    assert people.find("Tomsa") == "Tomas Reyes"
    assert people.find("Nobody") is None


def test_missing_mails_are_rebuilt_under_their_own_ids():
    body = "On Mon, May 6, 2024, B Two wrote:\n> On Mon, May 6, 2024, A One wrote:\n> > +\tcall_it(now);\n>\n> Why now?\n\nBecause.\n"
    messages = build_messages([mail("r2", body, "r1", "<p> <r1>", who="A One <a@x.example>")])
    assert [(m.mail.message_id, m.mail.author, m.rebuilt) for m in messages] == [
        ("p", "A One", True),
        ("r1", "B Two", True),
        ("r2", "A One", False),
    ]
    assert messages[1].mail.body == "On Mon, May 6, 2024, A One wrote:\n> +\tcall_it(now);\n\nWhy now?\n"
