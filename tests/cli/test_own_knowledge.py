"""A folder of one's own beside the shipped rules: forms, causes and generations, checked like ours."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_FORM = """
[[form]]
id = "house.tdx-off"
format = "virt/tdx: house kernel: not starting"
level = "err"
kind = "host"
outcome = "failure"
meaning = "Our kernel was built to leave TDX off."
example = "virt/tdx: house kernel: not starting"
source = "house tree"
"""
_MODEL = """
name = "house"
generation = "6.16"
kernels = "7.9-house"
covered = false
source = "read"

[answers]
retry = { status = 0x8000020300000000, tries = 10 }
status = { errno = -5 }
ud = { errno = -13 }
gp = { errno = -95 }
vmfailinvalid = { errno = -19 }

[form]
range = { level = 6, format = "virt/tdx: house range [%u, %u)", args = ["keyid_first", "keyid_end"] }
bare = { level = 4, format = "", warning = "arch/x86/virt/vmx/tdx/tdx.c" }

[[operation]]
asked = "boot"
name = "tdx_init"
[[operation.step]]
name = "enumerate"
does = "print"
print = ["range", "bare"]
"""
_FAILED = '"outcome": "failed"'
_LOG = "[    0.1] Linux version 7.9\n[    1.0] virt/tdx: house kernel: not starting\n"


@pytest.fixture
def house(tmp_path: Path) -> Path:
    for name, file, text in (("knowledge", "forms-house.toml", _FORM), ("model", "house.toml", _MODEL)):
        (tmp_path / "house" / name).mkdir(parents=True)
        (tmp_path / "house" / name / file).write_text(text)
    (tmp_path / "log").write_text(_LOG)
    return tmp_path


def _run(here: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tdxwhy", *arguments],
        cwd=here,
        env={**os.environ, "XDG_CACHE_HOME": str(here / "cache"), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_form_of_ones_own_is_recognised(house: Path) -> None:
    shipped = _run(house, "log", "log", "--format", "json")
    own = _run(house, "log", "--knowledge", "house", "log", "--format", "json")
    assert _FAILED not in shipped.stdout
    assert _FAILED in own.stdout


def test_a_generation_of_ones_own_runs(house: Path) -> None:
    (house / "scenario.json").write_text('{"generation": "house", "operations": ["boot"]}')
    assert "house " in _run(house, "model", TDXWHY_KNOWLEDGE="house").stdout
    ran = _run(house, "simulate", "scenario.json", TDXWHY_KNOWLEDGE="house")
    assert ran.stdout.strip() == "<6>virt/tdx: house range [64, 128)"


@pytest.mark.slow
def test_settings_name_the_folder(house: Path) -> None:
    (house / ".tdxwhy.toml").write_text('knowledge = "house"\n')
    assert _FAILED in _run(house, "log", "log", "--format", "json").stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("knowledge/forms-house.toml", "[[form]\n", "forms-house.toml"),
        ("knowledge/forms-house.toml", _FORM.replace('"err"', '"loud"'), "loud"),
        ("knowledge/forms-house.toml", _FORM.replace("[[form]]", "[form]"), "a row begins with [[form]]"),
        ("knowledge/forms-house.toml", "form = [3]\n", "a row begins with [[form]]"),
        ("knowledge/forms-house.toml", "form = 3\n", "a row begins with [[form]]"),
        ("knowledge/forms-house.toml", "all = 3\n" + _FORM, "it begins with [all]"),
        ("knowledge/forms-boot.toml", _FORM, "a shipped file has this name"),
        ("model/house.toml", _MODEL.replace("keyid_first", "moon"), "moon"),
        ("model/house.toml", "name = [", "model/house.toml"),
    ],
)
def test_what_is_wrong_in_it_is_one_line(house: Path, file: str, text: str, words: str) -> None:
    (house / "house" / file).write_text(text)
    ran = _run(house, "log", "--knowledge", "house", "log")
    assert ran.returncode == 2
    assert words in ran.stderr
    assert "Traceback" not in ran.stderr


def test_no_such_folder_is_one_line(house: Path) -> None:
    ran = _run(house, "log", "--knowledge", "nowhere", "log")
    assert ran.returncode == 2
    assert "nowhere: no such folder" in ran.stderr
