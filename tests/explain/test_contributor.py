"""A message that nobody has a row for yet: one row in a copy of the tree, and every command knows it. No Python is touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import checkouts
from tests.checkouts import copied_with_tables

from .logs import BIOS, boot

FORM = """
[[form]]
id = "x.package-gave-no-key"
format = "virt/tdx: key engine of package %d gave no key: 0x%016llx"
level = "err"
generations = []
kind = "host"
step = "TDH.SYS.KEY.CONFIG"
outcome = "failure"
names_package = true
args = ["package", "status"]
meaning = "A package's key engine refused."
example = "virt/tdx: key engine of package 12 gave no key: 0x8000020300000000"
source = "a test"
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = copied_with_tables(tmp_path_factory.mktemp("tree"))
    with (root / "rules/knowledge/forms-host.toml").open("a") as file:
        file.write(FORM)
    return root


def run(tree: Path, *arguments: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(checkouts.run(tree, *arguments).stdout)
    return found


def test_a_status_counts_without_a_leaf_where_the_step_is_one(tree: Path) -> None:
    line = "virt/tdx: key engine of package 12 gave no key: 0x8000080000000000"
    text = boot([(1.5, BIOS), (13.0, line), (13.1, "virt/tdx: module initialization failed (-5)")])
    (tree / "dmesg.log").write_text(text)
    (told,) = run(tree, "log", str(tree / "dmesg.log"), "--format", "json")["logs"]  # type: ignore[misc]
    assert (told["outcome"], told["steps"], told["packages"]) == ("failed", ["TDH.SYS.KEY.CONFIG"], [12])
    assert (told["seamcall"]["name"], told["seamcall"]["status"]) == ("TDH.SYS.KEY.CONFIG", "0x8000080000000000")
    assert told["causes"][0] == "key-generation-failed"


def test_no_history_of_another_status_explains_a_line_that_shows_one(tree: Path) -> None:
    line = "virt/tdx: key engine of package 12 gave no key: 0xc0000f0100000000"
    text = boot([(1.5, BIOS), (13.0, line), (13.1, "virt/tdx: module initialization failed (-22)")])
    (tree / "dmesg.log").write_text(text)
    (told,) = run(tree, "log", str(tree / "dmesg.log"), "--format", "json")["logs"]  # type: ignore[misc]
    assert (told["steps"], told["causes"]) == (["TDH.SYS.KEY.CONFIG"], ["unknown"])
    for answer in run(tree, "replay", str(tree / "dmesg.log"), "--format", "json"):
        assert all(one["status"] == "0xc0000f0100000000" for one in answer["explanations"])  # type: ignore[index]
