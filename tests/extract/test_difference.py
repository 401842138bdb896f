"""What changes between two kernels, drafted from source or modelled."""

from __future__ import annotations

import json
import subprocess
import tomllib
from pathlib import Path

import jsonschema
import pytest
from tests.extract.test_constructs import ASK, CORE, PER_CPU, START
from tests.extract.test_draft import HEAD

from tdxwhy.cli import main
from tdxwhy.extract.difference import Difference, difference
from tdxwhy.extract.draft import as_toml, draft
from tdxwhy.replay.data import single
from tdxwhy.replay.generation import Generation
from tdxwhy.report.model_diff import as_json, as_page, as_text, case_text
from tdxwhy.report.terminal import Painter
from tdxwhy.shipped import folder
from tdxwhy.source.run.program import program_of

TEXT = HEAD + ASK + PER_CPU + CORE + START
KEXEC = """
int machine_kexec_prepare(void)
{
	if (boot_cpu_has_bug(X86_BUG_TDX_PW_MCE)) {
		pr_info_once("Not allowed\\n");
		return -EOPNOTSUPP;
	}
	return 0;
}
"""


def read(text: str, name: str) -> Generation:
    return single("x.toml", tomllib.loads(as_toml(draft(program_of([("tdx.c", text)]), name))))


def changed(*edits: tuple[str, str], more: str = "") -> Difference:
    text = TEXT
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return difference(read(TEXT, "a"), read(text + more, "b"))


def test_the_same_kernel_changes_nothing():
    found = changed()
    assert found.is_empty
    assert "Nothing changes" in as_text(found, Painter(False))


def test_a_reworded_line_is_one_change_and_its_cases_are_not_told_one_by_one():
    found = changed(("bring-up failed (%d)", "could not be brought up (%d)"))
    (line,) = found.lines
    assert (line.kind, line.before, line.after) == ("reworded", "virt/tdx: bring-up failed (%d)", "virt/tdx: could not be brought up (%d)")
    assert {each.kind for each in found.cases} == {"reworded"}
    assert not any(map(case_text, found.cases))


def test_a_level_an_errno_and_a_new_line():
    found = changed(('pr_err("RCX', 'pr_warn("RCX'), ("return -EBUSY;", "return -EAGAIN;"), ("flush();", 'pr_info("gone\\n");'))
    assert [each.kind for each in found.lines] == ["level", "new"]
    errno = next(each for each in found.cases if each.kind == "errno")
    assert (errno.operation, errno.before.errno, errno.after.errno) == ("offline", -16, -11)


def test_a_case_that_names_the_cpu_now():
    named = 'pr_warn_ratelimited("TDX wants CPU %u of package %d\\n", cpu, topology_physical_package_id(cpu));'
    found = changed(("pr_warn_ratelimited(LAST_ONE);", named))
    (case,) = [each for each in found.cases if each.kind == "names"]
    assert case.after is not None and case.after.package and case.after.cpu
    assert "now names the package" in as_text(found, Painter(False))


def test_a_step_that_comes_elsewhere():
    swapped = CORE.replace("ret = ask(45);", "ret = ask(0);").replace("return ask(36);", "return ask(45);").replace("ask(0)", "ask(36)")
    found = difference(read(TEXT, "a"), read(TEXT.replace(CORE, swapped), "b"))
    assert any(each.step.startswith("TDH.SYS.TDMR.INIT") for each in found.moves)


def test_kexec_that_is_refused_and_no_longer_is():
    said = 'kexec is refused on CPUs with the partial-write erratum (-EOPNOTSUPP): "virt/tdx: Not allowed"'
    assert changed(more=KEXEC).points == (said,)
    back = difference(read(TEXT + KEXEC, "a"), read(TEXT, "b"))
    assert back.points == (said.replace("is refused", "is no longer refused"),)


def test_every_format_and_the_schema(tmp_path: Path):
    found = changed(("bring-up failed (%d)", "x | <b>failed</b> (%d)"), more=KEXEC)
    schema = json.loads((folder("reports/schema") / "model-diff.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(as_json(found)), schema)
    page = as_page(found, "model-diff.html")
    assert "<b>failed</b>" not in page and "&lt;b&gt;failed" in page
    assert "x \\| \\<b\\>failed" in as_page(found, "model-diff.md")


def tree(at: Path, text: str) -> Path:
    folder_ = at / "arch" / "x86" / "virt" / "vmx" / "tdx"
    folder_.mkdir(parents=True, exist_ok=True)
    (folder_ / "tdx.c").write_text(text, encoding="utf-8")
    return at


def test_a_range_of_a_repository_is_read_without_a_checkout(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    repository = tree(tmp_path / "repo", TEXT)

    def git(*words: str) -> None:
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        subprocess.run(("git", *identity, *words), cwd=repository, check=True, capture_output=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "one")
    git("tag", "one")
    tree(repository, TEXT.replace("bring-up failed (%d)", "it failed (%d)"))
    git("commit", "-qam", "two")
    git("rm", "-q", "-r", ".")
    assert main(["model", "diff", f"{repository}@one..HEAD"]) == 0
    assert 'is now "virt/tdx: it failed (%d)"' in capsys.readouterr().out
    assert main(["model", "diff", f"{repository}@one", f"{repository}@HEAD", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["after"] == "HEAD"
    assert main(["model", "extract", f"{repository}@one"]) == 0
    assert 'name = "one"' in capsys.readouterr().out


def test_two_modelled_kernels_and_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["model", "diff", "6.16", "7.1"]) == 0
    assert "by the kernel itself while it boots, not when KVM asks for it" in capsys.readouterr().out
    path = tmp_path / "own.toml"
    path.write_text(as_toml(draft(program_of([("tdx.c", TEXT)]), "own")), encoding="utf-8")
    output = tmp_path / "page.html"
    assert main(["model", "diff", str(path), "6.16", "--format", "html", "-o", str(output)]) == 0
    assert "What changes for users" in output.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments",
    [["diff"], ["diff", "6.16"], ["diff", "6.16", "moon"], ["diff", "6.16", "7.1", "--format", "svg"], ["6.16", "--format", "json"],
     ["diff", "/nowhere@a..b"], ["extract", "/nowhere@a"]],
)  # fmt: skip
def test_bad_usage_is_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    assert main(["model", *arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith("tdxwhy: ") and "Traceback" not in said
