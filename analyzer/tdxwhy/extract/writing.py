"""A draft as a generation file."""

from __future__ import annotations

from typing import Any

from tdxwhy.noun import NamedTuple


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


def as_toml(made: Draft) -> str:
    """Write a draft as a generation file; what was not followed stands above it as comments."""
    rows = [
        f"# Read off the source of {made.name} by `tdxwhy model extract`.",
        *(f"# not followed: {_one_line(each)}" for each in made.unseen),
        f"name = {_value(made.name)}",
        *([f"generation = {_value(made.generation)}"] if made.generation else []),
        'kernels = "as read"',
        "covered = false",
        f"source = {_value(f'tdxwhy model extract {made.name}')}",
        "",
        "[answers]",
    ]
    rows += [f"{name} = {_value(row)}" for name, row in made.answers.items()]
    rows += ["", "[form]", *(f"{name} = {_value(row)}" for name, row in made.forms.items())]
    for operation in made.operations:
        rows += ["", "[[operation]]"]
        rows += [f"{key} = {_value(value)}" for key, value in operation.items() if key != "step"]
        rows += ["step = [", *(f"    {_value(step)}," for step in operation["step"]), "]"]
    return "\n".join(rows) + "\n"


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
    return " ".join("".join(each if each >= " " and each != "\x7f" else " " for each in text).split())


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
    return '"' + "".join(each if each >= " " and each != "\x7f" else f"\\u{ord(each):04x}" for each in text) + '"'
