"""Machines of all kinds as copies of their files: each is judged as its about.toml says, from a folder and from an archive of it alike."""

from __future__ import annotations

import io
import json
import tarfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

import jsonschema
import pytest

from tdxwhy.cli import main
from tdxwhy.read.host.bundle import pack
from tdxwhy.read.host.tree import HostFolder, tree_of
from tdxwhy.ready.bring import brought
from tdxwhy.ready.examine import Examination, examine, wanted

ROOT = Path(__file__).resolve().parents[2]
HOSTS = ROOT / "samples" / "hosts"
SCHEMA = json.loads((ROOT / "reports/schema/ready.schema.json").read_text(encoding="utf-8"))
NAMES = sorted(path.name for path in HOSTS.iterdir() if path.is_dir())


def about(name: str) -> dict[str, object]:
    return tomllib.loads((HOSTS / name / "about.toml").read_text(encoding="utf-8"))


def archived(folder: Path, below: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz") as tar:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                tar.add(path, f"{below}{path.relative_to(folder)}")
    return packed.getvalue()


def told(found: Examination) -> list[tuple[str, str, str]]:
    return [(one.check.id, one.status, one.says) for one in found.answers]


@pytest.mark.parametrize("name", NAMES)
def test_sample_is_judged_as_it_says(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    want = about(name)
    status = main(["ready", "--root", str(HOSTS / name / "tree")])
    out = " ".join(capsys.readouterr().out.split())
    found = examine(HOSTS / name / "tree")
    assert found.verdict == want["verdict"], out
    assert [one.id for one in found.obstacles] == want["obstacles"]
    assert status == {"ready": 0, "undecided": 3}.get(str(want["verdict"]), 1)
    for words in want.get("says", []):  # type: ignore[attr-defined] # a list of passages
        assert words in out
    for one in found.answers:
        if one.status in ("impossible", "error"):
            assert one.fix
            assert "will succeed" not in out or "once the rest is mended" in out
            assert one.evidence or one.check.group in ("cpus", "the model says")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("below", ["", "sosreport-lab-2026-03-01/"])
def test_an_archive_is_judged_as_the_folder_is(name: str, below: str, tmp_path: Path) -> None:
    archive = tmp_path / "host.tar.xz"
    archive.write_bytes(archived(HOSTS / name / "tree", below))
    assert told(examine(archive)) == told(examine(HOSTS / name / "tree"))


@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_is_judged_as_the_machine_is(name: str, tmp_path: Path) -> None:
    tree = HOSTS / name / "tree"
    whole = [path for path in ("topology.json", "kernel.log") if (tree / path).exists()]
    files = brought(tree_of(tree, wanted())) | {path: (tree / path).read_text() for path in whole}
    (tmp_path / "bundle.tar.gz").write_bytes(pack(files))
    assert told(examine(tmp_path / "bundle.tar.gz")) == told(examine(tree))


def test_a_machine_is_asked_nothing_twice() -> None:
    asked: list[tuple[str, ...]] = []

    def run(arguments: Sequence[str]) -> None:
        asked.append(tuple(arguments))

    brought(HostFolder(Path("/"), run))
    assert asked
    assert len(asked) == len(set(asked))


@pytest.mark.parametrize("name", NAMES)
def test_documents(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["ready", "--root", str(HOSTS / name / "tree"), "--format", "json"])
    jsonschema.validate(json.loads(capsys.readouterr().out), SCHEMA)
    main(["ready", "--root", str(HOSTS / name / "tree"), "--format", "markdown"])
    assert capsys.readouterr().out.startswith("**")
