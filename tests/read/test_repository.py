"""What is read of a repository depends on it alone: not on the caller's environment, nor on git's defaults; what is broken is one line."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tdxwhy.cli import main

PATCHED = (
    'static int tdx_f(void)\n{\n\tint ret;\n\n\tif (ret)\n\t\tpr_err("SEAMCALL (0x%llx) failed: 0x%llx\\n", fn, err);\n\treturn ret;\n}\n'
)


def git(path: Path, *words: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    identity = {f"GIT_{who}_{what}": "a@b.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    command = ["git", "-c", "commit.gpgsign=false", *words]
    return subprocess.run(command, cwd=path, check=True, capture_output=True, text=True, env={**clean, **identity}).stdout.strip()


def repository(path: Path, form: str) -> Path:
    (path / "arch/x86/virt/vmx/tdx").mkdir(parents=True)
    git(path, "init", "-q", f"--object-format={form}", ".")
    for content in ("int x;\n", PATCHED):
        (path / "arch/x86/virt/vmx/tdx/tdx.c").write_text(content)
        git(path, "add", "-A")
        git(path, "commit", "-q", "-m", "x86/virt/tdx: Change something")
    return path


@pytest.mark.parametrize("form", ["sha1", "sha256"])
@pytest.mark.parametrize(
    "name", ["", "GIT_WORK_TREE", "GIT_DEFAULT_HASH", "GIT_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"]
)
def test_the_environment_changes_nothing(tmp_path: Path, form: str, name: str, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    top = repository(tmp_path / "r", form)
    if name:
        monkeypatch.setenv(name, {"GIT_DEFAULT_HASH": "sha256" if form == "sha1" else "sha1"}.get(name, "/nowhere"))
    before = dict(os.environ)
    assert main(["gate", "--isolated", "--repo", str(top), "--range", "HEAD~1..HEAD"]) == 1
    assert "TDX201" in capsys.readouterr().out
    assert dict(os.environ) == before


@pytest.mark.parametrize("broken", ["head", "tree", "parent"])
def test_a_broken_inbox_is_one_line(tmp_path: Path, broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "inbox"
    path.mkdir()
    git(path, "init", "-q", "-b", "master", ".")
    for number in range(3):
        (path / "m").write_text(f"From: a@b\nMessage-ID: <{number}@x>\nSubject: x\n\nhi\n")
        git(path, "add", "-A")
        git(path, "commit", "-q", "-m", "x")
    wanted = {"head": "1" * 40, "tree": git(path, "rev-parse", "HEAD^{tree}"), "parent": git(path, "rev-parse", "HEAD~1")}[broken]
    if broken == "head":
        (path / ".git/refs/heads/master").write_text(wanted + "\n")
    else:
        (path / ".git/objects" / wanted[:2] / wanted[2:]).unlink()
    assert main(["review", str(path)]) == 2
    said = capsys.readouterr()
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith("tdxwhy: ")
