"""Mails in every form in which threads reach us, whole, torn and hostile."""

from __future__ import annotations

import gzip
import io
import subprocess
import time
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxwhy.errors import NothingToJudge, TdxwhyError
from tdxwhy.read.mail import pick
from tdxwhy.read.mail.decode import decode_mail, person
from tdxwhy.read.mail.mbox import split_mbox
from tdxwhy.read.mail.page import page_date, page_mails
from tdxwhy.read.mail.pick import held
from tdxwhy.read.mail.source import read_mails, read_stream

ONE = b"From: A <a@x.example>\nSubject: one\nMessage-ID: <1@x>\nDate: Mon, 6 May 2024 09:00:00 +0200\n\nhello\n"
TWO = b"From: B <b@x.example>\nSubject: Re: one\nMessage-ID: <2@x>\nIn-Reply-To: <1@x>\nReferences: <0@x> <1@x>\n\n> hello\nworld\n"
SEPARATOR = b"From mboxrd@z Thu Jan  1 00:00:00 1970\n"


def mbox():
    return SEPARATOR + ONE + b"\n" + SEPARATOR + TWO + b"\n"


def ids(path, about=None):
    return [mail.message_id for mail in read_mails(path, about)]


def test_mbox_plain_and_compressed(tmp_path):
    (tmp_path / "t.mbox").write_bytes(mbox())
    (tmp_path / "t.mbox.gz").write_bytes(gzip.compress(mbox()))
    assert ids(tmp_path / "t.mbox") == ids(tmp_path / "t.mbox.gz") == ["1@x", "2@x"]


def test_headers(tmp_path):
    (tmp_path / "one.eml").write_bytes(TWO)
    (mail,) = read_mails(tmp_path / "one.eml")
    assert (mail.author, mail.address, mail.in_reply_to, mail.references) == ("B", "b@x.example", ("1@x",), ("0@x", "1@x"))
    assert mail.body == "> hello\nworld\n"


def test_folder_and_maildir(tmp_path):
    for name, raw in (("cur/1:2,S", ONE), ("new/2", TWO), ("tmp/3", ONE)):
        path = tmp_path / "maildir" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "02.eml").write_bytes(TWO)
    (folder / "01.eml").write_bytes(ONE)
    (folder / "truth.json").write_text("{}")
    assert ids(tmp_path / "maildir") == ids(folder) == ["1@x", "2@x"]


def test_standard_input():
    assert [mail.message_id for mail in read_stream(io.BytesIO(mbox()), "-")] == ["1@x", "2@x"]


def test_a_mail_that_came_over_two_lists_counts_once(tmp_path):
    (tmp_path / "t.mbox").write_bytes(mbox() + mbox())
    assert ids(tmp_path / "t.mbox") == ["1@x", "2@x"]


def test_from_in_the_body_is_no_separator():
    body = SEPARATOR + ONE + b"\nFrom what I see this is fine.\n\nFrom here on 2024\nno header follows\n>From quoted\n"
    ((line, raw),) = split_mbox(io.BytesIO(body))
    assert line == 2
    assert b"From what I see" in raw
    assert b"\nFrom quoted" in raw


def test_mbox_that_ends_in_a_header():
    mails = [decode_mail(raw, "t", line) for line, raw in split_mbox(io.BytesIO(mbox() + SEPARATOR + b"From: C <c@x>\nSubj"))]
    assert [mail.author for mail in mails] == ["A", "B", "C"]


def test_missing_file_and_empty_folder(tmp_path):
    with pytest.raises(TdxwhyError, match="no such file"):
        ids(tmp_path / "nothing.mbox")
    with pytest.raises(NothingToJudge):
        ids(tmp_path)


def test_no_mail_at_all(tmp_path):
    (tmp_path / "x.txt").write_text("nothing to see here")
    assert ids(tmp_path / "x.txt") == []


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ('"Lindqvist, Mara" <m@x.example>', "Lindqvist, Mara", "m@x.example"),
        ("Lindqvist, Mara <m@x.example>", "Lindqvist, Mara", "m@x.example"),
        ("m@x.example", "m@x.example", "m@x.example"),
        ("m@x.example (Mara)", "Mara", "m@x.example"),
        ('"m@x.example" <m@x.example>', "m@x.example", "m@x.example"),
        ("", "", None),
    ],
)
def test_person(text, name, address):
    assert person(text) == (name, address)


