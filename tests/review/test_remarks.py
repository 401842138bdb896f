"""Remarks of small threads: answers, promises and what became of them, conditions of tags, providers of preconditions."""

from __future__ import annotations

import pytest

from tdxwhy.read.mail.decode import decode_mail
from tdxwhy.review.review import review

PATCH = """Words about it.

Signed-off-by: Mara One <mara@x.example>
---
diff --git a/a.c b/a.c
--- a/a.c
+++ b/a.c
@@ -1,2 +1,6 @@
+\t/* This line is criticised by the reviewer. */
+\tret = call_it(now);
+\tif (ret)
+\t\treturn ret;
"""


def mail(name, body, parent="", who="Tomas Two <t@x.example>", subject="Re: [PATCH v2 1/2] x86: words", day=6):  # noqa: PLR0917
    links = f"In-Reply-To: <{parent}>\nReferences: <{parent}>\n" if parent else ""
    head = f"From: {who}\nTo: Wei Three <w@x.example>\nSubject: {subject}\nMessage-ID: <{name}>\n{links}"
    return decode_mail(f"{head}Date: Mon, {day} May 2024 09:00:00 +0000\n\n{body}".encode(), "t")


def patch(body=PATCH, version=2, day=5):
    return mail(f"p{version}", body, who="Mara One <mara@x.example>", subject=f"[PATCH v{version} 1/2] x86: words", day=day)


def asked(question, answer):
    reply = mail("r", f"> +\tret = call_it(now);\n\n{question}\n", "p2")
    return review([patch(), reply, mail("a", answer, "r", who="Mara One <mara@x.example>", day=7)]).questions


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("> Why is it called here?\n\nBecause it must.\n", "answered"),
        ("> Why is it called here?\n\nYes.\n", "answered"),
        ("> Why is it called here?\n\n-EINVAL\n", "answered"),
        ("> Why is it called here?\n\nWhy do you ask?\n", "deflected"),
        ("> Why is it called here?\n\nThat's a separate topic.\n", "deflected"),
        ("> Why is it called here?\n\nThank you for the review.  Let me check with our team and get back.\n", "deflected"),
        ("> Why is it called here?\n\nGood question, I will think about it.\n", "deflected"),
        ("> Why is it called here?\n\nIt is the only place, will look up the reason.\n", "answered"),
        ("> Why is it called here?\n\nPlease read the comment above, it says so, right?\n", "answered"),
        ("> Why is it called here?\n\nI'll have to defer to Wei on that one.\n", "deflected"),
        ("> Why is it called here?\n\nTBH I don't know.\n", "deflected"),
        ("> Something else\n\nFine.\n", "unanswered"),
        ("> Why is it called here?\n", "unanswered"),
        ("Because it must.\n\n> Why is it called here?\n", "answered"),
    ],
)
def test_answers_stand_under_the_question(answer, status):
    assert [q.status for q in asked("Why is it called here?", answer)][:1] == [status]


def test_an_answer_to_another_question_is_none():
    first, second = asked(
        "Why is it called here?\n\n> +\tif (ret)\n\nAnd what of this?",
        "> Why is it called here?\n> > +\tif (ret)\n> And what of this?\n\nOK.\n",
    )
    assert (first.status, second.status) == ("unanswered", "answered")


def test_one_answer_serves_a_breath_of_questions():
    assert [q.status for q in asked("Why here?  Why now?", "> Why here?  Why now?\n\nNo better place.\n")] == ["answered", "answered"]


def test_whoever_is_called_must_answer():
    reply = mail("r", "> +\tif (ret)\n\nWei, any comments?\n", "p2")
    other = mail("a", "> Wei, any comments?\n\nI like it.\n", "r", who="Ines Four <i@x.example>", day=7)
    (question,) = review([patch(), reply, other]).questions
    assert (question.addressee, question.status) == ("Wei Three", "unanswered")
    mine = mail("b", "> Wei, any comments?\n\nNone.\n", "r", who="Wei Three <w@x.example>", day=8)
    assert review([patch(), reply, other, mine]).questions[0].status == "answered"


def test_the_asker_cannot_answer():
    reply = mail("r", "> +\tif (ret)\n\nWhy is it called here?\n", "p2")
    again = mail("s", "> Why is it called here?\n\nI found out.\n", "r")
    assert [q.status for q in review([patch(), reply, again]).questions] == ["unanswered"]


def promised(promise, later, request="Please drop this comment."):
    reply = mail("r", f"> +\t/* This line is criticised by the reviewer. */\n\n{request}\n", "p2")
    quoted = f"> > +\t/* This line is criticised by the reviewer. */\n>\n> {request}\n\n{promise}\n"
    answer = mail("a", quoted, "r", who="Mara One <mara@x.example>", day=7)
    return review([patch(), reply, answer], [patch(later, 3, 9)] if later else []).commitments


