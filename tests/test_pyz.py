"""The one file for a host with Python and nothing else: no third-party package, and the same answers."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOGS = sorted((ROOT / "samples" / "logs").glob("*/dmesg.log"))[::4]
BARE = [sys.executable, "-I", "-S"]


@pytest.fixture(scope="module")
def pyz(tmp_path_factory):
    """Return the file, made of what a wheel of this checkout holds."""
    folder = tmp_path_factory.mktemp("pyz")
    env = {**os.environ, "PYTHONPATH": str(ROOT / "analyzer")}
    subprocess.run([sys.executable, "-m", "tdxwhy.build", folder / "tables"], check=True, env=env, capture_output=True)
    shipped = {"rules": ROOT / "rules", "reports/templates": ROOT / "reports/templates", "reports/schema": ROOT / "reports/schema"}
    shipped["tables"] = folder / "tables"
    with zipfile.ZipFile(folder / "wheel", "w") as wheel:
        for file in sorted((ROOT / "analyzer" / "tdxwhy").rglob("*.py")):
            wheel.write(file, file.relative_to(ROOT / "analyzer"))
        for name, where in shipped.items():
            for file in sorted(one for one in where.rglob("*") if one.is_file()):
                wheel.write(file, f"tdxwhy/_shipped/{name}/{file.relative_to(where)}")
    subprocess.run([sys.executable, ROOT / "packaging" / "pyz.py", folder / "wheel", folder / "tdxwhy.pyz"], check=True)
    return folder / "tdxwhy.pyz"


def ran(pyz: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*BARE, pyz, *map(str, arguments)], capture_output=True, text=True, check=False, cwd=ROOT)


def installed(*arguments: object) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT / "analyzer")}
    return subprocess.run(
        [sys.executable, "-m", "tdxwhy", *map(str, arguments)], capture_output=True, text=True, check=False, cwd=ROOT, env=env
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("log", "--format", "json", *(log.relative_to(ROOT) for log in LOGS)),
        ("log", LOGS[0].relative_to(ROOT)),
        ("decode", "0xc000092100000122"),
        ("replay", "samples/logs/sys-rd-module-too-old/dmesg.log"),
        ("gate", *(log.relative_to(ROOT) for log in LOGS)),
        ("ready", "--help"),
        ("forms", "6.8"),
        ("model", "7.1", "--format", "dot"),
        ("rules", "list"),
        ("rule", "TDX101"),
        ("explain", "TDX201"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_it_answers_as_the_installed_command(pyz, arguments):
    bare, full = ran(pyz, *arguments), installed(*arguments)
    assert (bare.stdout, bare.stderr, bare.returncode) == (full.stdout, full.stderr, full.returncode)


def test_a_large_log_is_searched_without_the_library(pyz, tmp_path):
    log = tmp_path / "console.log"
    noise = "".join(f"[{second:5}.000000] usb 1-1: new device number {second}\n" for second in range(50_000))
    log.write_text((ROOT / "samples" / "pipelines" / "kern.log").read_text() + noise.replace("[    0.", "[   41."))
    assert log.stat().st_size > 1 << 20
    bare = ran(pyz, "log", "--format", "json", log)
    assert bare.stdout == installed("log", "--format", "json", log).stdout
    assert bare.returncode == 1


@pytest.mark.parametrize(
    ("wanted", "arguments"),
    [
        ("tree-sitter", ("gate", "samples/patches/callback.patch")),
        ("jinja2", ("log", "--format", "html", LOGS[0])),
        ("msgspec", ("rules", "list", "--rules", "rules/log")),
        ("tdxwhy installed", ("log", "--knowledge", "rules", LOGS[0])),
        ("duckdb", ("fleet", "report", "--store", "none")),
    ],
)
def test_what_wants_a_package_says_which_in_one_line(pyz, wanted, arguments):
    bare = ran(pyz, *arguments)
    assert bare.returncode == 2
    assert bare.stderr.startswith("tdxwhy: ")
    assert "cannot go on" not in bare.stderr
    assert wanted in bare.stderr.splitlines()[0]
    assert bare.stderr.count("\n") <= 2


def test_it_runs_from_anywhere_and_makes_the_same_bytes(pyz, tmp_path):
    again = tmp_path / "again.pyz"
    subprocess.run([sys.executable, ROOT / "packaging" / "pyz.py", pyz.parent / "wheel", again], check=True)
    assert again.read_bytes() == pyz.read_bytes()
    assert os.access(again, os.X_OK)
    run = subprocess.run([*BARE, again, "--version"], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert run.stdout.startswith("tdxwhy ")