@pytest.mark.parametrize(
    ("charset", "data", "text"),
    [
        ("us-ascii", "grün".encode("latin-1"), "grün"),
        ("us-ascii", "grün".encode(), "grün"),
        ("iso-8859-1", "grün".encode(), "grün"),
        ("koi8-r", "да".encode("koi8-r"), "да"),
        ("no-such-charset", "grün".encode(), "grün"),
        ("utf-8", b"\xff\xfe", "ÿþ"),
    ],
)
def test_charsets(charset, data, text):
    raw = b"From: a@x\nContent-Type: text/plain; charset=" + charset.encode() + b"\n\n" + data
    assert decode_mail(raw, "t").body == text


def test_base64_with_crlf_and_no_break_blanks():
    message = EmailMessage()
    message["From"] = "a@x"
    message.set_content("one\u00a0two\r\n> three\r\n", cte="base64")
    assert decode_mail(message.as_bytes(), "t").body.startswith("one two\n> three\n")


def test_html_only_becomes_text_with_quote_marks():
    raw = b"From: a@x\nContent-Type: text/html\n\n<p>Why?</p><blockquote>old<br>words</blockquote><script>x()</script><style>p{}</style>"
    assert decode_mail(raw, "t").body.split("\n")[:4] == ["Why?", "", "> old", "> words"]


def test_text_is_preferred_and_patches_attached_are_read():
    message = EmailMessage()
    message["From"] = "a@x"
    message.set_content("the words\n")
    message.add_alternative("<p>the page</p>", subtype="html")
    message.add_attachment("+++ b/x\n", subtype="x-patch", filename="0001.patch")
    body = decode_mail(message.as_bytes(), "t").body
    assert "the words" in body
    assert "+++ b/x" in body
    assert "the page" not in body


def test_signed_mail_loses_its_armour():
    raw = b"From: a@x\n\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA1\n\nwords\n- -- \nme\n"
    raw += b"-----BEGIN PGP SIGNATURE-----\nabc\n-----END PGP SIGNATURE-----\n"
    assert decode_mail(raw, "t").body == "words\n-- \nme"


@given(st.binary(max_size=2000))
def test_any_bytes_are_decoded(raw):
    decode_mail(raw, "t")
    list(split_mbox(io.BytesIO(SEPARATOR + raw)))


@settings(max_examples=50)
@given(st.text(max_size=500))
def test_any_text_is_a_page_or_none(text):
    list(page_mails(text, "t"))
    list(page_mails("<html>" + text, "t"))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Tue Jan 10 2023 - 19:07:05 EST", 1673395620),
        ("2023-01-11  0:06", 1673395560),
        ("Jan. 11, 2023, 12:06 a.m. UTC", 1673395560),
        ("Wed, 11 Jan 2023 00:06:44 +0000", 1673395604),
        ("yesterday", None),
    ],
)
def test_page_dates(text, seconds):
    found = page_date(text)
    assert found == seconds if seconds is None else abs(found - seconds) < 60


# hostile


def test_fifty_megabytes_are_cut_and_said(tmp_path):
    path = tmp_path / "big.eml"
    path.write_bytes(ONE + b"x" * 70 + b"\n" + (b"y" * 75 + b"\n") * 690000)
    started = time.process_time()
    (mail,) = read_mails(path)
    assert mail.notes == ("mail cut after 4 MiB",)
    assert len(mail.body) <= 4 << 20
    assert time.process_time() - started < 5


def test_a_line_without_end_stays_small(tmp_path):
    path = tmp_path / "big.mbox"
    path.write_bytes(SEPARATOR + ONE + b"z" * (20 << 20) + b"\n\n" + SEPARATOR + TWO)
    assert ids(path) == ["1@x", "2@x"]


def test_mime_bombs():
    deep = b"From: a@x\nMessage-ID: <1@x>\n" + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000)
    )
    wide = b"From: a@x\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\nContent-Type: text/plain\n\nx\n" * 20000
    started = time.process_time()
    assert decode_mail(deep, "t").author == "a@x"
    assert "parts" in decode_mail(wide, "t").notes[0]
    assert time.process_time() - started < 10


def test_archive_bomb_is_not_unpacked_whole(tmp_path):
    path = tmp_path / "t.mbox.gz"
    path.write_bytes(gzip.compress(SEPARATOR + ONE + b"\0" * (64 << 20)))
    (mail,) = read_mails(path)
    assert len(mail.body) < 5 << 20