@pytest.mark.parametrize(
    ("promise", "later", "kept"),
    [
        ("Will remove.", "", "unknown"),
        ("Will remove.", PATCH, "no"),
        ("Will remove.", PATCH.replace("+\t/* This line is criticised by the reviewer. */\n", ""), "yes"),
        ("Will update it.", PATCH, "unknown"),
        ("Will update the widget frobnication.", PATCH.replace("---\n", "---\nv2 -> v3:\n - Update widget frobnication.\n", 1), "yes"),
        ("Will mention widget frobnication.", PATCH.replace("---\n", "---\nv2 -> v3:\n - Dropped widget frobnication.\n", 1), "superseded"),
    ],
)
def test_promises(promise, later, kept):
    (commitment,) = promised(promise, later)
    assert commitment.owner == "Mara One"
    assert commitment.kept == kept


def test_a_dropped_patch_keeps_the_promise_to_drop_it():
    reply = mail("a", "> Words about it.\n\nThis patch will be dropped in the next version.\n", "p2", who="Mara One <mara@x.example>")
    other = mail("p3", PATCH.replace("call_it", "other"), who="Mara One <mara@x.example>", subject="[PATCH v3 1/1] KVM: more", day=9)
    assert [c.kept for c in review([patch(), reply], [other]).commitments] == ["yes"]


def test_admissions_count_only_of_the_patchs_author():
    mine = mail("a", "> Words about it.\n\nOops, I forgot to update this.\n", "p2", who="Mara One <mara@x.example>")
    theirs = mail("b", "> Words about it.\n\nOops, I forgot to update my tree.\n", "p2")
    assert [c.owner for c in review([patch(), mine, theirs]).commitments] == ["Mara One"]


def test_a_person_of_the_thread_can_be_promised():
    reply = mail("r", "> Words about it.\n\nWei will send the other half.\n\nKVM will send a signal.\n", "p2")
    assert [(c.owner, c.kind) for c in review([patch(), reply]).commitments] == [("Wei Three", "third-person")]


@pytest.mark.parametrize(
    ("text", "conditional"),
    [
        ("Reviewed-by: A B <a@x>", False),
        ("Looks good.\n\nReviewed-by: A B <a@x>", False),
        ("With the typo fixed:\n\nReviewed-by: A B <a@x>", True),
        ("If you rename this, feel free to add:\n\nReviewed-by: A B <a@x>", True),
        ("Reviewed-by: A B <a@x>\n\nOnce you have fixed the comment.", True),
        ("Reviewed-by: A B <a@x> # if this is fixed", True),
        ("Please fix the comment.\n\n> +\tif (ret)\n\nReviewed-by: A B <a@x>", False),
    ],
)
def test_conditions_of_tags(text, conditional):
    tags = review([patch(), mail("r", f"> +\tif (ret)\n\n{text}\n", "p2")]).tags
    assert [(t.by, t.conditional) for t in tags if t.tag == "Reviewed-by"] == [("A B <a@x>", conditional)]


def test_tags_in_quotes_and_talk_are_none():
    body = "> Reviewed-by: A B <a@x>\n\nThey gave no Reviewed-by or Acked-by.\n$ grep -c 'acked-by:|reviewed-by:' box\n"
    assert [t for t in review([patch(), mail("r", body, "p2")]).tags if t.tag != "Signed-off-by"] == []


@pytest.mark.parametrize(
    ("text", "provider"),
    [
        ("The caller must make sure that all CPUs are online.", None),
        ("Callers (such as KVM) must make sure that all CPUs are online.", "KVM"),
        ("The BIOS must guarantee this.", "BIOS"),
        ("The kernel must flush the cache before the page is used.", "this patch"),
        ("The module must be loaded by the BIOS before the kernel boots.", "BIOS"),
        ("The call must be made on one CPU of each package.  Loop over the online ones.", "this patch"),
        ("This function requires at least one online CPU.", None),
    ],
)
def test_providers(text, provider):
    found = review([patch(f"{text}\n\n{PATCH}")]).preconditions
    assert [one.provider for one in found] == [provider]


