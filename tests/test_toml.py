from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tdxwhy import toml, toml_compiled
from tdxwhy.errors import RulesError
from tdxwhy.shipped import folder


def test_compiled_documents_are_current() -> None:
    assert Path(toml_compiled.__file__).read_text(encoding="utf-8") == toml.render(), "make compile"


@pytest.mark.parametrize("name", sorted(toml_compiled.DOCUMENTS))
def test_compiled_document_is_the_parsed_one(name: str) -> None:
    path = folder("rules") / name
    assert toml.read(path) == tomllib.loads(path.read_text(encoding="utf-8"))


def test_a_changed_file_is_parsed_anew(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    changed = tmp_path / "model/6.8.toml"
    changed.write_text('name = "other"\n', encoding="utf-8")
    assert toml.read(changed) == {"name": "other"}


@pytest.mark.parametrize("content", [b"a = ", b"\xff\xfe", b"a = " + b"[" * 5000])
def test_a_broken_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    with pytest.raises(RulesError, match=r"broken\.toml") as error:
        toml.read(path)
    assert "\n" not in error.value.message
