"""tdxwhy gate, rule and rules as a user calls them."""

from __future__ import annotations

import difflib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tdxwhy.cli import main
from tests.given import FAILED, PATCH

ROOT = Path(__file__).resolve().parents[2]
GOOD = """\
[    1.500031] virt/tdx: BIOS enabled: private KeyID range [32, 64)
[   15.000031] virt/tdx: 2101268 KB allocated for PAMT
[   15.000062] virt/tdx: module initialized
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("bad.log", FAILED), ("good.log", GOOD), ("x.patch", PATCH)):
        (tmp_path / name).write_text(text)
    return tmp_path


def gate(*arguments: str) -> int:
    return main(["gate", *arguments])


@pytest.mark.parametrize("name", ["--exit-zero", "--config=evil/x.patch", "-h", "--", "-", "--select=TDX9", "@x", "--fail-on"])
def test_behind_two_dashes_every_word_is_a_path(here: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (here / name).parent.mkdir(parents=True, exist_ok=True)
    (here / name).write_text(PATCH)
    (here / "evil").mkdir(exist_ok=True)
    (here / "evil/x.patch").write_text('fail-on = "never"\n')
    assert gate("--format", "json", "--", name) == 1
    assert {one["rule"] for one in json.loads(capsys.readouterr().out)["findings"]} >= {"TDX201"}
    assert gate("good.log", "--", "bad.log", name) == gate("--", "bad.log", name, "good.log") == 1
    assert gate("--exit-zero", "--", "bad.log", name) == 0


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["bad.log"], 1),
        (["good.log"], 0),
        (["good.log", "bad.log"], 1),
        (["x.patch"], 1),
        (["x.patch", "--select", "TDX206"], 0),
        (["x.patch", "--ignore", "TDX2"], 0),
        (["x.patch", "--exit-zero"], 0),
        (["x.patch", "--fail-on", "never"], 0),
        (["x.patch", "--select", "TDX205", "--fail-on", "error"], 0),
        (["bad.log", "gone.log"], 2),
        (["gone.log", "--exit-zero"], 2),
        ([], 2),
        (["x.patch", "--select", "NOPE"], 2),
        (["x.patch", "--rules", "none"], 2),
        (["x.patch", "--baseline", "none"], 2),
        (["x.patch", "--config", "none"], 2),
        (["--range", "a..b"], 2),
        (["x.patch", "--write-baseline", "b.json"], 2),
    ],
)
def test_exit_status(here: Path, arguments: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert gate(*arguments) == status
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    if status == 2:
        assert captured.err.startswith("tdxwhy: ")


def test_an_empty_folder_or_input_is_not_green(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "empty").mkdir()
    (here / "empty.log").write_text("")
    assert gate("empty") == 3
    assert "nothing to judge" in capsys.readouterr().err
    assert gate("empty.log") == 3
    assert gate("empty", "good.log") == 0


def test_standard_input(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Stdin:
        buffer = io.BytesIO(PATCH.encode())

    monkeypatch.setattr(sys, "stdin", Stdin)
    assert gate("-", "--format", "terse") == 1
    assert capsys.readouterr().out.startswith("stdin:7: ERROR:TDX201: ")


def test_several_formats_in_one_run(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outputs = [f"--{name}-output={name}.out" for name in ("json", "jsonl", "sarif", "junit", "github", "gitlab", "rdjsonl", "markdown")]
    assert gate("x.patch", "--format", "terse", *outputs) == 1
    assert capsys.readouterr().out.startswith("x.patch:7: ERROR:TDX201: ")
    assert json.loads((here / "sarif.out").read_text())["version"] == "2.1.0"
    assert all((here / f"{name}.out").stat().st_size for name in ("json", "jsonl", "junit", "github", "gitlab", "rdjsonl", "markdown"))
    assert gate("x.patch", "--sarif-output", "no/such/folder.sarif") == 2


def test_the_same_input_gives_the_same_bytes(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for _ in range(2):
        gate("bad.log", "x.patch", "--format", "sarif")
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]
    assert str(here) not in texts[0]


def test_a_baseline_from_writing_to_staleness(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gate("x.patch", "--write-baseline", "known.json", "--reason", "seen in May") == 0
    (here / "x.patch").write_text("A line above.\n\n" + PATCH)
    assert gate("x.patch", "--baseline", "known.json") == 0
    (here / "x.patch").write_text(PATCH.replace("SEAMCALL (", "A SEAMCALL ("))
    capsys.readouterr()
    assert gate("x.patch", "--baseline", "known.json") == 1
    assert "is stale" in capsys.readouterr().err


def test_settings_are_found_and_can_be_left_out(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / ".tdxwhy.toml").write_text('[[suppress]]\nrules = ["TDX2"]\nreason = "not ours"\n')
    assert gate("x.patch", "--show-suppressed") == 0
    assert "(not ours)" in capsys.readouterr().err
    assert gate("x.patch", "--isolated") == 1
    (here / ".tdxwhy.toml").write_text("failon = 1\n")
    assert gate("x.patch") == 2


def test_own_rules(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tdxwhy.check.skeleton", "TDX901", "mine"], env=_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert main(["rules", "test", "TDX901", "--rules", "mine"]) == 0
    assert main(["rule", "TDX901", "--rules", "mine"]) == 0
    path = here / "mine" / "TDX901.toml"
    path.write_text(path.read_text().replace('severity = "warning"', 'severity = "wraning"'))
    capsys.readouterr()
    assert gate("x.patch", "--rules", "mine") == 2
    error = capsys.readouterr().err
    assert error.startswith("tdxwhy: TDX901.toml: ")
    assert error.count("\n") == 1


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def test_fix_prints_a_patch(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "cpu.patch").write_text(PATCH.replace("config_global_keyid(void)", "config_global_keyid(int cpu)"))
    assert gate("x.patch", "--fix", "--select", "TDX201", "--quiet") == 1
    assert "nothing to propose" in capsys.readouterr().err
    assert gate("cpu.patch", "--fix", "--quiet") == 1
    out = capsys.readouterr().out
    assert out.startswith("Proposed messages.")
    assert "+++ b/arch/x86/virt/vmx/tdx/tdx.c" in out
    assert "topology_physical_package_id(" in out


def test_a_diff_narrows_what_fails(here: Path) -> None:
    tree = here / "arch/x86/virt/vmx/tdx"
    tree.mkdir(parents=True)
    (tree / "tdx.c").write_text('static int do_lp_init(void)\n{\n\tpr_err("SEAMCALL failed\\n");\n}\n')
    (here / "other.diff").write_text("--- a/arch/x86/virt/vmx/tdx/tdx.c\n+++ b/arch/x86/virt/vmx/tdx/tdx.c\n@@ -1 +1,2 @@\n a\n+b\n")
    assert gate("arch") == 1
    assert gate("arch", "--diff", "other.diff") == 0
    assert gate("arch", "--diff", "none.diff") == 2


def test_terminal_escapes_never_get_out(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "evil.log").write_text(FAILED.replace("module initialization", "module\x1b[2J\x07 initialization"))
    for name in ("text", "full", "terse", "markdown", "github"):
        gate("evil.log", "--format", name)
        assert "\x1b" not in capsys.readouterr().out


def test_a_git_range(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    who = {f"GIT_{role}_{field}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for field in ("NAME", "EMAIL")}
    environment = {**os.environ, **who, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=here / "tree", env=environment, check=True, capture_output=True)

    path = here / "tree/arch/x86/virt/vmx/tdx/tdx.c"
    path.parent.mkdir(parents=True)
    git("init", "-q", "-b", "main")
    for body in ("", '\tpr_err("SEAMCALL failed\\n");\n'):
        path.write_text(f"static int do_lp_init(void)\n{{\n{body}}}\n")
        git("add", "-A")
        git("commit", "-q", "-m", "x86/virt/tdx: change")
    assert gate("--range", "main~1..main", "--repo", "tree", "--format", "jsonl") == 1
    row = json.loads(capsys.readouterr().out.splitlines()[0])
    assert row["evidence"][0]["source"].startswith("commit ")
    assert row["evidence"][1]["source"] == "arch/x86/virt/vmx/tdx/tdx.c"
    assert gate("--range", "main..main", "--repo", "tree") == 3


def test_rules_list_test_and_coverage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "list"]) == 0
    assert "TDX101  error   high" in capsys.readouterr().out
    assert main(["rules", "list", "--format", "json"]) == 0
    assert {row["id"] for row in json.loads(capsys.readouterr().out)} >= {"TDX101", "TDX201", "TDX301", "TDX401"}
    assert main(["rules", "test", "TDX10"]) == 0
    assert ", 0 failed" in capsys.readouterr().out
    assert main(["rules", "coverage", "TDX2"]) == 0
    assert "coverage 100 %" in capsys.readouterr().out


def test_rule_prints_its_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", "tdx101"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("TDX101  ")
    assert all(part in out for part in ("Why", "Fix", "Blind spots", "Requires", "Source", "Bad", "Good"))
    assert main(["rule", "TDX1"]) == 2


def test_a_tree_shows_what_a_callee_prints(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "call.patch").write_text("""\
--- a/arch/x86/virt/vmx/tdx/tdx.c
+++ b/arch/x86/virt/vmx/tdx/tdx.c
@@ -10,4 +10,9 @@ static int config_global_keyid(void)
 {
 	int ret = 0;
 
+	for_each_online_cpu(cpu) {
+		ret = smp_call_on_cpu(cpu, key_this_cpu, NULL, true);
+		if (ret)
+			return ret;
+	}
 	return ret;
 }
