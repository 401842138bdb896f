"""Commits of a git range, of repositories that are not to be trusted."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tdxwhy.check.history import commits
from tdxwhy.errors import NothingToJudge, TdxwhyError

NAMED = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
WHO = {f"GIT_{role}_{field}": value for role in ("AUTHOR", "COMMITTER") for field, value in (("NAME", "A"), ("EMAIL", "a@example.org"))}


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, env={**os.environ, **NAMED, **WHO}, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "arch/x86/virt/vmx/tdx").mkdir(parents=True)
    path = folder / "arch/x86/virt/vmx/tdx/tdx.c"
    for number, line in enumerate(["\tint ret;", '\tpr_err("SEAMCALL failed\\n");', "\treturn ret;"]):
        path.write_text((path.read_text() if path.exists() else "static int do_lp_init(void)\n{\n") + line + "\n")
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", f"change {number}")
    git(folder, "tag", "first", "HEAD~2")
    return folder


def test_the_commits_of_a_range_oldest_first(repository: Path) -> None:
    found = list(commits(repository, "first..HEAD"))
    assert [one.subject for one in found] == ["change 1", "change 2"]
    assert '+\tpr_err("SEAMCALL failed\\n");' in found[0].text
    assert [one.subject for one in commits(repository / "arch", "HEAD~1..")] == ["change 2"]


def test_a_worktree_and_packed_references(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "-q", str(tmp_path / "tree"), "-b", "side", "HEAD~1")
    git(repository, "pack-refs", "--all")
    assert [one.subject for one in commits(tmp_path / "tree", "first..HEAD")] == ["change 1"]
    assert [one.subject for one in commits(tmp_path / "tree", "side..main")] == ["change 2"]


def test_nothing_of_the_repository_runs(repository: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    script = tmp_path / "evil"
    script.write_text(f"#!/bin/sh\ntouch {mark}\n")
    script.chmod(0o755)
    for key in (
        "core.fsmonitor",
        "diff.external",
        "core.pager",
        "diff.evil.command",
        "diff.evil.textconv",
        "core.sshCommand",
        "core.alternateRefsCommand",
    ):
        git(repository, "config", key, str(script))
    git(repository, "config", "pager.show", str(script))
    (repository / ".gitattributes").write_text("*.c diff=evil\n")
    (repository / ".git/info/attributes").write_text("*.c diff=evil\n")
    assert len(list(commits(repository, "first..main"))) == 2
    assert not mark.exists()


@pytest.mark.parametrize("span", ["", "HEAD", "--output=x..HEAD", "-x..y", "a b..c", "a..b..c d", "$(x)..HEAD", "a\n..b"])
def test_what_is_no_range_is_said(repository: Path, span: str) -> None:
    with pytest.raises(TdxwhyError) as caught:
        list(commits(repository, span))
    assert "\n" not in caught.value.message.strip("\n") or span == "a\n..b"


def test_an_unknown_or_empty_range(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(TdxwhyError, match=r"no range gone\.\.HEAD"):
        list(commits(repository, "gone..HEAD"))
    with pytest.raises(NothingToJudge, match="no commits"):
        list(commits(repository, "HEAD..HEAD"))
    with pytest.raises(TdxwhyError, match="no git repository"):
        list(commits(tmp_path, "a..b"))
