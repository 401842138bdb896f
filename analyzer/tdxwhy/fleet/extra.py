"""The libraries that a command wants beyond those of the package itself."""

from __future__ import annotations

from importlib.util import find_spec

from tdxwhy.errors import TdxwhyError


def needed(*names: str) -> None:
    """Complain in one line of the first library that is not installed; none is imported."""
    for name in names:
        if find_spec(name) is None:
            raise TdxwhyError(f"the fleet commands need {name}", "pip install 'tdxwhy[fleet]'")
