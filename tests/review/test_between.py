"""Between two versions: hunks as `git range-diff` pairs them, tags, change notes, who is silent."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter

import pytest

from tdxwhy.read.mail.decode import decode_mail
from tdxwhy.review.range_diff import changed_patch
from tdxwhy.review.review import review
from tdxwhy.review.threads import build_messages

MARA, TOMAS, WEI = "Mara One <mara@x.example>", "Tomas Two <t@x.example>", "Wei Three <w@x.example>"


def mail(name, body, parent="", *, who=TOMAS, subject="Re: [PATCH v2 1/2] x86: count the sockets", day=6):
    links = f"In-Reply-To: <{parent}>\nReferences: <{parent}>\n" if parent else ""
    head = f"From: {who}\nTo: {WEI}\nSubject: {subject}\nMessage-ID: <{name}>\n{links}"
    return decode_mail(f"{head}Date: Mon, {day} May 2024 09:00:00 +0000\n\n{body}".encode(), "t")


def patch(version, lines, *, notes="", tags="", part="1/2", title="x86: count the sockets", day=5, told="Count them."):
    added = "".join(f"+{line}\n" for line in lines)
    diff = f"diff --git a/s.c b/s.c\n--- a/s.c\n+++ b/s.c\n@@ -10,2 +10,{len(lines) + 2} @@ int count(void)\n int n;\n{added} return n;\n"
    body = f"{told}\n\n{tags}Signed-off-by: Mara One <mara@x.example>\n---\n{notes}\n{diff}"
    return mail(f"p{version}-{part[0]}", body, who=MARA, subject=f"[PATCH v{version} {part}] {title}", day=day)


OLD = ["for_each(s)", "\tn += seen(s);", 'pr_err("too many\\n");']
NEW = ["for_each(s)", "\tn += online(s);", 'pr_err("too many\\n");']


def only(mails, later):
    found = review(mails, later)
    (change,) = (one for one in found.changes if one.old and one.new)
    return change


def test_a_hunk_shows_the_lines_of_the_diff_that_differ():
    (hunk,) = only([patch(2, OLD)], [patch(3, NEW, day=9)]).hunks
    assert (hunk.state, hunk.section, hunk.lines) == ("changed", "int count(void)", ("-+\tn += seen(s);", "++\tn += online(s);"))


def test_the_same_patch_sent_again_is_the_same():
    change = only([patch(2, OLD)], [patch(3, OLD, day=9)])
    assert (change.state, change.reworded, [hunk.state for hunk in change.hunks]) == ("same", False, ["same"])


def test_only_the_changelog_changed():
    change = only([patch(2, OLD)], [patch(3, OLD, day=9, told="Count the sockets that are online.")])
    assert (change.state, change.reworded) == ("same", True)


def test_tags_are_kept_stale_or_lost():
    given = mail("r", "> +\tn += seen(s);\n\nFine.\n\nReviewed-by: Tomas Two <t@x.example>\n", "p2-1")
    carried = "Reviewed-by: Tomas Two <t@x.example>\n"

    def fate(later):
        return [one.fate for one in only([patch(2, OLD), given], [later]).tags]

    assert fate(patch(3, OLD, day=9, tags=carried)) == ["kept"]
    assert fate(patch(3, NEW, day=9, tags=carried)) == ["stale"]
    assert fate(patch(3, NEW, day=9)) == ["lost"]


def test_a_tag_for_the_series_counts_for_each_patch():
    cover = mail("c", "About sockets.\n", who=MARA, subject="[PATCH v2 0/1] sockets", day=5)
    one = patch(2, OLD)._replace(in_reply_to=("c",), references=("c",))
    given = mail("r", "For the series:\n\nAcked-by: Tomas Two <t@x.example>\n", "c", subject="Re: [PATCH v2 0/1] sockets")
    assert [each.fate for each in only([cover, one, given], [patch(3, NEW, day=9)]).tags] == ["lost"]


def test_a_note_of_which_nothing_shows_is_named():
    notes = "Changes since v2:\n - Use online() instead of seen().\n - Rename count_all() to count().\n - Drop the lock in free_them().\n"
    claims = only([patch(2, OLD)], [patch(3, NEW, notes=notes, day=9)]).claims
    assert [one.quote for one in claims] == ["- Drop the lock in free_them()."]


def test_remarks_are_taken_up_or_left():
    rest = ["if (n < 0)", "\treturn n;", "n += 1;", "put(s);", "show(n);"]
    reply = mail("r", "> +\tn += seen(s);\n\nPlease count those online.\n\n> +show(n);\n\nSay how many.\n", "p2-1")
    change = only([patch(2, OLD[:2] + rest), reply], [patch(3, NEW[:2] + rest, day=9)])
    assert ["online" in one.evidence.quote for one in change.taken] == [True]
    assert [one.evidence.quote for one in change.left] == ["Say how many."]


def test_patches_that_are_new_or_gone():
    other = {"part": "2/2", "title": "x86: print the sockets"}
    found = review([patch(2, OLD), patch(2, ["print_it(n);"], **other)], [patch(3, NEW, part="1/1", day=9)])
    assert [(one.title, one.state) for one in found.changes if one.new is None] == [("x86: print the sockets", "gone")]
    found = review([patch(2, OLD, part="1/1")], [patch(3, NEW, day=9), patch(3, ["print_it(n);"], day=9, **other)])
    assert [(one.title, one.state) for one in found.changes if one.old is None] == [("x86: print the sockets", "new")]


def test_who_was_asked_and_wrote_nothing_since():
    asked = mail("a", "> +\tn += seen(s);\n\nWei, is this right?\n", "p2-1")
    assert [(one.who, one.asked_by) for one in review([patch(2, OLD), asked]).silent] == [("Wei Three", "Tomas Two")]
    elsewhere = mail("e", "> +\tn += seen(s);\n\nLooks odd.\n", "p2-1", who=WEI, day=8)
    assert "Wei Three" not in {one.who for one in review([patch(2, OLD), asked, elsewhere]).silent}


BASE = "".join(f"line {number}\n" for number in range(60))
V1 = BASE.replace("line 5\n", "line 5\nfirst();\n").replace("line 30\n", "one();\ntwo();\n").replace("line 50\n", "line 50\nlast();\n")
V2 = BASE.replace("line 5\n", "line 5\nfirst();\n").replace("line 30\n", "one();\nthree();\n").replace("line 45\n", "line 45\nlast();\n")


@pytest.mark.skipif(shutil.which("git") is None, reason="no git")
def test_hunks_are_paired_like_git_range_diff(tmp_path):
    def git(*words):
        settings = ("-c", "user.name=Mara One", "-c", "user.email=mara@x.example", "-c", "commit.gpgsign=false")
        return subprocess.run(["git", *settings, *words], cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    git("init", "-q", "-b", "base")
    (tmp_path / "s.c").write_text(BASE)
    git("add", "s.c")
    git("commit", "-qm", "base")
    mails = []
    for version, text in enumerate((V1, V2), 1):
        git("checkout", "-q", "-b", f"v{version}", "base")
        (tmp_path / "s.c").write_text(text)
        git("commit", "-qam", "s: count")
        mails.append(git("format-patch", "--stdout", f"-v{version}", "base"))
    old, new = (build_messages([decode_mail(one.encode(), "t")])[0] for one in mails)
    shown = Counter(
        re.findall(r"^    ([-+][-+ ].*?)\s*$", git("range-diff", "--no-color", "--creation-factor=99", "base..v1", "base..v2"), re.M)
    )
    heads = Counter({line: count for line, count in shown.items() if line[2:].startswith("@@") or line[1:3] == "##"})
    ours = Counter(line.rstrip() for hunk in changed_patch(old, new).hunks for line in hunk.lines)
    assert ours == shown - heads