@pytest.mark.parametrize(
    ("text", "provider"),
    [
        ("Hypervisors have to hide the bit from guests that do not know it.", "hypervisors"),
        ("At least one CPU of every package has to stay online while guests exist.", None),
        ("KVM already makes sure that VMXON was done.", "KVM"),
        ("It's up to KVM to stop the vCPUs before the shutdown.", "KVM"),
        ("Without an online CPU on each socket the flush cannot work.", None),
        ("The core relies on the fact that a charge is always undone.", None),
        ("demo() expects callers to hold no lock.  The handler fulfils that because it runs later.", "handler"),
        ("The notifier has to be registered before any memory block goes online.", None),
        ("It is assumed that nobody offlines CPUs meanwhile.", None),
        ("QEMU must pass the flag.", "QEMU"),
        ("This requires that the cache is flushed on all CPUs, so use WBINVD first.", "this patch"),
        ("This can only be called when no guest is running.  KVM has already kicked out all guests.", "KVM"),
    ],
)
def test_a_patch_tells_needs_where_a_reply_gives_opinions(text, provider):
    (one,) = review([patch(f"{text}\n\n{PATCH}")]).preconditions
    assert one.provider == provider


@pytest.mark.parametrize(
    "text",
    [
        "Must not be called from NMI context.",
        "Interrupts must be off here.",
        "@data must point to one page.",
        "Never call this with a running TD.",
    ],
)
def test_a_comment_tells_whoever_calls(text):
    comment = f"+\t/*\n+\t * {text}\n+\t */\n+\tret"
    (one,) = review([patch(PATCH.replace("+\tret", comment, 1))]).preconditions
    assert (one.where, one.provider) == ("comment", None)


def test_what_must_not_happen_is_no_need():
    assert review([patch(), mail("r", "> +\tif (ret)\n\nUserspace must never be able to flood the log.\n", "p2")]).preconditions == ()


@pytest.mark.parametrize(
    "text",
    [
        "v3 will print the mask.",
        "Ouch, I missed the second one, will fix both.",
        "I try to make the patch this weekend.",
        "I'll think about it.",
        "The next posting won't have it.",
        "I send it after the test is finished.",
        "Ack, dropping it.",
        "OK, pr_err it is.",
        "I'll have a look tomorrow.",
        "Ah yes, I need to fix that up.",
        "Already fixed in my tree.",
        "Okay, going to switch to a mutex.",
    ],
)
def test_promises_in_other_words(text):
    reply = mail("r", "> +\tif (ret)\n\nThis is wrong.\n", "p2")
    found = review([patch(), reply, mail("a", f"> This is wrong.\n\n{text}\n", "r", who="Mara One <mara@x.example>", day=7)])
    assert [one.owner for one in found.commitments] == ["Mara One"]


def test_a_word_alone_brings_its_subject():
    (one,) = review([patch(), mail("r", "> +\tif (ret)\n\nYou return 0 here.  Intentional?\n", "p2")]).questions
    assert one.evidence.quote == "You return 0 here. Intentional?"


def test_an_indented_line_below_a_quote_can_ask():
    (one,) = review([patch(), mail("r", "> +\tif (ret)\n\n\tAnd zero is fine now?\n\nReally.\n", "p2")]).questions
    assert one.evidence.quote == "And zero is fine now?"


def test_a_warning_without_words_is_no_message():
    code = PATCH.replace("+\tif (ret)\n", '+\tif (WARN_ON_ONCE(ret))\n+\t\tpr_err("it failed: %d\\n", ret);\n')
    assert [site.call for _, site in review([patch(code)]).prints] == ["pr_err"]


def test_a_sentence_that_names_the_provider_belongs_to_the_need():
    comment = "+\t/*\n+\t * This needs a running CPU on each package.  Callers (aka. KVM) can\n+\t * make sure of that.\n+\t */\n"
    (one,) = review([patch(PATCH.replace("+\tret", comment + "+\tret", 1))]).preconditions
    assert (one.where, one.provider) == ("comment", "KVM")


def test_messages_wished_for_and_dreaded():
    body = "> +\tif (ret)\n\nWill they see:\n\n\tvirt/tdx: package 3 has no online CPU\n\n"
    body += "Or, will they see:\n\n\tvirt/tdx: something failed\n\n?\n"
    found = review([patch(), mail("r", body, "p2")])
    assert [m.kind for m in found.init_messages] == ["wanted", "unwanted"]
    assert [m.names.package for m in found.init_messages] == [True, False]
    assert len(found.questions) == 1


def test_messages_in_quotation_marks():
    body = '> +\tif (ret)\n\nAll I see in dmesg is "virt/tdx: initialization failed".  You said "this can never happen to anybody".\n'
    assert [m.evidence.quote for m in review([patch(), mail("r", body, "p2")]).init_messages] == ["virt/tdx: initialization failed"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("This becomes\n\n  virt/tdx: TDH.SYS.INIT failed: TDX_SYS_BUSY (0xc000050100000000)\n", "pasted"),
        ("Will print as:\n\n  tdx: LP.INIT failed on CPU 12 (package 0)\n\nOK?\n", "pasted"),
        ('A line that says "package 1: SEAMRR not configured" would have saved us the night.\n', "wanted"),
    ],
)
def test_messages_that_no_kernel_prints_yet(body, kind):
    found = review([patch(), mail("r", f"> +\tif (ret)\n\n{body}", "p2")])
    assert [m.kind for m in found.init_messages] == [kind]


