"""Regular expressions: compiled when they are first used, since most inputs need few and each costs start-up time; of lists in data."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from tdxwhy.hints import Any, cast


class _Lazy:
    """Stands for a pattern until it is asked for anything; from then on its methods are the compiled pattern's own."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self._given = (pattern, flags)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a pattern has
        compiled = re.compile(*self._given)
        for method in ("match", "search", "fullmatch", "finditer", "findall", "sub", "split"):
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


def any_of(patterns: Sequence[str]) -> re.Pattern[str]:
    """Return one pattern that matches where one of these does, whatever the case."""
    return re.compile("|".join(patterns), re.IGNORECASE)


# Gives a pattern like `re.compile`, compiled at its first use.
lazy = cast("Callable[..., re.Pattern[str]]", _Lazy)
