"""The TOML files under rules/ and what users write in that form: read whole, and told of in one line."""

from __future__ import annotations

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


def name_of(path: Path) -> str:
    """Return the folder and the name of a file, which is how complaints call it."""
    return f"{path.parent.name}/{path.name}"
