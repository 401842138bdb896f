"""The published schemas are those of the code, and the shipped rules fit theirs."""

from __future__ import annotations

import json
import tomllib

import pytest

from tdxwhy.check.catalogue import shipped_folders
from tdxwhy.check.schemas import readme, schemas
from tdxwhy.shipped import folder


def test_the_published_schemas_are_up_to_date() -> None:
    for name, text in schemas().items():
        assert (folder("reports/schema") / name).read_text(encoding="utf-8") == text, "run make compile"


def test_shipped_rules_fit_the_schema_and_odd_ones_do_not() -> None:
    import jsonschema

    schema = json.loads(schemas()["rule.schema.json"])
    validator = jsonschema.Draft202012Validator(schema)
    paths = [path for one in shipped_folders() for path in one.glob("TDX*.toml")]
    for path in paths:
        validator.validate(tomllib.loads(path.read_text(encoding="utf-8")))
    odd = tomllib.loads(paths[0].read_text(encoding="utf-8")) | {"severity": "critcal"}
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(odd)


def test_the_table_of_predicates_is_up_to_date() -> None:
    text = (folder("rules") / "README.md").read_text(encoding="utf-8")
    assert readme(text) == text, "run make compile"