def test_of_a_torn_archive_the_mails_before_the_break_are_read(tmp_path):
    path = tmp_path / "t.mbox.gz"
    for packed in (gzip.compress(mbox())[:-20], gzip.compress(mbox()) + b"rubbish"):
        path.write_bytes(packed)
        first, last = read_mails(path)
        assert (first.message_id, first.notes) == ("1@x", ())
        assert "gz stream that is cut or broken" in last.notes[-1]
    path.write_bytes(gzip.compress(mbox()) + bytes(99))
    assert [mail.notes for mail in read_mails(path)] == [(), ()]
    path.write_bytes(b"\x1f\x8brubbish")
    with pytest.raises(TdxwhyError, match="gz stream that is cut or broken"):
        ids(path)


def test_links_out_of_a_folder_are_not_followed(tmp_path):
    (tmp_path / "secret").write_bytes(ONE)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "01.eml").symlink_to(tmp_path / "secret")
    (folder / "02.eml").write_bytes(TWO)
    assert ids(folder) == ["2@x"]


# public-inbox


def git(path, *args, data=None):
    identity = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@x",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@x",
        "PATH": "/usr/bin:/bin",
    }
    dates = {"GIT_AUTHOR_DATE": "2024-05-06T09:00:00Z", "GIT_COMMITTER_DATE": "2024-05-06T09:00:00Z", "HOME": str(path)}
    run = subprocess.run(["git", "-C", str(path), *args], input=data, capture_output=True, check=True, env=identity | dates)
    return run.stdout.decode().strip()


def epoch(path, mails):
    path.mkdir(parents=True)
    git(path, "init", "-q", "--bare", ".")
    parent = ""
    for raw in mails:
        blob = git(path, "hash-object", "-w", "--stdin", data=raw)
        tree = git(path, "mktree", data=f"100644 blob {blob}\tm\n".encode())
        parent = git(path, "commit-tree", tree, *(("-p", parent) if parent else ()), "-m", "x")
    git(path, "update-ref", "refs/heads/master", parent)
    (path / "HEAD").write_text("ref: refs/heads/master\n")


def test_public_inbox_v2_epochs_in_order(tmp_path):
    epoch(tmp_path / "git" / "0.git", [ONE])
    epoch(tmp_path / "git" / "1.git", [TWO, ONE.replace(b"<1@x>", b"<9@x>").replace(b"one", b"other")])
    assert ids(tmp_path) == ["1@x", "2@x", "9@x"]
    assert ids(tmp_path, "one") == ["1@x", "2@x"]
    assert ids(tmp_path, "<1@x>") == ["1@x", "2@x"]
    with pytest.raises(NothingToJudge):
        ids(tmp_path, "no such series")


def test_public_inbox_v1(tmp_path):
    path = tmp_path / "v1.git"
    path.mkdir()
    git(path, "init", "-q", "--bare", ".")
    rows = []
    for name, raw in (("aa", ONE), ("bb", TWO)):
        blob = git(path, "hash-object", "-w", "--stdin", data=raw)
        inner = git(path, "mktree", data=f"100644 blob {blob}\tx{name}\n".encode())
        rows.append(f"040000 tree {inner}\t{name}\n")
    tree = git(path, "mktree", data="".join(rows).encode())
    git(path, "update-ref", "refs/heads/master", git(path, "commit-tree", tree, "-m", "x"))
    (path / "HEAD").write_text("ref: refs/heads/master\n")
    assert ids(path) == ["1@x", "2@x"]


def test_evil_repository_runs_nothing(tmp_path):
    path = tmp_path / "evil.git"
    epoch(path, [ONE, TWO])
    touched = tmp_path / "touched"
    command = f"touch {touched}"
    (path / "config").write_text(
        "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
        f"\tfsmonitor = {command}\n\thooksPath = {path}/hooks\n\tpager = {command}\n\tsshCommand = {command}\n\tgitProxy = {command}\n"
        f'[alias]\n\trev-list = "!{command}"\n\tls-tree = "!{command}"\n'
        f'[remote "origin"]\n\turl = ext::sh -c {command}\n\tpromisor = true\n[extensions]\n\tpartialClone = origin\n'
        f'[diff "x"]\n\ttextconv = {command}\n[filter "x"]\n\tsmudge = {command}\n[include]\n\tpath = /etc/passwd\n'
    )
    (path / "hooks").mkdir(exist_ok=True)
    for hook in ("post-checkout", "reference-transaction", "post-index-change"):
        (path / "hooks" / hook).write_text(f"#!/bin/sh\n{command}\n")
        (path / "hooks" / hook).chmod(0o755)
    (path / "info").mkdir(exist_ok=True)
    (path / "info" / "attributes").write_text("* diff=x filter=x\n")
    assert ids(path) == ["1@x", "2@x"]
    assert not touched.exists()


