"""The libraries that a command wants beyond those of the package itself."""

from __future__ import annotations

from importlib import import_module

from tdxwhy.errors import TdxwhyError


def needed(*names: str) -> None:
    """Import them, or complain in one line of the first that is not installed."""
    for name in names:
        try:
            import_module(name)
        except ImportError as error:
            raise TdxwhyError(
                f"the fleet commands need {name.partition('.')[0]}", "python3 -m pip install duckdb arro3-core arro3-io xxhash"
            ) from error
