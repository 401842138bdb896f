"""Read rules/knowledge/*.toml strictly: an unknown key, a missing source or a doubled form is one line of complaint."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from types import GenericAlias
from typing import Any

import msgspec

from tdxwhy.errors import RulesError
from tdxwhy.know.files import is_table
from tdxwhy.know.knowledge import Knowledge
from tdxwhy.know.rows import Fact, LeafRow, Number, Ordinary, StatusRow, Step
from tdxwhy.know.sound import complaints
from tdxwhy.records import Cause, Generation, MessageForm, Outcome, Parameter, When  # noqa: F401 - msgspec resolves Outcome here

_OPTIONAL_OF_FORM = {
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


def _strict(noun: type, optional: dict[str, Any] | None = None, types: dict[str, object] | None = None) -> type:
    """Derive the strict schema of a table's row from the noun that it becomes."""
    hints = noun.__annotations__
    defaults = {**getattr(noun, "_field_defaults"), **(optional or {})}  # noqa: B009 - a NamedTuple's, unknown to `type`
    names = sorted(hints, key=lambda name: name in defaults)
    fields = [(name, (types or {}).get(name, hints[name]), *((defaults[name],) if name in defaults else ())) for name in names]
    return msgspec.defstruct(noun.__name__, fields, forbid_unknown_fields=True, namespace={"__module__": __name__}, module=__name__)


_WHEN = _strict(When)
_ROWS: dict[str, tuple[Callable[..., Any], type]] = {
    "form": (MessageForm, _strict(MessageForm, _OPTIONAL_OF_FORM)),
    "status": (StatusRow, _strict(StatusRow)),
    "operand": (Number, _strict(Number)),
    "msr": (Number, _strict(Number)),
    "errno": (Number, _strict(Number)),
    "leaf": (LeafRow, _strict(LeafRow)),
    "step": (Step, _strict(Step)),
    "generation": (Generation, _strict(Generation)),
    "cause": (Cause, _strict(Cause, {"command": ""}, {"when": GenericAlias(tuple, (_WHEN, ...))})),
    "parameter": (Parameter, _strict(Parameter)),
    "fact": (Fact, _strict(Fact)),
    "ordinary": (Ordinary, _strict(Ordinary)),
}


def load(folder: Path) -> Knowledge:
    """Read every file of the folder, in order of name, and check the whole."""
    rows: dict[str, list[Any]] = {name: [] for name in _ROWS}
    for path in sorted(path for path in folder.glob("*.toml") if is_table(path.stem)):
        for name, found in _read(path).items():
            rows[name].extend(found)
    knowledge = Knowledge(**{name: tuple(found) for name, found in rows.items()})
    for complaint in complaints(knowledge):
        raise RulesError(f"{folder.name}: {complaint}")
    return knowledge


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
    values = {field: getattr(checked, field) for field in schema.__struct_fields__}  # type: ignore[attr-defined]
    if name == "cause":
        values["when"] = tuple(When(**{field: getattr(one, field) for field in When._fields}) for one in values["when"])
    return noun(**{field: _number(value) if field in _WIDE else value for field, value in values.items()})


# TOML integers end at 63 bits, so wider ones are written as strings.
_WIDE = frozenset({"code", "number", "older_codes"})


def _number(value: int | str | tuple[int | str, ...]) -> object:
    if isinstance(value, tuple):
        return tuple(_number(one) for one in value)
    return int(value, 0) if isinstance(value, str) else value
