"""tdxwhy preview, as a user calls it, on the samples."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest

from tdxwhy.cli import main
from tdxwhy.shipped import folder

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "patches"
TREE = str(SAMPLES / "tree")


def preview(capsys, *arguments: str) -> tuple[int, str, str]:
    status = main(["preview", TREE, *arguments])
    shown = capsys.readouterr()
    return status, shown.out, shown.err


CASES = {
    "as-it-is": ((), 0),
    "repair": (("--patch", "repair.patch"), 0),
    "swallowed-errno": (("--patch", "swallowed-errno.patch"), 1),
    "callback": (("--patch", "callback.patch"), 0),
    "takes-message-away": (("--patch", "takes-message-away.patch"), 1),
    "half-applies": (("--patch", "half-applies.patch"), 0),
    "series": (("--series", "series.mbox"), 0),
}


def previewed(capsys, name: str, form: str) -> str:
    words, wanted = CASES[name]
    arguments = [str(SAMPLES / word) if word.endswith((".patch", ".mbox")) else word for word in words]
    status, shown, _ = preview(capsys, *arguments, "--format", form)
    assert status == wanted
    return shown


@pytest.mark.parametrize("name", CASES)
def test_the_samples_give_what_is_expected(name, capsys, golden):
    golden(SAMPLES / "expected" / f"{name}.txt", previewed(capsys, name, "text"))


@pytest.mark.parametrize(("name", "form", "suffix"), [("repair", "html", "html"), ("series", "html", "html"), ("series", "markdown", "md")])
def test_pages(name, form, suffix, capsys, golden):
    golden(SAMPLES / "expected" / f"{name}.{suffix}", previewed(capsys, name, form))


def test_the_repair_reads_like_the_wanted_sentence(capsys):
    _, shown, _ = preview(capsys, "--patch", str(SAMPLES / "repair.patch"), "--format", "json")
    case = next(case for case in json.loads(shown)["cases"] if case["after"]["step"] == "package without an online CPU")
    assert case["change"] == "better"
    assert case["before"]["names_package"] is False
    assert case["after"]["lines"][0]["text"] == "demo/tdx: failed to configure the module, no online CPUs in package {pkg}"
    assert case["after"]["names_package"] and case["after"]["names_cpu_state"] and case["after"]["told_apart"]


def test_a_hunk_that_does_not_apply_is_named_on_standard_error(capsys):
    _, _, said = preview(capsys, "--patch", str(SAMPLES / "half-applies.patch"))
    assert said == "tdxwhy: arch/x86/virt/vmx/tdx/bringup.c: hunk 2 (line 66) does not apply\n"


def test_output_goes_to_a_file(capsys, tmp_path: Path):
    status, shown, _ = preview(capsys, "--format", "html", "-o", str(tmp_path / "page.html"))
    assert (status, shown) == (0, "")
    assert (tmp_path / "page.html").read_text().startswith("<!DOCTYPE html>")


def test_never_fails_where_it_is_told_so(capsys):
    assert preview(capsys, "--patch", str(SAMPLES / "takes-message-away.patch"), "--fail-on", "never")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["/nowhere"], 2),
        ([TREE, "--patch", "/nowhere.patch"], 2),
        ([TREE, "--patch", str(SAMPLES / "tree/arch/x86/virt/vmx/tdx/bringup.h")], 3),
        ([TREE, "--series", str(SAMPLES / "repair.patch.missing")], 2),
        ([TREE, "--range", "HEAD"], 2),
    ],
)
def test_bad_input_is_one_line(arguments, status, capsys):
    assert main(["preview", *arguments]) == status
    said = capsys.readouterr().err
    assert said.startswith("tdxwhy: ")
    assert said.count("\n") <= 2


def test_a_hostile_patch_cannot_drive_the_terminal_or_the_page(capsys, tmp_path: Path):
    text = (SAMPLES / "repair.patch").read_text().replace("no online CPUs", "\x1b[2J<script>alert(1)</script> no online CPUs")
    (tmp_path / "evil.patch").write_text(text)
    for form in ("text", "markdown", "html"):
        _, shown, _ = preview(capsys, "--patch", str(tmp_path / "evil.patch"), "--format", form)
        assert "\x1b" not in shown
        assert form == "text" or "<script>" not in shown


@pytest.mark.parametrize("name", CASES)
def test_the_json_keeps_its_contract_and_says_what_the_text_says(name: str, capsys):
    schema = json.loads((folder("reports/schema") / "preview.schema.json").read_text(encoding="utf-8"))
    found = json.loads(previewed(capsys, name, "json"))
    jsonschema.validate(found, schema)
    text = " ".join((SAMPLES / "expected" / f"{name}.txt").read_text(encoding="utf-8").split())
    changed = [case for case in found["cases"] if case["change"] != "same"]
    sides = [side for case in changed for side in (case["before"], case["after"]) if side is not None]
    assert sides
    assert all(" ".join(line["text"].split()) in text for side in sides for line in side["lines"])


def test_a_range_of_a_repository_is_read_like_a_patch(capsys, tmp_path: Path):
    repository = tmp_path / "repository"
    shutil.copytree(TREE, repository)
    words = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        ["commit", "-q", "-m", "one"],
        ["apply", str(SAMPLES / "callback.patch")],
        ["commit", "-qam", "two"],
    ):
        subprocess.run([*words, *command], cwd=repository, check=True, capture_output=True)
    status = main(["preview", str(repository), "--range", "HEAD~1..HEAD", "--format", "json"])
    by_range = json.loads(capsys.readouterr().out)
    _, by_patch, _ = preview(capsys, "--patch", str(SAMPLES / "callback.patch"), "--format", "json")
    assert status == 0
    assert by_range["cases"] == json.loads(by_patch)["cases"]
    assert main(["preview", str(repository), "--range", "HEAD~9..HEAD"]) == 2
