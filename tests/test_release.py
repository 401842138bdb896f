"""What is published: the same bytes whoever makes them, complete, with a bill of what it wants, and floors that hold."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from tdxwhy.compiled import cache_folder
from tdxwhy.replay.data import generations
from tdxwhy.version import VERSION
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
GIT = ["git", "-C", str(ROOT), "-c", "safe.directory=*"]


def tracked() -> list[str]:
    listed = subprocess.run([*GIT, "ls-files", "-z"], capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("no checkout")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def built(folder: Path, **environment: str) -> Path:
    """Build wheel and sdist of what is tracked, copied into a folder of its own."""
    pytest.importorskip("hatchling")
    for name in tracked():
        place = folder / "tree" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes((ROOT / name).read_bytes())
        place.chmod((ROOT / name).stat().st_mode & 0o755 | 0o600)
    env = {**os.environ, "SOURCE_DATE_EPOCH": "1796000000", **environment}
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder / "dist")]
    subprocess.run(command, cwd=folder / "tree", env=env, check=True, capture_output=True)
    return folder / "dist"


@pytest.fixture(scope="module")
def twice(tmp_path_factory) -> tuple[Path, Path]:
    before = os.umask(0o022)
    first = built(tmp_path_factory.mktemp("first"), TZ="UTC", PYTHONHASHSEED="1")
    os.umask(0o077)
    second = built(tmp_path_factory.mktemp("second"), TZ="Asia/Tokyo", PYTHONHASHSEED="2", LC_ALL="C")
    os.umask(before)
    return first, second


def test_wheel_and_sdist_are_the_same_bytes_wherever_they_are_built(twice) -> None:
    first, second = twice
    names = sorted(path.name for path in first.iterdir())
    assert names == [f"tdxwhy-{VERSION}-py3-none-any.whl", f"tdxwhy-{VERSION}.tar.gz"]
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_the_sdist_holds_what_its_own_tests_want(twice, tmp_path) -> None:
    with tarfile.open(next(twice[0].glob("*.tar.gz"))) as archive:
        archive.extractall(tmp_path, filter="data")
    (top,) = tmp_path.iterdir()
    held = {str(path.relative_to(top)) for path in top.rglob("*") if path.is_file()} - {"PKG-INFO"}
    assert set(tracked()) - held <= {".gitattributes"}
    assert held <= set(tracked()) | {".gitignore"}
    shutil.copytree(cache_folder(), top / "build" / "tables")
    some = [f"tests/{name}.py" for name in ("check/test_rules", "know/test_readme", "test_config")]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *some]
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTEST_XDIST_WORKER")}
    done = subprocess.run(command, cwd=top, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def test_a_wheel_is_typed_and_holds_no_test(twice) -> None:
    with zipfile.ZipFile(next(twice[0].glob("*.whl"))) as wheel:
        names = wheel.namelist()
        metadata = wheel.read(f"tdxwhy-{VERSION}.dist-info/METADATA").decode()
    assert "tdxwhy/py.typed" in names
    if shutil.which("dot"):
        assert sum(name.startswith("tdxwhy/_shipped/pictures/") for name in names) == len(generations())
    assert not any(name.startswith(("tests/", "samples/")) for name in names)
    assert "Project-URL" not in metadata
    assert "@" not in "".join(line for line in metadata.splitlines() if line.startswith(("Author", "Maintainer")))


def test_the_bill_of_materials_names_what_a_wheel_wants_and_no_time(twice, tmp_path) -> None:
    wheel = next(twice[0].glob("*.whl"))
    bills = []
    for number in range(2):
        subprocess.run([sys.executable, ROOT / "packaging" / "sbom.py", wheel, tmp_path / str(number)], check=True)
        bills.append((tmp_path / str(number)).read_bytes())
    assert bills[0] == bills[1]
    bill = json.loads(bills[0])
    assert "serialNumber" not in bill
    assert "timestamp" not in bill["metadata"]
    assert bill["metadata"]["component"]["hashes"][0]["content"] == hashlib.sha256(wheel.read_bytes()).hexdigest()
    wanted = {re.match(r"[A-Za-z0-9-]+", one)[0].lower() for one in PROJECT["dependencies"]}
    assert {part["name"].lower() for part in bill["components"] if part["scope"] == "required"} == wanted
    assert {"tree-sitter", "duckdb"} <= {part["name"] for part in bill["components"]}
    assert not {"pytest", "mkdocs"} & {part["name"] for part in bill["components"]}
    validation = pytest.importorskip("cyclonedx.validation.json")
    schema = pytest.importorskip("cyclonedx.schema")
    assert validation.JsonStrictValidator(schema.SchemaVersion.V1_6).validate_str(bills[0].decode()) is None


def test_every_dependency_has_a_floor_and_a_locked_version_at_or_above_it() -> None:
    printed = subprocess.run([sys.executable, ROOT / "packaging" / "floors.py"], capture_output=True, text=True, check=True).stdout
    floors = {name.lower(): numbers(floor) for name, floor in (line.split("==") for line in printed.split())}
    asked = [one for extra in ("c", "fast", "fleet", "objects") for one in PROJECT["optional-dependencies"][extra]] + PROJECT[
        "dependencies"
    ]
    assert {re.match(r"[A-Za-z0-9-]+", one)[0].lower() for one in asked} - {"tdxwhy"} <= set(floors)
    lock = (ROOT / "packaging" / "ci.lock").read_text(encoding="utf-8")
    locked = {
        name.lower(): numbers(version) for name, version in re.findall(r"^([A-Za-z0-9-]+)(?:\[\w+\])?==(\d+(?:\.\d+)*)", lock, re.MULTILINE)
    }
    assert {name for name, floor in floors.items() if locked[name] < floor} == set()
    assert lock.count("--hash=sha256:") > len(locked)


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def test_the_changelog_has_a_dated_section_for_the_version_of_the_product() -> None:
    found = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert found[0] == "Unreleased"
    assert all(re.fullmatch(r"\d+\.\d+\.\d+ - \d{4}-\d{2}-\d{2}", title) for title in found[1:])
    assert found[1].startswith(f"{VERSION} - ")


def test_packages_of_distributions_have_the_version_of_the_product() -> None:
    assert (ROOT / "packaging" / "debian" / "changelog").read_text().startswith(f"tdxwhy ({VERSION}-1)")
    spec = (ROOT / "packaging" / "rpm" / "tdxwhy.spec").read_text()
    assert re.search(r"^Version: +(\S+)$", spec, re.MULTILINE)[1] == VERSION


@pytest.mark.parametrize(
    ("missing", "arguments", "said"),
    [
        (
            "tree_sitter",
            ["gate", "--isolated", "samples/patches/callback.patch"],
            "reading C wants the packages tree-sitter and tree-sitter-c",
        ),
        ("tree_sitter_c", ["preview", "samples/patches/tree"], "reading C wants the packages tree-sitter and tree-sitter-c"),
        ("arro3", ["fleet", "report", "--store", "none"], "the fleet commands need"),
        ("jinja2", ["log", "--format", "html", "samples/logs/success-7.1/dmesg.log"], "this wants the Python package that brings jinja2"),
        ("git", ["gate", "--range", "a..b", "--repo", "."], "reading a repository wants git and the package GitPython"),
    ],
)
def test_a_package_that_is_not_there_is_one_line(missing: str, arguments: list[str], said: str) -> None:
    if missing == "git":
        tracked()  # an sdist has no repository to read
    done = without(missing, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") <= 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("missing", ["tree_sitter", "tree_sitter_c"])
def test_a_thread_is_reviewed_without_what_reads_c_and_says_what_is_missing_of_it(missing: str) -> None:
    whole, part = (without(names, "review", "--format", "json", "samples/threads/put-off/thread.mbox") for names in ("none", missing))
    assert (part.returncode, part.stderr.count("\n")) == (0, 1)
    assert "fail without a message is not looked for: reading C wants the packages tree-sitter and tree-sitter-c" in part.stderr
    with_c, without_c = json.loads(whole.stdout), json.loads(part.stdout)
    assert with_c["failing_paths"]
    assert without_c == {**with_c, "failing_paths": [], **{name: without_c[name] for name in ("patches", "notes")}}


def test_without_what_is_only_for_speed_a_large_log_is_answered_alike(tmp_path) -> None:
    log = tmp_path / "large.log"
    noise = "".join(f"[{second:5}.000000] usb 1-1: new device number {second}\n" for second in range(60_000))
    log.write_text((ROOT / "samples/logs/package-without-cpu-of-2/dmesg.log").read_text() + noise.replace("[    ", "[  199"))
    fast, slow = (without(names, "log", str(log)) for names in ("none", "ahocorasick_rs,isal"))
    assert (fast.stdout, fast.returncode) == (slow.stdout, slow.returncode)
    assert fast.returncode in (0, 1, 3)


def without(names: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys; sys.modules.update(dict.fromkeys(sys.argv[1].split(','))); from tdxwhy.cli import main; sys.exit(main(sys.argv[2:]))"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT / "analyzer")}
    return subprocess.run([sys.executable, "-c", code, names, *arguments], capture_output=True, text=True, check=False, cwd=ROOT, env=env)
