"""tdxwhy review as a user calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from tdxwhy.cli import main
from tdxwhy.shipped import folder

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "threads"
WHO = str(SAMPLES / "who-guarantees" / "thread.mbox")
OPEN = str(SAMPLES / "attribution-languages" / "thread.mbox")
KEPT = SAMPLES / "kept-elsewhere"


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.iterdir()))
def test_json_keeps_its_contract(name, capsys):
    files = [path for path in (SAMPLES / name).iterdir() if path.suffix in (".mbox", ".eml", ".html") or path.name == "page.txt"]
    assert main(["review", *map(str, sorted(files)), "--format", "json"]) == 0
    schema = json.loads((folder("reports/schema") / "review.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(capsys.readouterr().out), schema)


@pytest.mark.parametrize("form", ["text", "json", "html", "markdown", "reply"])
def test_same_input_same_bytes(form, capsys):
    main(["review", WHO, "--format", form])
    first = capsys.readouterr().out
    main(["review", WHO, "--format", form])
    assert capsys.readouterr().out == first
    assert str(SAMPLES) not in first


def test_exit_statuses(tmp_path, capsys):
    assert main(["review", OPEN]) == 0
    assert main(["review", OPEN, "--fail-on", "unanswered"]) == 1
    assert main(["review", WHO, "--fail-on", "unanswered"]) == 0
    assert main(["review", str(KEPT / "thread.mbox"), "--with", str(KEPT / "later.mbox"), "--fail-on", "unkept"]) == 1
    assert main(["review", str(tmp_path / "none.mbox")]) == 2
    assert main(["review", str(tmp_path)]) == 3
    (tmp_path / "x.txt").write_text("no mail")
    assert main(["review", str(tmp_path / "x.txt")]) == 3
    assert all(line.startswith(("tdxwhy: ", "hint: ")) for line in capsys.readouterr().err.splitlines())


def test_tree_is_searched_for_promised_messages(tmp_path, capsys):
    source = tmp_path / "arch" / "tdx.c"
    source.parent.mkdir()
    source.write_text(
        'static int f(void)\n{\n\tpr_err("root key not programmed: package %d has no online CPU\\n", pkg);\n\treturn -EIO;\n}\n'
    )
    assert main(["review", WHO, "--tree", str(tmp_path), "--format", "json"]) == 0
    promise = next(c for c in json.loads(capsys.readouterr().out)["commitments"] if "sit down" in c["text"])
    assert promise["kept"] == "yes"
    assert promise["kept_by"]["text"].startswith("root key not programmed")


def test_about_picks_one_thread(tmp_path, capsys):
    path = tmp_path / "two.mbox"
    path.write_bytes(Path(WHO).read_bytes() + (KEPT / "thread.mbox").read_bytes())
    assert main(["review", str(path), "--about", "no such words"]) == 3
    assert main(["review", str(path), "--about", "Set the module up", "--format", "json"]) == 0
    subjects = {m["subject"] for m in json.loads(capsys.readouterr().out)["messages"]}
    assert subjects == {"[PATCH 1/2] x86/virt: Set the module up", "Re: [PATCH 1/2] x86/virt: Set the module up"}


def test_standard_input():
    command = [sys.executable, "-m", "tdxwhy", "review", "-"]
    run = subprocess.run(command, input=Path(WHO).read_bytes(), capture_output=True, check=True)
    assert b"sit down with Wei" in run.stdout


def test_text_cannot_drive_a_terminal(tmp_path, capsys):
    path = tmp_path / "evil.eml"
    path.write_bytes(
        b"From: \x1b]0;x\x07 E <e@x>\nSubject: Re: [PATCH] \x1b[31mred\nMessage-ID: <e\x1b[2J@x>\n\nIs \x1b[2J this \x9b31m fine?\n"
    )
    assert main(["review", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "\x9b" not in shown


def test_page_escapes_everything(tmp_path, capsys):
    path = tmp_path / "evil.eml"
    path.write_bytes(
        b'From: "<script>alert(1)</script>" <e@x>\nSubject: Re: [PATCH] <img src=x>\nMessage-ID: <e"onload=x@x>\n\nIs <b>this</b> fine?\n'
    )
    assert main(["review", str(path), "--format", "html"]) == 0
    page = capsys.readouterr().out
    assert "<script" not in page
    assert "<img" not in page
    assert "<b>this" not in page
    assert '"onload' not in page
    assert "http" not in page.replace("http-equiv", "")
