"""A draft as a generation file."""

from __future__ import annotations

from typing import Any, NamedTuple


class Draft(NamedTuple):
    """What was read: the tables of a generation file, and one line for each thing that was not followed."""

    name: str
    answers: dict[str, dict[str, Any]]
    forms: dict[str, dict[str, Any]]
    operations: tuple[dict[str, Any], ...]
    unseen: tuple[str, ...]


def as_toml(made: Draft) -> str:
    """Write a draft as a generation file; what was not followed stands above it as comments."""
    rows = [
        f"# Read off the source of {made.name} by `tdxwhy model extract`.",
        *(f"# not followed: {_one_line(each)}" for each in made.unseen),
        f"name = {_value(made.name)}",
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
