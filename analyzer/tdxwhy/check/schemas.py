"""JSON Schemas of the files that users write, and the table of what rules can ask. `python -m tdxwhy.check.schemas` writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from tdxwhy.check.baseline import SCHEMA, Entry
from tdxwhy.check.predicates import PREDICATES
from tdxwhy.check.rules import schema_type as rule_type
from tdxwhy.config import schema_type as settings_type
from tdxwhy.errors import main_in_one_line
from tdxwhy.shipped import folder

_BEGIN, _END = "<!-- predicates: written by `make compile` -->", "<!-- end -->"


def schemas() -> Mapping[str, str]:
    """Return the text of each schema by the name of its file."""
    made = {"settings": _of(settings_type(), "The settings of tdxwhy: .tdxwhy.toml, or [tool.tdxwhy] in pyproject.toml."), "rule": _rule()}
    made["baseline"] = _baseline()
    return {f"{name}.schema.json": json.dumps(schema, indent=2) + "\n" for name, schema in made.items()}


def _of(noun: type, title: str) -> dict[str, object]:
    import msgspec

    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **msgspec.json.schema(noun)}


def _rule() -> dict[str, object]:
    schema = _of(rule_type(), "A rule of tdxwhy: one TOML file, named after its id.")
    tables = schema["$defs"]["Rule"]["properties"]  # type: ignore[index] # JSON, whose values are objects
    for table in ("when", "require"):
        words = {name: _argument(known.argument is bool, sorted(known.choices), known.meaning) for name, known in PREDICATES.items()}
        tables[table] = {"type": "object", "properties": words, "additionalProperties": False}
    return schema


def _argument(boolean: bool, choices: list[str], meaning: str) -> dict[str, object]:
    if boolean:
        return {"type": "boolean", "description": meaning}
    item: dict[str, object] = {"enum": choices} if choices else {"type": "string", "minLength": 1}
    return {"type": "array", "items": item, "minItems": 1, "description": meaning}


def _baseline() -> dict[str, object]:
    types = {name: {"type": "integer", "minimum": 1} if name == "times" else {"type": "string"} for name in Entry._fields}
    entry = {"type": "object", "properties": types, "required": list(types), "additionalProperties": False}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Findings that a project knows: by content, with counts and reasons.",
        "type": "object",
        "properties": {"schema": {"const": SCHEMA}, "entries": {"type": "array", "items": entry}},
        "required": ["schema", "entries"],
        "additionalProperties": False,
    }


def predicates() -> str:
    """Return the table of what a rule can ask, as it stands in rules/README.md."""
    rows = ["| predicate | of | argument | tells |", "|---|---|---|---|"]
    for name, known in sorted(PREDICATES.items()):
        words = "true, false" if known.argument is bool else ", ".join(sorted(known.choices)) or "any passages"
        rows.append(f"| `{name}` | {', '.join(known.kinds)} | {words} | {known.meaning.removeprefix('Tell ').rstrip('.')} |")
    return "\n".join(rows) + "\n"


def readme(text: str) -> str:
    """Return rules/README.md with the table of predicates as it is now."""
    before, _, rest = text.partition(f"{_BEGIN}\n")
    return f"{before}{_BEGIN}\n{predicates()}{_END}{rest.partition(_END)[2]}"


def main() -> None:
    """Write the schemas into reports/schema, and the predicates into rules/README.md."""
    page = folder("rules") / "README.md"
    page.write_text(readme(page.read_text(encoding="utf-8")), encoding="utf-8")
    target: Path = folder("reports/schema")
    for name, text in schemas().items():
        (target / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main_in_one_line(main)
