"""The sample threads: golden reports, and what each of them is there for."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tdxwhy.read.mail.source import read_mails
from tdxwhy.report.review_json import review_data, review_json
from tdxwhy.report.review_page import review_html, review_markdown, review_reply
from tdxwhy.report.review_text import review_text
from tdxwhy.report.terminal import Painter
from tdxwhy.review.review import review

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "threads"
NAMES = sorted(path.name for path in SAMPLES.iterdir())


def about(name):
    return tomllib.loads((SAMPLES / name / "about.toml").read_text(encoding="utf-8"))


def reviewed(name):
    facts = about(name)
    later = [mail for file in facts.get("with", []) for mail in read_mails(SAMPLES / name / file)]
    return review(read_mails(SAMPLES / name / facts["input"]), later)


def data(name):
    return review_data(reviewed(name))


@pytest.mark.parametrize("name", NAMES)
def test_golden(name, golden):
    found = reviewed(name)
    golden(SAMPLES / name / "expected.txt", review_text(found, Painter(on=False), 100))
    golden(SAMPLES / name / "expected.json", review_json(found))
    golden(SAMPLES / name / "expected.reply.txt", review_reply(found))


@pytest.mark.parametrize("name", NAMES)
def test_reports_hold_together(name):
    found = reviewed(name)
    assert "<script" not in review_html(found)
    assert review_markdown(found).startswith("**")
    assert all(len(line) <= 78 for line in review_reply(found).split("\n") if not line.startswith(("Subject:", "In-Reply-To:")))


def test_there_are_enough_and_each_says_why():
    assert len(NAMES) >= 12
    adds = [about(name)["adds"] for name in NAMES]
    assert len(set(adds)) == len(adds)


def test_who_guarantees():
    found = data("who-guarantees")
    assert [q["asked_by"] for q in found["questions"]] == ["Tomas Reyes"] * 4
    needs = [(p["text"], p["provider"]) for p in found["preconditions"]]
    assert ("The callers must guarantee that.", None) in needs
    assert any("needs a running CPU" in text and provider == "KVM" for text, provider in needs)
    promises = {c["text"]: c for c in found["commitments"]}
    assert promises["I will sit down with Wei and work it out."]["helper"] == "Wei"
    assert promises["I will sit down with Wei and work it out."]["object"].startswith("a message like: virt/tdx: root key")
    kinds = {m["text"]: m["kind"] for m in found["init_messages"]}
    assert kinds == {
        "virt/tdx: root key not programmed: package 3 has no online CPU": "wanted",
        "virt/tdx: initialization failed": "unwanted",
    }


def test_both_archive_forms_and_the_mail_itself_say_the_same():
    forms = [data(name) for name in ("archive-page-text", "archive-page-html", "missing-parents")]
    for kind in ("questions", "commitments"):
        assert len({tuple((one["text"]) for one in form[kind]) for form in forms}) == 1
    assert [m["author"] for m in forms[0]["messages"]] == [m["author"] for m in forms[2]["messages"]]
    assert "t1@maint.example" in {m["message_id"] for m in forms[2]["messages"]}


def test_kept_elsewhere_in_part():
    (promise,) = data("kept-elsewhere")["commitments"]
    assert promise["kept"] == "partly"
    assert promise["kept_by"]["message_id"] == "v3-2@kernel.example"


def test_robots_are_apart():
    found = data("robots")
    assert [m["kind"] for m in found["messages"]] == ["patch", "bot", "reply", "bot"]
    assert found["questions"] == []
    assert [c["owner"] for c in found["commitments"]] == ["Mara Lindqvist"]


def test_refusal_without_the_word():
    found = data("refusal-without-the-word")
    assert "object" in {s["stance"] for s in found["stances"]}
    assert any("move it to the driver" in r["text"] for r in found["requests"])
    assert found["commitments"] == []


def test_put_off():
    assert [q["status"] for q in data("put-off")["questions"]] == ["deflected", "answered"]


def test_condition_on_a_tag():
    tags = {t["tag"]: t["conditional"] for t in data("condition-on-a-tag")["tags"]}
    assert tags == {"Signed-off-by": False, "Reviewed-by": True, "Tested-by": False}


def test_pasted_patch_lines_belong_to_their_author():
    quotes = data("pasted-patch-lines")["quotes"]
    pasted = [q for q in quotes if q["message_id"] == "i2@review.example"]
    assert [(q["said_by"], q["first"][:5]) for q in pasted] == [("Tomas Reyes", "And *"), ("Mara Lindqvist", "+\tif ")]


def test_broken_mbox_is_read():
    found = data("broken-mbox")
    assert {m["author"] for m in found["messages"]} == {"Mara Lindqvist", "Müller, Jörg", "Nobody"}
    assert [q["status"] for q in found["questions"]] == ["answered"]


def test_sent_as_a_reply():
    found = data("sent-as-a-reply")
    assert found["versions"] == ["3", "3.1"]
    assert [m["kind"] for m in found["messages"]] == ["patch", "reply", "patch", "patch"]


def test_attribution_lines_are_no_talk():
    found = data("attribution-languages")
    assert len(found["questions"]) == 5
    assert all("wrote" not in q["text"] and "schrieb" not in q["text"] for q in found["questions"])


def test_pages():
    for name in ("lore-thread-page", "patchwork-page"):
        found = data(name)
        assert [m["author"] for m in found["messages"]] == ["Mara Lindqvist", "Tomas Reyes"]
        assert found["messages"][1]["parent"] == "root-key-v3-4@kernel.example"
        assert [q["status"] for q in found["questions"]] == ["unanswered"]
