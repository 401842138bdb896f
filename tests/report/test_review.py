"""Reports of a review: the tree, open items, and threads that are too deep, too wide or empty of remarks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tdxwhy.read.mail.decode import decode_mail
from tdxwhy.read.mail.source import read_mails
from tdxwhy.report.review_items import open_items, without_marks
from tdxwhy.report.review_json import review_data
from tdxwhy.report.review_page import review_html, review_markdown, review_reply
from tdxwhy.report.review_text import review_text
from tdxwhy.report.review_view import columns, head, promise_rows, tree
from tdxwhy.report.terminal import Painter
from tdxwhy.review.review import review

ROOT = Path(__file__).resolve().parents[2]


def mail(number, parent, body="Why is this so?\n"):
    links = f"In-Reply-To: <{parent}@x>\nReferences: <{parent}@x>\n" if parent else ""
    head = f"From: P{number} Q <p{number}@x>\nSubject: Re: [PATCH v2 1/2] words\nMessage-ID: <{number}@x>\n{links}"
    return decode_mail(f"{head}Date: Mon, 6 May 2024 09:{number // 60 % 60:02d}:{number % 60:02d} +0000\n\n{body}".encode(), "t")


def test_a_chain_of_five_hundred_is_shown_whole():
    found = review([mail(number, number - 1) for number in range(1, 501)])
    page = review_html(found)
    assert page.count('<details class="mail"') == 500
    nodes, deepest, waiting = 0, 0, list(tree(found))
    while waiting:
        node = waiting.pop()
        nodes, deepest = nodes + 1, max(deepest, node.depth)
        waiting.extend(node.children)
    assert (nodes, deepest) == (500, 30)


def test_a_quiet_thread_has_no_reply():
    found = review([mail(1, None, "Fine with me.\n")])
    assert review_reply(found) == ""
    assert open_items(found) == []
    assert "Nothing is open." in review_html(found)
    assert review_text(found, Painter(on=False), 80).startswith("Re: [PATCH v2 1/2] words\n1 mail by 1 person, 2024-05-06")


def test_questions_of_one_breath_are_one_remark():
    found = review(
        [
            mail(1, None, "What will users see?  Will they see this?\n\n"),
            mail(2, 1, "> What will users see?  Will they see this?\n\nYes.\n"),
        ]
    )
    assert len(found.questions) == 2
    assert head(found).counts[:2] == ((0, "open"), (1, "remark"))


def test_replies_never_exceed_78_columns():
    long = "Why is " + "this_is_a_very_long_word_" * 8 + " here?\n"
    reply = review_reply(review([mail(1, None, long)]))
    assert max(map(len, reply.split("\n"))) <= 78
    assert "> Why is" in reply


def test_a_passage_with_a_long_line_is_wrapped_anew():
    body = "It is done under the lock as far as I can see, so nothing can go wrong here, really.  Why is\nthe flag cleared, then?\n"
    lines = review_reply(review([mail(1, None, body)])).split("\n")
    assert any(line.startswith(">") and line.endswith("Why is the flag cleared, then?") for line in lines)
    assert max(map(len, lines)) <= 80


CODE = """Words.

Signed-off-by: P1 Q <p1@x>
---
diff --git a/a.c b/a.c
--- a/a.c
+++ b/a.c
@@ -1,0 +1,14 @@
+static int demo(const void *data, int nid)
+{
+	if (!data)
+		return -EINVAL;
+	if (!known(nid)) {
+		pr_err("table of node %d not known\\n", nid);
+		return -ENOENT;
+	}
+	if (smp_call_on_cpu(0, flush, NULL, true)) {
+		pr_err("flush failed\\n");
+		return -EIO;
+	}
+	return 0;
+}
"""


def test_a_reply_asks_only_what_makes_sense():
    code = decode_mail(f"From: P1 Q <p1@x>\nSubject: [PATCH v2 1/2] words\nMessage-ID: <1@x>\n\n{CODE}".encode(), "t")
    reply = review_reply(review([code, mail(2, 1, "> Words.\n\nI will add some.\n")]))
    assert [line for line in reply.split("\n") if "pr_err" in line] == ['> +               pr_err("flush failed\\n");']
    assert "which package or CPU" in reply
    assert "What will users see" not in reply
    assert "later version" not in reply


@pytest.mark.parametrize(
    ("line", "bare"),
    [("+\t * words", "words"), ("+\t/* words */", "words */"), ("+\tcall();", "call();"), (" plain", "plain"), ("a * b", "a * b")],
)
def test_marks_of_a_diff_are_no_words(line, bare):
    assert without_marks(line).strip() == bare


def test_columns_of_nothing():
    assert columns(review([])) == []


def test_parent_is_a_mail_that_is_here():
    first = mail(1, None, "Fine so far.\n\nBut why is this here?\n")
    quoted = (
        "On Mon, May 6, 2024, P2 Q wrote:\n> On Mon, May 6, 2024, P1 Q wrote:\n> > But why is this here?\n>\n> It has to be.\n\nHas it?\n"
    )
    third = decode_mail(
        b"From: P3 Q <p3@x>\nSubject: Re: [PATCH v2 1/2] words\nMessage-ID: <3@x>\nIn-Reply-To: <2@x>\nReferences: <1@x> <2@x>\n"
        b"Date: Mon, 6 May 2024 10:00:00 +0000\n\n" + quoted.encode(),
        "t",
    )
    rows = {row["message_id"]: row for row in review_data(review([first, third]))["messages"]}
    assert (rows["3@x"]["parent"], rows["3@x"]["answers"], rows["3@x"]["missing_above"]) == ("1@x", "2@x", 1)
    assert rows["2@x"]["rebuilt"]


EXAMPLES = ROOT / "reports" / "examples"


@pytest.mark.parametrize(
    ("file", "render"), [("review.html", review_html), ("review.md", review_markdown), ("review.reply.txt", review_reply)]
)
def test_examples_are_what_a_user_gets(file, render, golden):
    folder = ROOT / "samples" / "threads" / "kept-elsewhere"
    found = review(read_mails(folder / "thread.mbox"), read_mails(folder / "later.mbox"))
    golden(EXAMPLES / file, render(found))


def test_promises_have_a_cell_for_each_version():
    folder = ROOT / "samples" / "threads" / "kept-elsewhere"
    found = review(read_mails(folder / "thread.mbox"), read_mails(folder / "later.mbox"))
    assert [cells for _, cells in promise_rows(found)] == [["given", "", "kept in part"]]
