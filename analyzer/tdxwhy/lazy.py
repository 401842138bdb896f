"""Regular expressions that are compiled when they are first used: most inputs need few of them, and each costs start-up time."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast


class _Lazy:
    """Stands for a pattern until it is asked for anything; from then on its methods are the compiled pattern's own."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self._given = (pattern, flags)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a pattern has
        compiled = re.compile(*self._given)
        for method in ("match", "search", "fullmatch", "finditer", "findall", "sub", "split"):
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


# Gives a pattern like `re.compile`, compiled at its first use.
lazy = cast("Callable[..., re.Pattern[str]]", _Lazy)
