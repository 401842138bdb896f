"""Whatever a file is called and whatever a mail holds, no format lets it drive a terminal, a workflow or a page."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tdxwhy.cli import main
from tdxwhy.report.gate_formats import FORMATS
from tests.given import PATCH

EVIL = "\x1b]0;owned\x07\x1b[31m\u202eevil\u2066\x9b2J\x00\x0b"
LOG = "[    1.5] virt/tdx: BIOS enabled: private KeyID range [32, 64)\n[   13.0] virt/tdx: SEAMCALL (0x24) failed: 0xc000050500000000\n"
MAIL = f"""From: A {EVIL} B <a@b.example>
Message-ID: <1@x>
Subject: [PATCH] x86/tdx: {EVIL} <script>alert(1)</script>
Date: Mon, 1 Jan 2024 00:00:00 +0000

Why is {EVIL} this? <img src=x onerror=alert(1)>
---
""" + PATCH.replace(") failed", f") {EVIL} failed")


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    names = ["a\n::set-output name=x::y.log", "\udcff.log", "\x1b[31m\u202e.log", "<script>alert(1)<.log", "=cmd|x.log", "m.eml"]
    for name in names:
        Path(os.fsencode(name).decode("utf-8", "surrogateescape")).write_text(MAIL if name == "m.eml" else LOG)
    return names


@pytest.mark.parametrize("form", FORMATS)
def test_gate(form: str, hostile: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gate", "--isolated", "--format", form, "--", *hostile]) == 1
    said = capsys.readouterr()
    assert sorted({hex(ord(c)) for c in said.out + said.err if not (c.isprintable() or c in "\n\t")}) == []
    if form in ("junit", "markdown"):
        assert "<script>alert" not in said.out
    assert not any(line.startswith("::set-output") for line in said.out.splitlines())


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html", "reply"])
def test_review(form: str, hostile: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["review", "m.eml", "--format", form])
    said = capsys.readouterr()
    assert status in (0, 1), said.err
    assert sorted({hex(ord(c)) for c in said.out + said.err if not (c.isprintable() or c in "\n\t")}) == []
    if form in ("html", "markdown"):
        assert "<script>alert" not in said.out
        assert "<img src=x" not in said.out


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html"])
def test_log(form: str, hostile: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for name in hostile[:-1]:
        assert main(["log", "--format", form, "--", name]) == 1
        said = capsys.readouterr()
        assert sorted({hex(ord(c)) for c in said.out + said.err if not (c.isprintable() or c in "\n\t")}) == []
        if form in ("html", "markdown"):
            assert "<script>alert" not in said.out
    assert main(["log", "--brief", "--", hostile[0]]) == 1
    assert len(capsys.readouterr().out.splitlines()) == 1
