"""A draft as a generation file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from tdxwhy.know import tables
from tdxwhy.levels import LEVELS
from tdxwhy.noun import NamedTuple
from tdxwhy.records import MessageForm


class Draft(NamedTuple):
    """What was read: the tables of a generation file, and one line for each thing that was not followed.

    `generation` is the design of TDX code that it is one of, by who brings the module up.
    """

    name: str
    answers: dict[str, dict[str, Any]]
    forms: dict[str, dict[str, Any]]
    operations: tuple[dict[str, Any], ...]
    unseen: tuple[str, ...]
    generation: str = ""


def as_toml(made: Draft, base: str = "", known: dict[str, Any] | None = None) -> str:
    """Write a draft as a generation file; what was not followed stands above it as comments.

    With the name of another generation and the table of its file, only what that does not say: an operation that this kernel does not
    have is one without steps.
    """
    known = known or {}
    forms = {name: catalogued(row) for name, row in made.forms.items()}
    rows = [
        f"# Read off the source of {made.name} by `tdxwhy model extract`.",
        *(f"# not followed: {_one_line(each)}" for each in made.unseen),
        f"name = {_value(made.name)}",
        *([f"generation = {_value(made.generation)}"] if made.generation else []),
        *([f"extends = {_value(base)}"] if base else []),
        'kernels = "as read"',
        "covered = false",
        f"source = {_value(f'tdxwhy model extract {made.name}')}",
        *_table("answers", _news(made.answers, known.get("answers", {}))),
        *_table("form", _news(forms, known.get("form", {}))),
    ]
    for operation in _new_operations(made.operations, known.get("operation", [])):
        rows += ["", "[[operation]]"]
        rows += [f"{key} = {_value(value)}" for key, value in operation.items() if key != "step"]
        rows += ["step = [", *(f"    {_value(step)}," for step in operation["step"]), "]"]
    return "\n".join(rows) + "\n"


def _table(name: str, rows: dict[str, Any]) -> list[str]:
    return ["", f"[{name}]", *(f"{key} = {_value(row)}" for key, row in rows.items())] if rows else []


def _news(rows: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """Return the rows that no row of the same name says already."""
    return {name: row for name, row in rows.items() if _plain(known.get(name)) != _plain(row)}


def _new_operations(rows: Sequence[dict[str, Any]], known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the operations that a file does not have, and those that only it has, without steps."""
    same = {row["name"]: _plain(row) for row in known}
    here = {row["asked"] for row in rows if "asked" in row}
    gone = [
        {"name": row["name"], "asked": row["asked"], "returns": 0, "step": []} for row in known if row.get("asked", "") not in {"", *here}
    ]
    return [*(row for row in rows if same.get(row["name"]) != _plain(row)), *gone]


def _plain(value: Any) -> Any:  # noqa: ANN401 - any part of a document
    """Return a part of a document without the lines of the source at which it was read."""
    if isinstance(value, dict):
        return {key: _PLACE.sub(":", each) if key == "at" else _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


_PLACE = re.compile(r":\d+:")


def catalogued(row: dict[str, Any]) -> dict[str, Any] | str:
    """Return a form as the id of the catalogue's that is the same, with what differs; as it is where the catalogue has none."""
    said = row["level"], row["format"], row.get("once", False), row.get("ratelimited", False)
    found = _catalogue().get(said)
    if found is None:
        return row
    rest = {key: row[key] for key in ("args", "each", "warning") if key in row and row[key] != list(found.args)}
    return {"id": found.id} | rest if rest else found.id


@cache
def _catalogue() -> dict[tuple[int, str, bool, bool], MessageForm]:
    forms = [form for form in tables.forms() if form.level in LEVELS]
    return {(LEVELS.index(form.level), form.format, form.once, form.ratelimited): form for form in reversed(forms)}


def document_as_toml(document: dict[str, Any]) -> str:
    """Write a TOML document: plain values first, tables of rows, then lists of tables."""
    rows = [f"{key} = {_value(value)}" for key, value in document.items() if not _is_table(value)]
    for key, value in document.items():
        if isinstance(value, dict):
            rows += ["", f"[{key}]", *(f"{name} = {_value(row)}" for name, row in value.items())]
    for key, value in document.items():
        if isinstance(value, list) and _is_table(value):
            rows += [line for row in value for line in ("", f"[[{key}]]", *(f"{name} = {_value(each)}" for name, each in row.items()))]
    return "\n".join(rows) + "\n"


def _is_table(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value))


def _one_line(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _value(value: object) -> str:
    """Write a value as inline TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value) if value < 1 << 32 else f"{value:#x}"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(each) for each in value) + "]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(each if each.isprintable() else _escaped(ord(each)) for each in text) + '"'


def _escaped(number: int) -> str:
    return f"\\u{number:04x}" if number < 1 << 16 else f"\\U{number:08x}"
