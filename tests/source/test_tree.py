"""Trees: folders and revisions, hostile ones too."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tdxwhy.errors import NothingToJudge, TdxwhyError
from tdxwhy.source.ctree import parse_unit
from tdxwhy.source.tree import blob_id, program_of_tree, read_revision, read_tree, unit_of_text

pytestmark = pytest.mark.usefixtures("own_cache")

CODE = "int f(void) { return seamcall(1); }\n"


def test_a_small_tree_is_read_whole_and_links_out_of_it_are_not_followed(tmp_path: Path):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.c").write_text(CODE)
    (tmp_path / "secret.c").write_text(CODE)
    (tree / "b.c").symlink_to(tmp_path / "secret.c")
    assert list(read_tree(str(tree))) == ["a.c"]


def test_of_a_kernel_only_what_brings_tdx_up_is_read(tmp_path: Path):
    for name in ("arch/x86/virt/vmx/tdx/tdx.c", "arch/x86/include/asm/tdx.h", "arch/x86/mm/init.c", "arch/x86/include/asm/limits.h"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(CODE if name.endswith(".c") else "#define RETRIES 10\n")
    (tmp_path / "arch/x86/virt/vmx/tdx/tdx.c").write_text(f"#include <asm/limits.h>\n{CODE}int n = RETRIES;\n")
    texts = read_tree(str(tmp_path))
    assert sorted(texts) == ["arch/x86/include/asm/tdx.h", "arch/x86/virt/vmx/tdx/tdx.c"]
    found = program_of_tree(texts, str(tmp_path)).constant("RETRIES")
    assert found is not None
    assert found.text == "10"


def test_a_tree_without_tdx_and_no_tree_at_all(tmp_path: Path):
    (tmp_path / "a.c").write_text("int x;\n")
    with pytest.raises(NothingToJudge):
        read_tree(str(tmp_path))
    with pytest.raises(TdxwhyError):
        read_tree(str(tmp_path / "missing"))


def test_units_are_kept_by_blob_id_and_a_broken_cache_is_made_anew(tmp_path: Path):
    assert blob_id("hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"
    unit = parse_unit(CODE)
    assert unit_of_text(CODE) == unit
    (kept,) = (tmp_path / "cache").rglob("*.msgpack")
    assert unit_of_text(CODE) == unit
    kept.write_bytes(b"\x93broken")
    assert unit_of_text(CODE) == unit


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "a.c").write_text(CODE)
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "one")
    (folder / "a.c").write_text(CODE.replace("1", "2"))
    git(folder, "commit", "-q", "-am", "two")
    return folder


def test_revisions_are_read_without_running_anything_of_the_repository(repository: Path, tmp_path: Path):
    mark = tmp_path / "ran"
    script = repository / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    script.chmod(0o755)
    with (repository / ".git/config").open("a") as config:
        config.write(
            f'[core]\n\tfsmonitor = {script}\n\tpager = {script}\n\thooksPath = {repository}\n[filter "x"]\n\tsmudge = {script}\n[diff "x"]\n\ttextconv = {script}\n'
        )
    (repository / ".gitattributes").write_text("* filter=x diff=x\n")
    assert read_revision(str(repository), "HEAD~1") == {"a.c": CODE}
    assert read_revision(str(repository), "main")["a.c"] != CODE
    assert not mark.exists()


@pytest.mark.parametrize("revision", ["nowhere", "--upload-pack=x", "HEAD~99", ""])
def test_a_revision_that_is_none_is_one_line(repository: Path, revision: str):
    with pytest.raises(TdxwhyError) as caught:
        read_revision(str(repository), revision)
    assert "\n" not in caught.value.message


def test_a_folder_that_is_no_repository(tmp_path: Path):
    with pytest.raises(TdxwhyError):
        read_revision(str(tmp_path), "HEAD")
