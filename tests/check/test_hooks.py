"""The gate where it runs by itself: b4, git send-email, pre-commit, a GitHub action."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.given import PATCH

ROOT = Path(__file__).resolve().parents[2]
POLICY = policy.EmailPolicy(utf8=True)
MAIL = """\
From: A <a@example.org>
Date: Mon, 2 Mar 2026 10:00:00 +0000
Message-ID: <1@example.org>
Subject: [PATCH] x86/virt/tdx: Set the key

Set it.
---
"""
MAIL = (MAIL + PATCH).encode()


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a `tdxwhy` that runs this checkout on the path."""
    path = tmp_path / "bin" / "tdxwhy"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tdxwhy "$@"\n')
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "analyzer"))
    return path


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """Return what b4 itself finds for a setting, in a tree with both samples where they belong."""
    b4 = pytest.importorskip("b4")
    tree = tmp_path / "linux"
    (tree / "scripts").mkdir(parents=True)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tree)
    hooks = ROOT / "samples" / "hooks"
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "config", "--add", "include.path", str(hooks / "b4-gitconfig")], check=True)
    (tree / ".b4-config").write_text((hooks / "b4-config").read_text())
    # Its settings are read once a process.
    monkeypatch.setattr(b4, "MAIN_CONFIG", {})
    b4._setup_main_config()
    return lambda name: b4.MAIN_CONFIG[name]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["prep-perpatch-check-cmd", "am-perpatch-check-cmd"])
def test_b4_finds_its_checks_and_reads_their_lines(tool: Path, configured: Callable[[str], list[str]], name: str) -> None:
    import b4

    checkpatch, command = configured(name)
    assert "/scripts/checkpatch.pl -q " in checkpatch
    report = b4.LoreMessage.run_local_check(command.split(), name, message_from_bytes(MAIL, policy=POLICY), nocache=True)
    assert [flag for flag, _ in report] == ["fail", "warning"]
    assert "TDX201" in report[0][1]
    words = message_from_bytes(MAIL.split(b"---\n")[0], policy=POLICY)
    assert b4.LoreMessage.run_local_check(command.split(), "words", words, nocache=True) == [("success", "tdxwhy: passed all checks")]


@pytest.mark.filterwarnings("ignore")
def test_b4_reads_the_result_of_a_review_check(tool: Path, configured: Callable[[str], list[str]], tmp_path: Path) -> None:
    checks = pytest.importorskip("b4.review.checks", reason="b4 review came with 0.15")
    builtin, command = configured("review-perpatch-check-cmd")
    assert builtin == "_builtin_checkpatch"
    found = checks.run_perpatch_checks([("1@example.org", message_from_bytes(MAIL, policy=POLICY))], [command], str(tmp_path))
    (row,) = found["1@example.org"]
    assert (row["tool"], row["status"], row["summary"]) == ("tdxwhy", "fail", "2 findings")
    assert "TDX201" in row["details"]
    words = message_from_bytes(MAIL.split(b"---\n")[0], policy=POLICY)
    ((row,),) = checks.run_perpatch_checks([("2@example.org", words)], [command], str(tmp_path)).values()
    assert row["status"] == "pass"


def test_git_send_email_is_stopped_by_findings_and_by_nothing_else(tool: Path, tmp_path: Path) -> None:
    hook = ROOT / "samples/hooks/sendemail-validate"
    for name, content, status in (("bad", MAIL, 1), ("cover", MAIL.split(b"---\n")[0], 0), ("empty", b"", 0)):
        (tmp_path / name).write_bytes(content)
        assert subprocess.run([str(hook), str(tmp_path / name)], capture_output=True, check=False).returncode == status, name


def test_the_manifest_is_valid_for_pre_commit() -> None:
    pytest.importorskip("pre_commit")
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_action_hands_inputs_over_as_environment_only() -> None:
    yaml = pytest.importorskip("yaml")
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    steps = action["runs"]["steps"]
    assert all("${{" not in step["run"] for step in steps)
    used = {word for step in steps for value in step["env"].values() for word in action["inputs"] if f"inputs.{word} " in value}
    assert used == set(action["inputs"])


def test_the_actions_script_runs(tool: Path, tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    script = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"][1]["run"]
    temp = tmp_path / "temp"
    (temp / "tdxwhy/bin").mkdir(parents=True)
    (temp / "tdxwhy/bin/tdxwhy").symlink_to(tool)
    (tmp_path / "x.patch").write_bytes(MAIL)
    files = {name: str(tmp_path / name.lower()) for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    inputs = {"PATHS": "x.patch", "ARGUMENTS": "--isolated", "RANGE": "", "SARIF": "out.sarif", "SUMMARY": "true"}
    environment = {**os.environ, "RUNNER_TEMP": str(temp), **files, **inputs}
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.startswith("::error ")
    assert "TDX201" in (tmp_path / "github_step_summary").read_text()
    assert (tmp_path / "github_output").read_text() == "sarif-file=out.sarif\nstatus=1\n"
    assert (tmp_path / "out.sarif").is_file()


def test_names_that_a_hook_did_not_write_stand_behind_two_dashes(tool: Path, tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text()):
        if hook.get("pass_filenames", True):
            (tmp_path / "--exit-zero").write_bytes(MAIL)
            command = [*hook["entry"].split(), *hook["args"], "--exit-zero"]
            assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 1
    assert '-- "$1"' in (ROOT / "samples/hooks/sendemail-validate").read_text()


def test_the_actions_paths_are_no_options(tool: Path, tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    script = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"][1]["run"]
    (tmp_path / "tdxwhy/bin").mkdir(parents=True)
    (tmp_path / "tdxwhy/bin/tdxwhy").symlink_to(tool)
    (tmp_path / "--exit-zero").write_bytes(MAIL)
    inputs = {"PATHS": "--exit-zero", "ARGUMENTS": "--isolated", "RANGE": "", "SARIF": "", "SUMMARY": "false"}
    environment = {**os.environ, "RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": str(tmp_path / "output"), **inputs}
    assert subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, check=False).returncode == 1


@pytest.mark.parametrize(("base", "config", "status"), [("main", "", 1), ("", "", 0), ("main", "base.toml", 0)])
def test_a_pull_request_does_not_bring_the_settings_that_it_is_judged_by(
    tool: Path, tmp_path: Path, base: str, config: str, status: int
) -> None:
    yaml = pytest.importorskip("yaml")
    script = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"][1]["run"]
    (tmp_path / "tdxwhy/bin").mkdir(parents=True)
    (tmp_path / "tdxwhy/bin/tdxwhy").symlink_to(tool)
    (tmp_path / "x.patch").write_bytes(MAIL)
    for name in (".tdxwhy.toml", "base.toml"):
        (tmp_path / name).write_text('fail-on = "never"\n')
    inputs = {"PATHS": "x.patch", "ARGUMENTS": "", "RANGE": "", "SARIF": "", "SUMMARY": "false", "BASE": base, "CONFIG": config}
    environment = {**os.environ, "RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": str(tmp_path / "output"), **inputs}
    assert subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, check=False).returncode == status
