"""Settings: the nearest file upwards, checked strictly, with a published schema."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from tdxwhy.config import Settings, Suppress, find, load
from tdxwhy.errors import TdxwhyError

SCHEMA = Path(__file__).resolve().parents[1] / "reports" / "schema" / "settings.schema.json"
WHOLE = """
select = ["TDX1"]
ignore = ["TDX103"]
fail-on = "error"
rules = ["my-rules"]
exclude = ["old/*"]
baseline = "known.json"
require-reason = true
tree = "linux"
[severity]
TDX102 = "info"
[[suppress]]
rules = ["TDX109"]
files = ["ci/*.log"]
reason = "one-socket machines"
"""


def test_all_settings_are_read_and_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    path = tmp_path / ".tdxwhy.toml"
    path.write_text(WHOLE)
    assert load(path) == Settings(
        select=("TDX1",),
        ignore=("TDX103",),
        fail_on="error",
        rules=(str(tmp_path / "my-rules"),),
        exclude=("old/*",),
        baseline=str(tmp_path / "known.json"),
        require_reason=True,
        tree=str(tmp_path / "linux"),
        severity={"TDX102": "info"},
        suppress=(Suppress(("TDX109",), "one-socket machines", ("ci/*.log",)),),
    )


def test_the_nearest_file_upwards_wins(tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[tool.tdxwhy]\nfail-on = 'info'\n")
    assert find(below) == tmp_path / "pyproject.toml"
    assert load(tmp_path / "pyproject.toml").fail_on == "info"
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.other]\n")
    assert find(below) == tmp_path / "pyproject.toml"
    (tmp_path / "a" / ".tdxwhy.toml").write_text("")
    assert find(below) == tmp_path / "a" / ".tdxwhy.toml"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("fail_on = 'error'", "fail_on"),
        ("fail-on = 'eror'", "fail-on"),
        ("select = 'TDX1'", "select"),
        ("[severity]\nTDX102 = 'high'", "severity"),
        ("[[suppress]]\nrules = ['TDX1']", "reason"),
        ("[[suppress]]\nrules = ['TDX1']\nreason = ' '", "the reason is empty"),
        ("[[suppress]]\nrule = ['TDX1']\nreason = 'x'", "rule"),
        ("select = [", "not TOML"),
    ],
)
def test_what_is_odd_is_one_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / ".tdxwhy.toml"
    path.write_text(text)
    with pytest.raises(TdxwhyError) as caught:
        load(path)
    assert caught.value.message.startswith(".tdxwhy.toml: ")
    assert says in caught.value.message
    assert "\n" not in caught.value.message


def test_unreadable_files_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(TdxwhyError, match="no such file"):
        load(tmp_path / "none.toml")
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(TdxwhyError, match="not UTF-8"):
        load(tmp_path / "x.toml")


def test_the_published_schema_accepts_and_refuses_the_same() -> None:
    import jsonschema

    schema = json.loads(SCHEMA.read_text())
    jsonschema.validate(tomllib.loads(WHOLE), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"fail_on": "error"}, schema)
