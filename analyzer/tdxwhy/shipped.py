"""Where the data files are: inside the installed package, in a zip (`tdxwhy.pyz`) too, or beside `analyzer/` in a checkout."""

from __future__ import annotations

import os

from tdxwhy.hints import cast

if False:  # pathlib costs a tenth of the start-up budget, so only what opens a folder imports it
    from pathlib import Path

_PACKAGE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - see above
_SHIPPED = os.path.join(_PACKAGE, "_shipped")  # noqa: PTH118 - see above


# The folder that holds rules/ with somebody's own beside ours, set by `own.use`.
_overlay = ""


def lay_over(folder: str) -> None:
    """Take rules/ from a folder from now on."""
    global _overlay  # noqa: PLW0603 - one process has one set of rules
    _overlay = folder


def in_checkout() -> bool:
    """Tell whether the data files are a checkout's own, or overlaid, so that tables are made of them as they are."""
    return bool(_overlay) or (not os.path.isdir(_SHIPPED) and not in_zip())  # noqa: PTH112 - see above


def in_zip() -> bool:
    """Tell whether the package is imported from a zip, whose files have no place of their own."""
    return not os.path.isdir(_PACKAGE)  # noqa: PTH112 - see above


def root() -> str:
    """Return where the shipped folders are, as text."""
    return _overlay or (os.path.dirname(os.path.dirname(_PACKAGE)) if in_checkout() else _SHIPPED)  # noqa: PTH120 - see above


def folder(name: str) -> Path:
    """Return the shipped folder `name`, such as "rules/knowledge" or "reports/templates"; in a zip what stands for a Path there."""
    if _overlay and name.partition("/")[0] == "rules":
        from pathlib import Path

        return Path(_overlay) / name
    return _own_folder(name)


def _own_folder(name: str) -> Path:
    if in_zip():
        import zipfile

        return cast("Path", zipfile.Path(os.path.dirname(_PACKAGE), f"tdxwhy/_shipped/{name}/"))  # noqa: PTH120 - see above
    from pathlib import Path

    here = os.path.dirname(os.path.dirname(_PACKAGE)) if not os.path.isdir(_SHIPPED) else _SHIPPED  # noqa: PTH112, PTH120 - see above
    return Path(here) / name


def tables() -> Path:
    """Return the folder of the tables that are kept of the shipped rules."""
    return _own_folder("tables" if not _overlay and not in_checkout() else "build/tables")


def data(name: str) -> bytes:
    """Return a file that an installed package brings, or nothing if it does not."""
    try:
        return cast(bytes, globals()["__loader__"].get_data(os.path.join(_SHIPPED, name)))  # noqa: PTH118 - see above
    except OSError:
        return b""
