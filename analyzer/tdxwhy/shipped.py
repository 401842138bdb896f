"""Where the data files are: inside the installed package, or beside `analyzer/` in a checkout."""

from __future__ import annotations

import os

if False:  # pathlib costs a tenth of the start-up budget, so only what opens a folder imports it
    from pathlib import Path

_PACKAGE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - see above
_SHIPPED = os.path.join(_PACKAGE, "_shipped")  # noqa: PTH118 - see above


def in_checkout() -> bool:
    """Tell whether the data files are a checkout's own, which may be edited at any time."""
    return not os.path.isdir(_SHIPPED)  # noqa: PTH112 - see above


def root() -> str:
    """Return where the shipped folders are, as text."""
    return os.path.dirname(os.path.dirname(_PACKAGE)) if in_checkout() else _SHIPPED  # noqa: PTH120 - see above


def folder(name: str) -> Path:
    """Return the shipped folder `name`, such as "rules/knowledge" or "reports/templates"."""
    from pathlib import Path

    return Path(root()) / name


def data(name: str) -> bytes:
    """Return a file that an installed package brings, or nothing if it does not."""
    try:
        with open(os.path.join(_SHIPPED, name), "rb") as file:  # noqa: PTH118, PTH123 - see above
            return file.read()
    except OSError:
        return b""
