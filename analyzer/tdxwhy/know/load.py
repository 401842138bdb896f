"""Read rules/knowledge/*.toml strictly: an unknown key, a missing source or a doubled form is one line of complaint."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from types import GenericAlias
from typing import Any

import msgspec

from tdxwhy.errors import RulesError
from tdxwhy.know.codes import CODE_FILES, LeafRow, Number, StatusRow
from tdxwhy.know.modelled import with_models
from tdxwhy.know.rows import Fact, FirmwareStep, FirmwareVendor, Knowledge, Ordinary, Shown, SignRow, Step, Term, is_table
from tdxwhy.know.validate import complaints
from tdxwhy.records import Cause, GenerationRow, MessageForm, Parameter, When
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


_WHEN = strict(When, {})
_ROWS: dict[str, tuple[Callable[..., Any], type]] = {
    "form": (MessageForm, strict(MessageForm, {}, optional=_OPTIONAL_OF_FORM)),
    "status": (StatusRow, strict(StatusRow, {})),
    "operand": (Number, strict(Number, {})),
    "msr": (Number, strict(Number, {})),
    "errno": (Number, strict(Number, {})),
    "leaf": (LeafRow, strict(LeafRow, {})),
    "step": (Step, strict(Step, {})),
    "generation": (GenerationRow, strict(GenerationRow, {})),
    "cause": (Cause, strict(Cause, {"when": GenericAlias(tuple, (_WHEN, ...))}, optional={"command": ""})),
    "parameter": (Parameter, strict(Parameter, {})),
    "fact": (Fact, strict(Fact, {})),
    "shown": (Shown, strict(Shown, {})),
    "term": (Term, strict(Term, {})),
    "firmware_step": (FirmwareStep, strict(FirmwareStep, {})),
    "firmware_vendor": (FirmwareVendor, strict(FirmwareVendor, {})),
    "sign": (SignRow, strict(SignRow, {})),
    "ordinary": (Ordinary, strict(Ordinary, {})),
}


def load(folder: Path) -> Knowledge:
    """Read every file of the folder, in order of name, and check the whole."""
    rows: dict[str, list[Any]] = {name: [] for name in _ROWS}
    for path in sorted(path for path in folder.glob("*.toml") if is_table(path.stem)):
        for name, found in _read(path).items():
            rows[name].extend(found)
    rows["form"] = list(with_models(rows["form"], folder.parent / "model", [one.id for one in rows["generation"]]))
    knowledge = Knowledge(**{name: tuple(rows[name]) for name in Knowledge._fields})
    for complaint in complaints(knowledge):
        raise RulesError(f"{folder.name}: {complaint}")
    return knowledge


def codes(folder: Path) -> dict[str, list[Any]]:
    """Return the rows that say what numbers mean, by the names of their tables."""
    found: dict[str, list[Any]] = {}
    for stem in sorted(CODE_FILES):
        found |= _read(folder / f"{stem}.toml")
    return found


def ordinary(folder: Path) -> list[str]:
    """Return the lines that logs are full of, which stand in a file of their own."""
    return [line for row in _read(folder / "ordinary.toml").get("ordinary", []) for line in row.lines]


def _read(path: Path) -> dict[str, list[Any]]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RulesError(f"{path.name}: not TOML: {error}") from error
    common = document.pop("all", {})
    if unknown := sorted(set(document) - set(_ROWS)):
        raise RulesError(f"{path.name}: unknown table [[{unknown[0]}]]; known: {', '.join(sorted(_ROWS))}")
    return {name: [_row(path, name, {**common, **row}) for row in rows] for name, rows in document.items()}


def _row(path: Path, name: str, row: dict[str, Any]) -> object:
    noun, schema = _ROWS[name]
    try:
        checked: object = msgspec.convert(row, schema)
    except msgspec.ValidationError as error:
        label = row.get("id") or row.get("name") or row.get("number") or "?"
        raise RulesError(f"{path.name}: [[{name}]] {label}: {error}") from error
    values = {field: getattr(checked, field) for field in schema.__struct_fields__}  # type: ignore[attr-defined] # a struct made at run time
    if name == "cause":
        values["when"] = tuple(When(**{field: getattr(one, field) for field in When._fields}) for one in values["when"])
    return noun(**{field: _number(value) if field in _WIDE else value for field, value in values.items()})


# TOML integers end at 63 bits, so wider ones are written as strings.
_WIDE = frozenset({"code", "number", "older_codes"})


def _number(value: int | str | tuple[int | str, ...]) -> object:
    if isinstance(value, tuple):
        return tuple(_number(one) for one in value)
    return int(value, 0) if isinstance(value, str) else value
