"""The shipped generations against the source that they stand for, where a tree is given: extracted again, and the same in every scenario.

Trees are folders below TDXWHY_KERNELS, or the archive of parts of trees that lies beside the checkout. What may differ stands, with its
reason, in rules/model/corrections.
"""

from __future__ import annotations

import os
import tarfile
import tomllib
from pathlib import Path

import pytest

from tdxwhy.extract.against import compare, reason
from tdxwhy.extract.draft import as_toml, draft
from tdxwhy.replay.data import generation
from tdxwhy.shipped import folder
from tdxwhy.source.kernel_tree import read_kernel

ARCHIVE = Path(__file__).resolve().parents[3] / "shared" / "kernels" / "kernels.tar.xz"
# Which generation a release is of: the first that fits.
RELEASES = (("6.12", "6.8"), ("6.16", "6.16"), ("7.1", "7.1"), ("7.2", "7.2"), ("7.3", "7.2"))
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


def corrections(name: str) -> dict[str, str]:
    path = Path(str(folder("rules/model"))) / "corrections" / f"{name}.toml"
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["correction"] if path.is_file() else []
    return {row["scenario"]: row["reason"] for row in rows}


@pytest.mark.slow
@pytest.mark.parametrize(("release", "name"), RELEASES)
def test_a_shipped_generation_is_what_its_source_says(
    kernels: Path, release: str, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    trees = sorted(each for each in kernels.iterdir() if each.name == release or each.name.startswith(f"{release}."))
    if not trees:
        pytest.skip(f"no tree of {release}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for tree in trees:
        found = compare(as_toml(draft(read_kernel(str(tree)), tree.name)), generation(name))
        differing = {each.title: reason(each) for each in found.differences}
        assert found.scenarios >= FEWEST
        assert {title: why for title, why in differing.items() if title not in corrections(name)} == {}
        assert release != name or set(corrections(name)) <= set(differing), "a correction that corrects nothing"


def test_every_correction_has_a_reason_and_a_generation():
    for path in sorted((Path(str(folder("rules/model"))) / "corrections").glob("*.toml")):
        assert generation(path.stem).name == path.stem
        assert all(len(why) > 40 for why in corrections(path.stem).values())