@pytest.mark.parametrize("head", ["ref: ../../etc/passwd\n", "ref: refs/heads/../../x\n", "garbage", "", "ref: refs/heads/none\n"])
def test_broken_heads(tmp_path, head):
    path = tmp_path / "x.git"
    epoch(path, [ONE])
    (path / "HEAD").write_text(head)
    with pytest.raises(TdxwhyError):
        ids(path)


def test_patchwork_page_as_text():
    page = "[v7,06/20] x86: words\n\nMessage ID 1@x.example\nState New\n\nCommit Message\n\nA One Nov. 21, 2022, 12:26 a.m. UTC\nwords\n\n"
    page += "Comments\n\nB Two Nov. 22, 2022, 9:10 a.m. UTC | #1\n> words\n\nWhy?\n"
    first, second = page_mails(page, "t")
    assert (first.message_id, first.author, first.body) == ("1@x.example", "A One", "words\n")
    assert (second.author, second.in_reply_to, second.body) == ("B Two", ("1@x.example",), "> words\n\nWhy?\n")


def test_lore_page_of_one_mail():
    head = "kvm archive mirror\n help / color / mirror\nFrom: A One <a@x.example>\nTo: b@x.example,\nC Three <c@x>\n"
    head += "Subject: [PATCH v9 059/105] words\nDate: Fri, 30 Sep 2022 03:17:53 -0700\t[thread overview]\nMessage-ID: <1@x.example> (raw)\n"
    (mail,) = page_mails(head + "In-Reply-To: <0@x.example>\n\nwords\n", "t")
    assert (mail.message_id, mail.in_reply_to, mail.author, mail.body) == ("1@x.example", ("0@x.example",), "A One", "words\n")
    assert mail.date == 1664533073


@pytest.mark.parametrize(
    "raw",
    [
        b"From: =?utf-8?q?x?= \xff <a@x>\nSubject: \xaf =?broken\nMessage-ID: <a\xffb@x>\n\nwords\n",
        b"From: a@x\nContent-Type: text/plain; charset=\x00x\n\nwords\n",
        b"From: a@x\nContent-Type: text/plain; charset*0*=\xff\xfe\nContent-Transfer-Encoding: base64\n\n!!!\n",
        b"From: a@x\nContent-Transfer-Encoding: uuencode\n\nbegin 666 x\n\xff\n",
    ],
)
def test_broken_headers_leave_text_that_can_be_written(raw):
    mail = decode_mail(raw, "t")
    "".join((mail.author, mail.subject, mail.message_id, mail.body)).encode()


def mailbox(mails: list[tuple[str, str, str]]) -> bytes:
    """Return an mbox of mails, each its id, the id that it answers, and its subject."""
    return b"".join(
        f"From a@x Mon Jan  1 00:00:00 2024\nMessage-ID: <{name}>\nSubject: {subject}\nReferences: <{above}>\n\nWords.\n\n".encode()
        for name, above, subject in mails
    )


def test_the_mails_of_a_thread_are_found_in_any_order(tmp_path: Path) -> None:
    chain = [(f"{n}@x", f"{n - 1}@x", "wanted" if n == 0 else "Re: something else") for n in range(50)]
    path = tmp_path / "mbox"
    for order in (chain, chain[::-1], chain[::2] + chain[1::2]):
        path.write_bytes(mailbox([*order, ("other@x", "49@y", "other")]))
        assert {mail.message_id for mail in read_mails(path, "wanted")} == {name for name, _, _ in chain}
        assert {mail.message_id for mail in read_mails(path, "30@x")} == {f"{n}@x" for n in range(30, 50)}


def test_a_thread_is_picked_out_of_what_is_piped() -> None:
    piped = io.BytesIO(mailbox([("1@x", "0@x", "wanted"), ("2@x", "1@x", "Re: else"), ("3@x", "9@x", "other")]))
    assert [mail.message_id for mail in read_stream(piped, "standard input", "wanted")] == ["1@x", "2@x"]


@pytest.mark.parametrize(("most", "much"), [("_MAILS", "more than 2 mails"), ("_TEXT", "more than 0 MiB of text")])
def test_more_than_a_review_can_hold_is_one_line(most: str, much: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mails = list(read_stream(io.BytesIO(mailbox([(f"{n}@x", "0@x", "one") for n in range(3)])), "mbox"))
    assert held(mails) == mails
    monkeypatch.setattr(pick, most, 2)
    with pytest.raises(TdxwhyError, match=much):
        held(mails)
