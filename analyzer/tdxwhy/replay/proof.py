"""The model's files before they are compiled: keys and kinds of values, and names that nothing defines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tdxwhy.errors import RulesError
from tdxwhy.know.printf import field_kinds
from tdxwhy.replay.generation import TEXTS, Ending, Generation, ModelStep, Operation, OwnAnswer
from tdxwhy.strict import kinds_of

# What the two files that are no generations hold: of a table of tables, or a list of them, the keys that each must and may have.
_CHECK = ({"status", "name", "when"}, {"only", "not_in", "detail"})
_MODULE: dict[str, Any] = {
    "source": str,
    "states": list,
    "dispatcher": ({"status", "name", "when"}, set()),
    "leaf": ({"name", "number", "before_ready", "lock", "check", "effects"}, {"after_shutdown", "loader", "not_in", "only", "versions"}),
    "belongs": ({"classes", "leaves"}, set()),
    "software": dict,
    "fields": ({"name"}, {"value"}),
}
_PLATFORM: dict[str, Any] = {
    "keyids": dict,
    "module": dict,
    "tdmr": dict,
    "allocator": dict,
    "low_memory": int,
    "info_registers": dict,
    "caller_cpu": str,
    "td_pages": dict,
    "cpu_model": int,
    "partial_write_erratum": list,
    "features": dict,
}
_FILES = {"module.toml": _MODULE, "platform.toml": _PLATFORM}

_FITS: dict[object, Callable[[Any], bool]] = {
    str: lambda value: isinstance(value, str),
    int: lambda value: type(value) is int,
    bool: lambda value: isinstance(value, bool),
    int | None: lambda value: value is None or type(value) is int,
    tuple[str, ...]: lambda value: isinstance(value, tuple) and all(isinstance(one, str) for one in value),
}


def prove(made: Generation, place: str) -> None:
    """Refuse values of another kind than their field's, and names of forms and operations that are not there."""
    # A part (td.toml) is mixed into generations and may hold answers alone.
    if not made.part and not any(operation.step for operation in made.operations.values()):
        raise RulesError(f"{place}: no operation has a step")
    rows = (made, *made.forms.values(), *made.answers.values(), *_parts(made))
    kinds = {noun: kinds_of(noun) for noun in set(map(type, rows))}
    for row in rows:
        if isinstance(row, ModelStep) and row.answers_of and row.answers_of not in made.answers_of and not made.part:
            raise RulesError(f"{place}: nothing is called {row.answers_of!r}")
        for name, kind in kinds[type(row)].items():
            value = getattr(row, name)
            if kind in _FITS and not _FITS[kind](value):
                raise RulesError(f"{place}: {getattr(row, 'name', '')} {name!r} cannot be {value!r}".replace("  ", " "))
            printed = value if name.startswith(("print", "always_print")) else ()
            lost = [one for one in printed if one not in made.forms]
            if lost or (name == "call" and value and value not in made.operations):
                raise RulesError(f"{place}: nothing is called {lost[0] if lost else value!r}")


def prove_forms(made: Generation, place: str, values: frozenset[str]) -> None:
    """Refuse a form that asks for what no kernel of the model can give."""
    for form in (one for one in made.forms.values() if not one.role):
        where = f"{place}: form {form.name}"
        if lost := [one for one in form.args if one not in values]:
            raise RulesError(f"{where}: no kernel of the model has {lost[0]!r} to print; it has {', '.join(sorted(values))}")
        wanted = [("str",) if one in TEXTS else ("int", "hex") for one in form.args]
        kinds = field_kinds(form.format)
        if len(kinds) != len(wanted) or any(kind not in fits for kind, fits in zip(kinds, wanted, strict=True)):
            raise RulesError(f"{where}: {form.format!r} cannot be printed with {', '.join(form.args) or 'nothing'}")


def bases_first(extends: Mapping[str, list[str]]) -> list[str]:
    """Return the names of files, each behind those of what it extends; refuse one that is not there, and a circle."""
    return sorted(extends, key=lambda name: len(_bases(name, extends, ())))


def _bases(name: str, extends: Mapping[str, list[str]], above: tuple[str, ...]) -> set[str]:
    bases: set[str] = set()
    for base in extends[name]:
        file = f"{base}.toml"
        if file not in extends or file in (*above, name):
            raise RulesError(f"{(*above, name)[0]}: extends {base!r}, {'which is not there' if file not in extends else 'and so itself'}")
        bases |= {file} | _bases(file, extends, (*above, name))
    return bases


def _parts(made: Generation) -> Iterator[Operation | Ending | ModelStep | OwnAnswer]:
    for operation in made.operations.values():
        yield operation
        yield operation.on_failure
        yield operation.on_success
        yield from operation.step
        for step in operation.step:
            yield from step.answers
    for answers in made.answers_of.values():
        yield from answers


def prove_file(data: dict[str, Any], name: str) -> None:
    """Refuse module.toml or platform.toml where a key is unknown, missing or of another kind."""
    shape = _FILES[name]
    if wrong := set(data) ^ set(shape):
        raise RulesError(f"{name}: unknown or missing key {min(wrong)!r}")
    for key, kind in shape.items():
        if not isinstance(kind, tuple):
            if not isinstance(data[key], kind):
                raise RulesError(f"{name}: {key!r} cannot be {data[key]!r}")
            continue
        for row in data[key].values() if isinstance(data[key], dict) else data[key] if isinstance(data[key], list) else [data[key]]:
            _has(row, kind, f"{name}: {key}")
            for check in row.get("check", []):
                _has(check, _CHECK, f"{name}: {row['name']} check")


def _has(row: object, keys: tuple[set[str], set[str]], place: str) -> None:
    """Refuse a row that lacks a key it must have, or has one that nothing reads."""
    if not isinstance(row, dict):
        raise RulesError(f"{place}: not a table")
    if wrong := (keys[0] - set(row)) | (set(row) - keys[0] - keys[1]):
        raise RulesError(f"{place} {row.get('name', '')}: unknown or missing key {min(wrong)!r}")