def answered_by_reader(words):
    """What stays a remark of a reader's mail under the author's explanation."""
    asked_first = mail("r", "> +\tret = call_it(now);\n\nThis leaks the page.\n", "p2")
    explained = mail("a", "> This leaks the page.\n\nThe caller frees it.\n", "r", who="Mara One <mara@x.example>", day=7)
    closing = mail("c", f"> > This leaks the page.\n>\n> The caller frees it.\n\n{words}\n", "a", day=8)
    return [
        one.evidence.quote for one in review([patch(), asked_first, explained, closing]).remarks if one.evidence.place.message_id == "c"
    ]


@pytest.mark.parametrize(
    "words",
    [
        "Ah, I see.",
        "I had overlooked the caller, thanks for explaining.",
        "Never mind.",
        "Oh, I was looking at v1. The new loop frees it.",
        "Gave it a spin on two machines, no splat.",
        "Argh, right. I take my remark back.",
        "Fair enough. NAK withdrawn.",
        "I repeated it with kmemleak over the weekend, no leak.",
        "Booted it on four machines.\n\nBR\nTomas",
        "With that: Reviewed-by: Tomas Two <t@x.example>",
    ],
)
def test_a_reader_who_gives_way_or_reports_a_test_remarks_nothing(words):
    assert answered_by_reader(words) == []


@pytest.mark.parametrize(
    "words",
    [
        "I see. A comment would have told me.",
        "I see, but the second caller does not.",
        "I ran it under kmemleak and it leaks.",
        "I see. Why not here?",
    ],
)
def test_a_reader_who_gives_way_in_part_or_whose_test_fails_remarks(words):
    assert answered_by_reader(words)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [("Ack.", "agrees"), ("Understood.", "agrees"), ("The caller does.", "explains"), ("Hm, let me think about it.", "defers")],
)
def test_a_point_that_is_taken_is_explained_by_nothing(answer, kind):
    reply = mail("r", "> +\tret = call_it(now);\n\nWho unlocks it on error?\n", "p2")
    taken = mail("a", f"> Who unlocks it on error?\n\n{answer}\n", "r", who="Mara One <mara@x.example>", day=7)
    (remark,) = review([patch(), reply, taken]).remarks
    assert [one.kind for one in remark.responses] == [kind]


def test_all_that_was_to_be_checked_is_checked():
    (promise,) = promised("I went through all callers, none holds it.", "", "Please check that no caller holds the lock.")
    assert promise.owner == "Mara One"


@pytest.mark.parametrize("words", ["A selftest for the error path will follow.", "Resume is left out, I will add it once this is in."])
def test_a_patch_announces_what_comes_later(words):
    (promise,) = review([patch(f"{words}\n\n{PATCH}")]).commitments
    assert (promise.evidence.quote, promise.owner) == (words, "Mara One")


@pytest.mark.parametrize("words", ["We will then free the page when the guest exits.", "The rest will follow the same rules."])
def test_what_the_code_will_do_is_no_promise(words):
    assert review([patch(f"{words}\n\n{PATCH}")]).commitments == ()


@pytest.mark.parametrize(
    ("words", "owner"),
    [
        ("Wei is going to measure it tomorrow.", "Wei Three"),
        ("Anouk from our lab is looking at it.", "Anouk"),
        ("My colleague is looking into it.", "Mara One"),
        ("The vendor has promised us a number.", "vendor"),
        ("KVM is going to drop the page.", None),
    ],
)
def test_work_of_others(words, owner):
    reply = mail("a", f"> Words about it.\n\n{words}\n", "p2", who="Mara One <mara@x.example>")
    assert [one.owner for one in review([patch(), reply]).commitments] == ([owner] if owner else [])


def test_a_tag_at_the_end_of_a_line_is_given_by_its_owner_alone():
    reply = mail(
        "r", "> Words about it.\n\nWith the typo fixed: Acked-by: Tomas Two <t@x.example>\n\nAdd Acked-by: Wei Three <w@x.example>\n", "p2"
    )
    assert [(one.by, one.conditional) for one in review([patch(), reply]).tags if one.tag == "Acked-by"] == [
        ("Tomas Two <t@x.example>", True)
    ]
