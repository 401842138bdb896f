"""The lines that a tree's TDX files can print: known ones by their form, unknown ones as rows of the catalogue."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.extract.test_difference import TEXT, tree

from tdxwhy.cli import main
from tdxwhy.extract.prints import as_rows, example, of_kernel
from tdxwhy.know.load import load
from tdxwhy.shipped import folder

MORE = """
#include "more_lines.c"
static void say(int cpu)
{
	pr_err_ratelimited("TDX cannot go on with CPU %d: 0x%016llx\\n", cpu, status);
	pr_info("module initialized\\n");
	other_err("nothing of the sort\\n");
}
"""


@pytest.fixture
def at(tmp_path: Path) -> Path:
    made = tree(tmp_path / "linux", TEXT + MORE)
    (made / "arch/x86/virt/vmx/tdx/more_lines.c").write_text('static void more(void)\n{\n\tpr_warn("TDX: more\\n");\n}\n')
    return made


def test_known_and_unknown_lines_with_their_prefix_and_step(at: Path):
    found = {each.format: each for each in of_kernel(str(at))}
    assert found["virt/tdx: module initialized"].form is not None
    assert found["virt/tdx: SEAMCALL (0x%016llx) failed: 0x%016llx"].form is not None
    assert found["virt/tdx: TDX: more"].form is None
    new = found["virt/tdx: TDX cannot go on with CPU %d: 0x%016llx"]
    assert (new.form, new.level, new.site.ratelimited, new.site.function) == (None, "err", True, "say")
    assert found["virt/tdx: Module version: %u"].step == "TDH.SYS.RD"


def test_rows_of_unknown_lines_are_taken_by_the_catalogue(at: Path, tmp_path: Path):
    rules = tmp_path / "rules"
    shutil.copytree(folder("rules/knowledge"), rules / "knowledge")
    shutil.copytree(folder("rules/model"), rules / "model")
    (rules / "knowledge" / "forms-own.toml").write_text(as_rows(of_kernel(str(at)), "a test"), encoding="utf-8")
    forms = {form.format: form for form in load(rules / "knowledge").form}
    assert forms["virt/tdx: TDX cannot go on with CPU %d: 0x%016llx"].names_cpu


def test_from_the_command_line(at: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["forms", "--from", str(at)]) == 0
    assert "[[form]]" in capsys.readouterr().out
    assert main(["forms", "--from", str(at), "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "tdxwhy/forms-from/1"
    assert any(one["form"] is None for one in document["prints"])
    assert main(["forms", "6.8", "--from", str(at)]) == 2
    assert main(["forms", "--from", "/nowhere"]) == 2
    assert all(line.startswith("tdxwhy: ") for line in capsys.readouterr().err.splitlines()[:1])


@pytest.mark.parametrize(
    ("text", "line"),
    [("%d of %u", "17 of 17"), ("0x%016llx", "0x0000000000000011"), ("%s: 100 %%", "text: 100 %"), ("%pS", "0x11S")],
)
def test_examples(text: str, line: str):
    assert example(text) == line
