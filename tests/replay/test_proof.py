"""A mistake in a file of the model is one line that names file and place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tdxwhy import compiled
from tdxwhy.errors import RulesError
from tdxwhy.replay import data
from tdxwhy.shipped import folder

MODEL = folder("rules/model")


@pytest.fixture
def model(tmp_path: Path) -> Callable[[str, str, str], None]:
    """A copy of the model in which one passage of one file is another, read anew."""
    copy = tmp_path / "model"
    shutil.copytree(MODEL, copy)

    def edit(name: str, old: str, new: str) -> None:
        text = (copy / name).read_text(encoding="utf-8")
        assert old in text
        (copy / name).write_text(text.replace(old, new, 1), encoding="utf-8")
        data.read(copy)

    return edit


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("6.8.toml", 'name = "6.12.107"', 'nane = "6.8"', "unknown key 'nane'"),
        ("6.8.toml", 'name = "boot"', 'nane = "boot"', "each with a name"),
        ("6.18.toml", "covered = true", 'covered = "yes"', "'covered' cannot be 'yes'"),
        ("6.8.toml", "returns = 0", 'returns = "0"', "boot 'returns' cannot be '0'"),
        ("6.8.toml", 'print = ["bios-enabled-private-keyid-range"]', 'print = ["bios"]', "nothing is called 'bios'"),
        ("6.8.toml", 'call = "vmxon"', 'call = "vmxof"', "nothing is called 'vmxof'"),
        ("6.8.toml", "ud = { errno = -13 }", "ud = -13", "6.8.toml ud: not a table"),
        ("6.8.toml", "kb-allocated-for-pamt = {", "kb-allocated-for-pamt = { color = 1,", "unknown key 'color'"),
        ("6.18.toml", 'extends = "6.16"', 'extends = "6.9"', "extends '6.9', which is not there"),
        ("6.18.toml", 'extends = "6.16"', 'extends = ["6.16", "6.18"]', "extends '6.18', and so itself"),
        ("v8-as-posted.toml", 'extends = "v8"', "", "no operation has a step"),
        (
            "corrections/6.8.toml",
            "No caller is in the tree; whoever brings it, as KVM does from 6.16 on, asks when its module is loaded.",
            "",
            "a correction wants its reason",
        ),
        ("corrections/6.8.toml", 'of = "enable"', 'of = "enabel"', "enabel: no such operation to change"),
        ("corrections/6.8.toml", 'of = "enable"', 'off = "enable"', "'change' wants tables with"),
        (
            "corrections/6.16.toml",
            'step = { when = "td-configuration-unsupported" }',
            'step = { when = "moon" }',
            "a change that changes nothing",
        ),
        ("corrections/7.1.toml", "put = { cause = ", "put = { course = ", "unknown key 'course'"),
        ("module.toml", "number = 33", "numer = 33", "leaf TDH.SYS.INIT: unknown or missing key 'number'"),
        ("module.toml", 'name = "TDX_SYS_SHUTDOWN"', 'nome = "TDX_SYS_SHUTDOWN"', "unknown or missing key"),
        ("module.toml", 'when = "lock-taken"', 'wehn = "lock-taken"', "TDH.SYS.INIT check TDX_SYS_BUSY: unknown or missing key"),
        ("platform.toml", "low_memory", "low_memroy", "unknown or missing key 'low_mem"),
        ("platform.toml", "low_memory = 0x100000", 'low_memory = "1M"', "'low_memory' cannot be '1M'"),
    ],
)
def test_a_mistake_names_file_and_place(model: Callable[[str, str, str], None], name: str, old: str, new: str, said: str) -> None:
    with pytest.raises(RulesError) as error:
        model(name, old, new)
    assert error.value.message.startswith(name)
    assert said in error.value.message
    assert "\n" not in error.value.message


def test_the_kept_model_is_that_of_the_files() -> None:
    documents = data.read(MODEL)
    assert documents == {name: compiled.table(data.MODEL, name) for name in compiled.names(data.MODEL)}
