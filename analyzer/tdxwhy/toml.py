"""The TOML files under rules/ and what users write in that form: read whole, and told of in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tdxwhy.errors import RulesError, reason
from tdxwhy.files import toml

_MOST = 16 << 20


def read(path: Path) -> dict[str, Any]:
    """Return the document in a TOML file; RulesError names the file and the place of what is wrong."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST + 1)
        if len(data) > _MOST:
            raise ValueError("larger than 16 MiB")
        return toml(data.decode("utf-8"))
    except OSError as error:
        raise RulesError(f"{name_of(path)}: {reason(error)}") from None
    except ValueError as error:
        raise RulesError(f"{name_of(path)}: {error}") from None


def rows(folder: Path, schemas: Mapping[str, type], labels: Sequence[str]) -> dict[str, list[Any]]:
    """Return the rows of all files of a folder by table, each by its table's schema; RulesError names the row that is wrong by a label."""
    found: dict[str, list[Any]] = {name: [] for name in schemas}
    for path in sorted(folder.glob("*.toml")):
        for name, given in read(path).items():
            if name not in schemas:
                raise RulesError(f"{path.name}: unknown table [[{name}]]; known: {', '.join(sorted(schemas))}")
            found[name] += [_row(path.name, name, row, schemas[name], labels) for row in given]
    return found


def _row(file: str, name: str, row: dict[str, Any], schema: type, labels: Sequence[str]) -> Any:  # noqa: ANN401 - a struct made at run time
    import msgspec

    try:
        return msgspec.convert(row, schema)
    except msgspec.ValidationError as error:
        label = next((row[key] for key in labels if row.get(key)), "?")
        raise RulesError(f"{file}: [[{name}]] {label}: {error}") from error


def plain(row: Any) -> list[Any]:  # noqa: ANN401 - a struct made at run time
    """Return the values of a row in the order of its fields, those of rows in it too."""
    return [
        [plain(one) for one in value] if isinstance(value, tuple) and value and hasattr(value[0], "__struct_fields__") else value
        for value in (getattr(row, field) for field in row.__struct_fields__)
    ]


def name_of(path: Path) -> str:
    """Return the folder and the name of a file, which is how complaints call it."""
    return f"{path.parent.name}/{path.name}"