""")
    (here / "tree").mkdir()
    (here / "tree" / "key.c").write_text("""\
static int key_this_cpu(void *unused)
{
	int ret = seamcall(TDH_SYS_KEY_CONFIG, NULL);

	if (ret)
		pr_err("package %d not keyed by CPU%d, which is online (%d)\\n", package, cpu, ret);
	return ret;
}
""")
    assert main(["gate", "--isolated", "call.patch"]) == 1
    assert "TDX208" in capsys.readouterr().out
    assert main(["gate", "--isolated", "--tree", "tree", "call.patch"]) == 0
    assert main(["gate", "--isolated", "--tree", "none", "call.patch"]) == 2


SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "patches"


def test_a_tree_shows_what_users_will_see(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    tree = ["--isolated", "--tree", str(SAMPLES / "tree")]
    assert gate(str(SAMPLES / "repair.patch"), *tree, "--format", "full") == 1
    shown = capsys.readouterr().out
    assert '  better: TDH.SYS.KEY.CONFIG, #UD: before: "demo/tdx: bring-up failed (-13)" (-EACCES) / after: ' in shown
    gate(str(SAMPLES / "series.mbox"), *tree, "--format", "json")
    (judged,) = json.loads(capsys.readouterr().out)["inputs"]
    assert [(seen["change"], seen["errno_before"], seen["errno_after"]) for seen in judged["seen"]] == [("better", "-EIO", "-ENODEV")]


def test_a_patch_that_changes_nothing_for_users_is_quiet_with_a_tree(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    before = (SAMPLES / "tree/arch/x86/virt/vmx/tdx/bringup.c").read_text()
    comment = before.replace("static int demo_keys", "/* Keys. */\nstatic int demo_keys")
    names = ["arch/x86/virt/vmx/tdx/bringup.c"] * 2
    diff = "".join(difflib.unified_diff(before.splitlines(True), comment.splitlines(True), *names))
    (tmp_path / "comment.patch").write_text(diff)
    assert gate(str(tmp_path / "comment.patch"), "--isolated", "--tree", str(SAMPLES / "tree"), "--format", "full") == 0
    assert "users" not in capsys.readouterr().out
    (tmp_path / "elsewhere.patch").write_text(diff.replace("bringup.c", "elsewhere.c"))
    gate(str(tmp_path / "elsewhere.patch"), "--isolated", "--tree", str(SAMPLES / "tree"))
    assert "elsewhere.c: not in the tree" in capsys.readouterr().err


def test_nothing_to_judge_is_no_failure_where_it_is_allowed(tmp_path, capsys):
    other = tmp_path / "build.log"
    other.write_text("cc -o a a.c\n")
    assert main(["gate", str(other)]) == 3
    capsys.readouterr()
    assert main(["gate", "--allow-empty", str(other)]) == 0
    assert "nothing to judge" not in capsys.readouterr().err
    assert main(["gate", "--allow-empty", str(tmp_path / "none")]) == 2


def test_statistics_count_by_rule(capsys):
    main(["gate", "--quiet", "--statistics", str(ROOT / "samples" / "patches" / "callback.patch")])
    assert capsys.readouterr().err.splitlines()[0].split()[1:3] == ["1", "TDX201"]


def test_settings_are_shown(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".tdxwhy.toml").write_text('fail-on = "error"\n[[suppress]]\nrules = ["TDX208"]\nfiles = ["a.c"]\nreason = "old"\n')
    assert main(["gate", "--show-settings"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["fail-on"], shown["suppress"][0]["rules"]) == ("error", ["TDX208"])
