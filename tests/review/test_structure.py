"""Remarks from structure: what is one, what answers it, what closes it, and what became of its lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxwhy.read.mail.decode import decode_mail
from tdxwhy.review.alignment import aligned
from tdxwhy.review.review import review
from tdxwhy.review.threads import read_subject

PATCH = """Count the idle slots.

Signed-off-by: Ada Moor <ada@a.example>
---
diff --git a/slots.c b/slots.c
--- a/slots.c
+++ b/slots.c
@@ -10,3 +10,9 @@ static int slots(struct widget *w)
 {
 	int n = 0;

+	/* The table is at a fixed place. */
+	for (int i = 0; i < 64; i++)
+		n += w->slot[i].idle;
+
+	w->idle = n;
+
 	return n;
"""
ADA, BEN, CLEO = "Ada Moor <ada@a.example>", "Ben Ruiz <ben@b.example>", "Cleo Tan <cleo@c.example>"


def mail(name, who, body, parent=None, *, subject="Re: [PATCH v2 1/1] widget: count idle slots", day=1):
    link = f"In-Reply-To: <{parent}@x>\n" if parent else ""
    head = f"From: {who}\nSubject: {subject}\nDate: Mon, {day:02d} Jun 2026 10:00:00 +0000\nMessage-ID: <{name}@x>\n{link}"
    return decode_mail(f"{head}\n{body}".encode(), "t", 1)


def patch(name="p", body=PATCH, version=2, day=1):
    return mail(name, ADA, body, subject=f"[PATCH v{version} 1/1] widget: count idle slots", day=day)


def remarks(*mails):
    return review(list(mails)).remarks


def test_a_block_under_a_quote_is_one_remark_and_knows_its_line():
    (one,) = remarks(patch(), mail("r", BEN, "> +\tw->idle = n;\n\nThis belongs in the probe code.\n\nIt runs there anyway.\n", "p"))
    assert (one.kind, one.status, one.author) == ("request", "open", "Ben Ruiz")
    assert one.evidence.quote == "This belongs in the probe code.\n\nIt runs there anyway."
    assert (one.on.file, one.on.line, one.on.function) == ("slots.c", 17, "slots")


@pytest.mark.parametrize(
    "text",
    [
        "Thanks!",
        "Ben",
        ":)",
        "thanks,\n\nBen",
        "Reviewed-by: Ben Ruiz <ben@b.example>",
        "-- \nBen Ruiz | CTO",
        "pw-bot: cr",
        "#syz fix: widget: count",
        "With Ada happy:\nReviewed-by: Ben Ruiz <ben@b.example>",
    ],
)
def test_what_is_no_remark(text):
    assert remarks(patch(), mail("r", BEN, f"> +\tw->idle = n;\n\n{text}\n", "p")) == ()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("The table has 64 slots on all machines.", False),
        ("https://lists.example/widgets/1", False),
        ("I was there when it was written. :)", False),
        ("But the table is wrong there.", True),
        ("Then say so in the changelog.", True),
        ("Is that so on all machines?", True),
    ],
)
def test_a_readers_statement_under_anothers_reply_is_an_answer(text, kept):
    asked = mail("r", BEN, "> +\tw->idle = n;\n\nPlease say why 64 is enough.\n", "p")
    found = remarks(patch(), asked, mail("s", CLEO, f"> Please say why 64 is enough.\n\n{text}\n", "r"))
    assert [one.author for one in found] == (["Ben Ruiz", "Cleo Tan"] if kept else ["Ben Ruiz"])


def test_a_question_of_the_patchs_author_keeps_what_leads_to_it():
    asked = mail("r", BEN, "> +\tw->idle = n;\n\nPlease move this.\n", "p")
    back = mail("a", ADA, "> Please move this.\n\nThe probe code does not know the table. Should it get it as an argument?\n", "r")
    assert remarks(patch(), asked, back)[1].evidence.quote.startswith("The probe code does not know the table. Should")


def test_what_is_done_under_one_remark_answers_another_that_names_it():
    body = "> +\tw->idle = n;\n\nThis belongs into widget_setup().\n\n> +\t\tn += w->slot[i].idle;\n\nPlease take the lock here.\n"
    told = "> > +\t\tn += w->slot[i].idle;\n> Please take the lock here.\n\nDone, and moved the rest to widget_setup().\n"
    first, second = remarks(patch(), mail("r", BEN, body, "p"), mail("a", ADA, told, "r"))
    assert (first.status, second.status) == ("agreed", "agreed")


def test_a_remark_leads_to_its_line_in_a_tree(tmp_path):
    (tmp_path / "slots.c").write_text("int n;\n" * 40 + "\tw->idle = n;\n", encoding="utf-8")
    asked = mail("r", BEN, "> +\tw->idle = n;\n\nPlease move this.\n", "p")
    (one,) = review([patch(), asked], tree=tmp_path).remarks
    assert (one.on.file, one.on.line, one.on.tree_line) == ("slots.c", 17, 41)


@pytest.mark.parametrize(("text", "statuses"), [("Will fix both.", ["agreed", "agreed"]), ("Will fix.", ["open", "agreed"])])
def test_an_answer_to_all_answers_what_is_quoted_above_it(text, statuses):
    body = "> +\tw->idle = n;\n\nPlease move this.\n\n> +\t\tn += w->slot[i].idle;\n\nPlease take the lock here.\n"
    told = f"> > +\tw->idle = n;\n>\n> Please move this.\n>\n> > +\t\tn += w->slot[i].idle;\n>\n> Please take the lock here.\n\n{text}\n"
    assert [one.status for one in remarks(patch(), mail("r", BEN, body, "p"), mail("a", ADA, told, "r"))] == statuses


def test_points_of_a_list_are_remarks_of_their_own():
    found = remarks(patch(), mail("r", BEN, "> +\tw->idle = n;\n\n1. Split this up.\n\n2. Add a comment.\n", "p"))
    assert [one.evidence.quote for one in found] == ["1. Split this up.", "2. Add a comment."]


def test_a_block_answered_in_pieces_is_a_remark_for_each():
    asked = mail("r", BEN, "> +\tw->idle = n;\n\nWhy here?  It looks odd.\nMove it, please.\n", "p")
    answer = mail("a", ADA, "> Why here?  It looks odd.\n\nNo reason.\n\n> Move it, please.\n\nOk.\n", "r", day=2)
    found = remarks(patch(), asked, answer)
    assert [(one.status, [each.kind for each in one.responses]) for one in found] == [("answered", ["explains"]), ("agreed", ["agrees"])]


def test_only_the_author_of_the_patch_closes_a_remark():
    asked = mail("r", BEN, "> +\tw->idle = n;\n\nWhy is this here?\n", "p")
    other = mail("c", CLEO, "> Why is this here?\n\nIt is used by the reader.\n", "r", day=2)
    assert remarks(patch(), asked, other)[0].status == "open"
    author = mail("a", ADA, "> Why is this here?\n\nIt is used by the reader.\n", "r", day=3)
    assert remarks(patch(), asked, other, author)[0].status == "answered"


def test_who_asked_can_take_it_back():
    asked = mail("r", BEN, "> +\tw->idle = n;\n\nPlease drop this.\n", "p")
    again = mail("s", BEN, "> Please drop this.\n\nNever mind, I misread it.\n", "r", day=2)
    assert remarks(patch(), asked, again)[0].status == "settled"


@pytest.mark.parametrize(
    ("answer", "status"), [("The table is fixed.", "open"), ("Ok, I will drop it.", "agreed"), ("Dropped it for v3.", "agreed")]
)
def test_a_refusal_is_open_until_somebody_gives_in(answer, status):
    refused = mail("r", BEN, "> +\tw->idle = n;\n\nNAK. Nobody has any business with this.\n", "p")
    found = remarks(patch(), refused, mail("a", ADA, f"> NAK. Nobody has any business with this.\n\n{answer}\n", "r", day=2))
    assert (found[0].kind, found[0].status) == ("objection", status)


def test_an_answer_at_the_top_answers_the_whole_mail():
    asked = mail("r", BEN, "> +\tw->idle = n;\n\nPlease drop this.\n", "p")
    assert remarks(patch(), asked, mail("a", ADA, "Sure, will do.\n", "r", day=2))[0].status == "agreed"


@pytest.mark.parametrize(
    ("later", "state", "line"),
    [
        (PATCH, "unchanged", "+\tw->idle = n;"),
        (PATCH.replace("+\tw->idle = n;\n+\n", ""), "gone", None),
        (PATCH.replace("w->idle = n;", "w->idle = n / 2;"), "changed", "+\tw->idle = n / 2;"),
        (PATCH.replace("w->idle = n;", "w->idle = n;\n+\tw->known = true;"), "changed", "+\tw->known = true;"),
        (
            PATCH.replace("---\n", "---\nv2 -> v3:\n - Take the mutex of the slot table.\n\n", 1),
            "noted",
            "- Take the mutex of the slot table.",
        ),
    ],
)
def test_lines_are_followed_into_the_next_version(later, state, line):
    asked = mail("r", BEN, "> +\tw->idle = n;\n\nThe slot table needs its mutex here.\n", "p")
    (one,) = remarks(patch(), asked, patch("q", later, 3, 5))
    assert one.next.state == state
    assert line is None or one.next.evidence.quote == line
    assert one.next.evidence is not None


def test_agreed_and_left_as_it_was_is_open():
    asked = mail("r", BEN, "> +\tw->idle = n;\n\nPlease drop this.\n", "p")
    answer = mail("a", ADA, "> Please drop this.\n\nOk.\n", "r", day=2)
    assert [one.status for one in remarks(patch(), asked, answer)] == ["agreed"]
    assert [one.status for one in remarks(patch(), asked, answer, patch("q", PATCH, 3, 5))] == ["open"]


def test_a_robots_report_is_a_remark_and_its_success_is_none():
    robot = "kernel test robot <lkp@robot.example>"
    bad = mail("k", robot, "kernel test robot noticed the following build errors:\n\n   slots.c:12:3: error: no such thing\n", "p")
    good = mail("l", robot, "BUILD SUCCESS\n", "p")
    assert [(one.kind, one.status) for one in remarks(patch(), bad, good)] == [("report", "open")]


@pytest.mark.parametrize(
    ("subject", "version", "title"),
    [
        ("[PATCHv11 18/19] a: b", "11", "a: b"),
        ("[PATCH v2.1] a: b", "2.1", "a: b"),
        ("[RFC v3 PATCH 1/2] a: b", "3", "a: b"),
        ("[PATCH] a: b (v2)", "2", "a: b"),
        ("[PATCH 2/3 v5] a: b", "5", "a: b"),
        ("[PATCH] a: add VBT v2", "1", "a: add VBT v2"),
    ],
)
def test_versions_stand_anywhere_in_a_subject(subject, version, title):
    assert read_subject(subject)[2] == version
    assert read_subject(subject).title == title


@given(st.lists(st.sampled_from("abcdef"), max_size=40), st.lists(st.sampled_from("abcdef"), max_size=40))
def test_an_alignment_keeps_order_and_words(old, new):
    found = [(index, place) for index, place in enumerate(aligned(old, new)) if place is not None]
    assert all(old[index] == new[place] for index, place in found)
    assert [place for _, place in found] == sorted({place for _, place in found})


@given(st.lists(st.text(max_size=6), unique=True, max_size=30))
def test_a_text_aligns_with_itself(lines):
    assert aligned(lines, lines) == list(range(len(lines)))


def test_a_thread_of_500_mails():
    names = ["p", *(f"r{number}" for number in range(499))]
    bodies = ["> +\tw->idle = n;\n\nWhy is it counted here?\n"]
    bodies += [f"> What about case {n}?\n\nWhat about case {n + 1}?\n" for n in range(498)]
    mails = [mail(name, (BEN, CLEO)[n % 2], body, names[n]) for n, (name, body) in enumerate(zip(names[1:], bodies, strict=True))]
    assert len(remarks(patch(), *mails)) == 499


def test_two_threads_under_one_subject_keep_their_own_answers():
    other = mail("q", CLEO, PATCH, subject="[PATCH v2 1/1] widget: count idle slots")
    asks = [mail(f"r{top}", BEN, "> +\tw->idle = n;\n\nWhy is it counted here?\n", top) for top in "pq"]
    told = mail("a", CLEO, "> Why is it counted here?\n\nBecause the probe code cannot.\n", "rq")
    found = {one.evidence.place.message_id: one.status for one in remarks(patch(), other, *asks, told)}
    assert found == {"rp@x": "open", "rq@x": "answered"}


def test_a_subject_that_changes_in_mid_thread_parts_nothing():
    asked = mail("r", BEN, "> +\tw->idle = n;\n\nWhy is it counted here?\n", "p")
    subject = "Locking rules (was: widget: count idle slots)"
    told = mail("a", ADA, "> Why is it counted here?\n\nThe probe code cannot.\n", "r", subject=subject)
    assert [one.status for one in remarks(patch(), asked, told)] == ["answered"]


def test_an_author_may_answer_from_another_address():
    asked = mail("r", BEN, "> +\tw->idle = n;\n\nPlease move this.\n", "p")
    told = mail("a", "Ada Moor <moor@home.example>", "> Please move this.\n\nWill do.\n", "r")
    assert [one.status for one in remarks(patch(), asked, told)] == ["agreed"]


def test_a_patch_sent_again_without_a_version_is_the_next_one():
    asked = mail("r", BEN, "> +\tw->idle = n;\n\nPlease move this into its caller.\n", "p0")
    first = mail("p0", ADA, PATCH, subject="[PATCH] widget: count idle slots")
    again = mail("p1", ADA, PATCH.replace("+\tw->idle = n;\n", ""), subject="[PATCH RESEND] widget: count idle slots", day=9)
    (one,) = remarks(first, asked, again)
    assert one.next.state in ("gone", "changed") and one.next.evidence.place.message_id == "p1@x"


def test_quotes_without_markers_are_no_words_of_the_one_who_quotes():
    asked = mail("r", BEN, "> +\tw->idle = n;\n\nWhy is it counted here, and not where the table is made?\n", "p")
    quoted = "From: Ben Ruiz <ben@b.example> Sent: Monday, June 1, 2026\n\nWhy is it counted here, and not where the table is made?\n"
    found = remarks(patch(), asked, mail("a", ADA, f"The probe code cannot.\n\n{quoted}", "r"))
    assert [(one.author, one.status) for one in found] == [("Ben Ruiz", "answered")]


SKETCH = """Say when no slot is idle.

Signed-off-by: Ada Moor <ada@a.example>
---
 slots.c | 3 +++

+	if (!n)
+		pr_warn("widget: no idle slot\\n");
"""


def test_a_patch_without_hunk_headers_is_read_as_a_sketch():
    found = review([mail("p", ADA, SKETCH, subject="[PATCH] widget: warn")])
    assert [(site.format, site.place.line) for _, site in found.prints] == [("widget: no idle slot\\n", 8)]


def test_blank_lines_within_hunks_begin_no_sketch():
    found = review(
        [mail("p", ADA, PATCH.replace("+	w->idle = n;", '+	pr_warn("widget: %d\\n", n);'), subject="[PATCH] widget: warn")]
    )
    assert [site.format for _, site in found.prints] == ["widget: %d\\n"]


@pytest.mark.parametrize(
    ("words", "asks"),
    [
        ("Racy against the timer.", True),
        ("Still a plain int.", True),
        ("w->slot[i].busy", False),
        ("s/int/u32/", False),
        ("Thanks. Put that into the changelog.", True),
        ("Right, as on the other bus.", False),
    ],
)
def test_a_short_remark_on_code_wants_something(words, asks):
    found = review(
        [mail("p", ADA, PATCH, subject="[PATCH v2 1/1] widget: count"), mail("r", BEN, f"> +	w->idle = n;\n\n{words}\n", "p")]
    )
    assert bool(found.questions) == asks


def test_one_letter_agrees():
    asked = mail("r", BEN, "> +	w->idle = n;\n\nPlease move this up.\n", "p", day=2)
    answer = mail("a", ADA, "> Please move this up.\n\nk\n", "r", day=3)
    found = review([mail("p", ADA, PATCH, subject="[PATCH v2 1/1] widget: count"), asked, answer])
    assert [response.kind for response in found.remarks[0].responses] == ["agrees"]
    assert [one.evidence.quote for one in found.commitments] == ["k"]
