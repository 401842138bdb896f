"""The shipped generations against the source that they stand for, where a tree is given: each file is what the extraction writes of it.

Trees are folders below TDXWHY_KERNELS, or the archive of parts of trees that lies beside the checkout. What is otherwise stands, with its
reason, in rules/model/corrections; a later stable release of the same series does the same in every scenario.
"""

from __future__ import annotations

import os
import tarfile
import tomllib
from functools import cache
from pathlib import Path

import pytest

from tdxwhy.extract.against import compare, reason
from tdxwhy.extract.draft import Draft, as_toml, draft
from tdxwhy.extract.kernels import extending
from tdxwhy.replay.data import generation
from tdxwhy.shipped import folder
from tdxwhy.source.kernel_tree import read_kernel

ARCHIVE = Path(__file__).resolve().parents[3] / "shared" / "kernels" / "kernels.tar.xz"
MODEL = Path(str(folder("rules/model")))
# The generations that are read off a tree, with what they extend; and the series whose later releases do the same.
READ = {"6.8": "", "6.16": "", "7.1": "", "7.2": "7.1"}
SERIES = (("6.12", "6.8"), ("6.16", "6.16"), ("7.1", "7.1"), ("7.2", "7.2"), ("7.3", "7.2"))
# The scenarios that corrections are about.
BY_HAND = {"6.16": {"kexec", "KVM: module without topology enumeration"}}
FEWEST = 60


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    given = os.environ.get("TDXWHY_KERNELS")
    if given:
        return Path(given)
    if not ARCHIVE.is_file():
        pytest.skip("no kernel trees here")
    at = tmp_path_factory.mktemp("kernels")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(at, filter="data")
    return at


def trees_of(kernels: Path, release: str) -> list[Path]:
    return sorted(each for each in kernels.iterdir() if each.name == release or each.name.startswith(f"{release}."))


@cache
def drafted(tree: Path) -> Draft:
    return draft(read_kernel(str(tree)), tree.name)


@pytest.mark.slow
@pytest.mark.parametrize("name", READ)
def test_a_shipped_generation_is_what_the_extraction_writes(kernels: Path, name: str):
    shipped = (MODEL / f"{name}.toml").read_text(encoding="utf-8")
    tree = kernels / tomllib.loads(shipped)["name"]
    if not tree.is_dir():
        pytest.skip(f"no tree of {tree.name}")
    made = drafted(tree)
    assert (extending(made, READ[name]) if READ[name] else as_toml(made)) == shipped


@pytest.mark.slow
@pytest.mark.parametrize(("release", "name"), SERIES)
def test_a_release_of_a_series_does_what_its_generation_does(kernels: Path, release: str, name: str):
    trees = trees_of(kernels, release)
    if not trees:
        pytest.skip(f"no tree of {release}")
    for tree in trees:
        found = compare(as_toml(drafted(tree)), generation(name))
        assert found.scenarios >= FEWEST
        assert {each.title: reason(each) for each in found.differences if each.title not in BY_HAND.get(name, ())} == {}


def test_what_is_read_has_its_name_and_reasons_beside_it():
    assert {path.stem for path in (MODEL / "corrections").glob("*.toml")} == set(READ)
    for name in READ:
        assert tomllib.loads((MODEL / f"{name}.toml").read_text(encoding="utf-8"))["source"].startswith("tdxwhy model extract ")
        assert generation(name).covered
