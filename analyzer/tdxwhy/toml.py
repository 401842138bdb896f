"""The TOML files under rules/ and what users write in that form: read whole, and told of in one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tdxwhy.errors import RulesError, reason
from tdxwhy.files import reading, toml
from tdxwhy.hints import TYPE_CHECKING, Any
from tdxwhy.strict import typed

if TYPE_CHECKING:
    from pathlib import Path

_MOST = 16 << 20


def read(path: Path) -> dict[str, Any]:
    """Return the document in a TOML file; RulesError names the file and the place of what is wrong."""
    try:
        with reading(path) as stream:
            data = stream.read(_MOST + 1)
        if len(data) > _MOST:
            raise ValueError("larger than 16 MiB")
        return toml(data.decode("utf-8"))
    except OSError as error:
        raise RulesError(f"{name_of(path)}: {reason(error)}") from None
    except ValueError as error:
        raise RulesError(f"{name_of(path)}: {error}") from None


def tables(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a file as they stand, by table; RulesError where there is something else.

    Accepted form: tables of rows; what stands under [all] goes for every row of the file.
    """
    document = read(path)
    common = document.pop("all", {})
    if not isinstance(common, dict):
        raise RulesError(f"{path.name}: 'all' is no table; it begins with [all]")
    for name, given in document.items():
        if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
            raise RulesError(f"{path.name}: '{name}' is no row; a row begins with [[{name}]]")
    return {name: [common | row for row in given] for name, given in document.items()}


def rows(folder: Path, schemas: Mapping[str, type], takes: Callable[[str], bool] = bool) -> dict[str, list[Any]]:
    """Return the rows of the files of a folder by table, each as the noun of its table's schema; RulesError names the row that is wrong.

    `takes` tells by a file's name without .toml whether it is one.
    """
    found: dict[str, list[Any]] = {name: [] for name in schemas}
    for path in sorted(path for path in folder.glob("*.toml") if takes(path.stem)):
        for name, given in tables(path).items():
            if name not in schemas:
                raise RulesError(f"{path.name}: unknown table [[{name}]]; known: {', '.join(sorted(schemas))}")
            found[name] += [_row(path.name, name, row, schemas[name]) for row in given]
    return found


# By what a row is called in a complaint, the first of them that it has.
_LABELS = ("id", "name", "number", "check", "fact", "code", "call")


def _row(file: str, name: str, row: dict[str, Any], schema: type) -> Any:  # noqa: ANN401 - the noun of the schema
    try:
        return typed(row, schema)
    except ValueError as error:
        label = next((row[key] for key in _LABELS if row.get(key)), "?")
        raise RulesError(f"{file}: [[{name}]] {label}: {error}") from None


def name_of(path: Path) -> str:
    """Return the folder and the name of a file, which is how complaints call it."""
    return f"{path.parent.name}/{path.name}"
