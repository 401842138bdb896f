"""Where the data files are: inside the installed package, or beside `analyzer/` in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_SHIPPED = _PACKAGE / "_shipped"


def in_checkout() -> bool:
    """Tell whether the data files are a checkout's own, which may be edited at any time."""
    return not _SHIPPED.is_dir()


def folder(name: str) -> Path:
    """Return the shipped folder `name`, such as "rules/knowledge" or "reports/templates"."""
    root = _PACKAGE.parents[1] if in_checkout() else _SHIPPED
    return root / name
