"""Read rules/knowledge/*.toml strictly: an unknown key, a missing source or a doubled form is one line of complaint."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tdxwhy import toml
from tdxwhy.errors import RulesError
from tdxwhy.know.codes import CODE_FILES, LeafRow, Number, StatusRow
from tdxwhy.know.modelled import with_models
from tdxwhy.know.rows import (
    Cause,
    Fact,
    FirmwareStep,
    FirmwareVendor,
    GenerationRow,
    Knowledge,
    Ordinary,
    Parameter,
    Shown,
    SignRow,
    Step,
    Term,
    is_table,
)
from tdxwhy.know.validate import complaints
from tdxwhy.records import MessageForm
from tdxwhy.strict import strict

_OPTIONAL_OF_FORM: dict[str, object] = {
    "generations": (),
    "step": None,
    "function": "",
    "file": "",
    "once": False,
    "ratelimited": False,
    "names_package": False,
    "names_cpu": False,
    "names_cpu_state": False,
    "args": (),
}


_NOUNS = {
    "form": MessageForm, "status": StatusRow, "operand": Number, "msr": Number, "errno": Number, "leaf": LeafRow, "step": Step,
    "generation": GenerationRow, "cause": Cause, "parameter": Parameter, "fact": Fact, "shown": Shown, "term": Term,
    "firmware_step": FirmwareStep, "firmware_vendor": FirmwareVendor, "sign": SignRow, "ordinary": Ordinary,
}  # fmt: skip
_OPTIONAL: dict[str, dict[str, object]] = {"form": _OPTIONAL_OF_FORM, "cause": {"command": ""}}
_SCHEMAS = {name: strict(noun, optional=_OPTIONAL.get(name)) for name, noun in _NOUNS.items()}
# TOML integers end at 63 bits, so wider ones are written as strings.
_WIDE = ("code", "number", "older_codes")


def load(folder: Path) -> Knowledge:
    """Read every file of the folder, in order of name, and check the whole."""
    rows = _rows(folder, is_table)
    rows["form"] = list(with_models(rows["form"], folder.parent / "model", [one.id for one in rows["generation"]]))
    knowledge = Knowledge(**{name: tuple(rows[name]) for name in Knowledge._fields})
    for complaint in complaints(knowledge):
        raise RulesError(f"{folder.name}: {complaint}")
    return knowledge


def codes(folder: Path) -> dict[str, list[Any]]:
    """Return the rows that say what numbers mean, by the names of their tables."""
    return {name: rows for name, rows in _rows(folder, CODE_FILES.__contains__).items() if rows}


def ordinary(folder: Path) -> list[str]:
    """Return the lines that logs are full of, which stand in a file of their own."""
    return [line for row in _rows(folder, "ordinary".__eq__)["ordinary"] for line in row.lines]


def _rows(folder: Path, takes: Callable[[str], bool]) -> dict[str, list[Any]]:
    return {name: [_with_numbers(row) for row in rows] for name, rows in toml.rows(folder, _SCHEMAS, takes).items()}


def _with_numbers(row: Any) -> Any:  # noqa: ANN401 - a row of any table
    wide = [field for field in _WIDE if field in row._fields]
    return row._replace(**{field: _number(getattr(row, field)) for field in wide}) if wide else row


def _number(value: int | str | tuple[int | str, ...]) -> object:
    if isinstance(value, tuple):
        return tuple(_number(one) for one in value)
    return int(value, 0) if isinstance(value, str) else value
