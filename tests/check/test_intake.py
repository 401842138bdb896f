"""What an input is, whatever its name says; folders, trees and what is not followed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxwhy.check.intake import Input, inputs, of_stream, sort_of
from tdxwhy.errors import TdxwhyError

LOG = b"[    1.500031] virt/tdx: BIOS enabled: private KeyID range [32, 64)\n" * 4
DIFF = b"diff --git a/x.c b/x.c\n--- a/x.c\n+++ b/x.c\n@@ -1 +1,2 @@\n a\n+b\n"
MAIL = b"From: A <a@example.org>\nDate: Mon, 2 Mar 2026 10:00:00 +0000\nMessage-ID: <1@example.org>\nSubject: [PATCH] x\n\nText\n"
MBOX = b"From a@example.org Mon Mar  2 10:00:00 2026\n" + MAIL


@pytest.mark.parametrize(
    ("data", "name", "sort"),
    [
        (LOG, "host.log", "log"),
        (LOG, "anything", "log"),
        (DIFF, "x.patch", "patch"),
        (DIFF, "x.txt", "patch"),
        (b"Some words.\n\n" + DIFF, "note", "patch"),
        (MAIL + DIFF, "x.txt", "mails"),
        (MBOX, "stdin", "mails"),
        (b"int main(void) { return 0; }\n", "main.c", "c"),
        (b"", "empty", "log"),
        (b"\x00\xff" * 50, "binary", "log"),
        (LOG + DIFF, "paste.md", "log"),
        (b"Re: [PATCH v8 13/16] x\n\nFrom: B\nDate: Tue Jan 10 2023\n\n> quoted\nreply\n", "page.txt", "mails"),
    ],
)
def test_the_sort_is_told_by_content(data: bytes, name: str, sort: str) -> None:
    assert sort_of(data, name) == sort


@given(st.binary(max_size=2000), st.text(max_size=30))
def test_any_bytes_are_of_some_sort(data: bytes, name: str) -> None:
    assert sort_of(data, name) in ("log", "patch", "mails", "c")


def names(found: list[Input | TdxwhyError]) -> list[tuple[str, str]]:
    return [(Path(one.name).name, one.sort) for one in found if isinstance(one, Input)]


def test_a_tree_gives_what_can_be_judged_sorted(tmp_path: Path) -> None:
    for name in ("b.c", "a.h", "x.patch", "dmesg", "host.log", "README.md", ".hidden.c", "image.png"):
        (tmp_path / name).write_bytes(DIFF if name == "x.patch" else b"x\n")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "c.c").write_text("x")
    (tmp_path / "link.c").symlink_to("/etc/passwd")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.log")
    assert names(list(inputs([str(tmp_path)]))) == [("a.h", "c"), ("b.c", "c"), ("dmesg", "log"), ("host.log", "log"), ("x.patch", "patch")]


def test_a_maildir_and_a_folder_of_mails_are_one_input_each(tmp_path: Path) -> None:
    for name in ("cur", "new", "tmp"):
        (tmp_path / "box" / name).mkdir(parents=True)
    (tmp_path / "mails").mkdir()
    for name in ("1.eml", "2.eml"):
        (tmp_path / "mails" / name).write_bytes(MAIL)
    assert names(list(inputs([str(tmp_path)]))) == [("box", "mails"), ("mails", "mails")]


def test_exclusion_and_missing_paths(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text("x")
    assert list(inputs([str(tmp_path)], ["*/a.c"])) == []
    (missing,) = inputs([str(tmp_path / "none"), *()])
    assert isinstance(missing, TdxwhyError)
    assert "no such file" in missing.message
    (odd,) = inputs(["a\0b"])
    assert isinstance(odd, TdxwhyError)


def test_a_stream_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(LOG)
    with path.open("rb") as stream:
        assert of_stream(stream, "stdin") == Input("stdin", None, "log", LOG)
