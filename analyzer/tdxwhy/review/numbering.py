"""Versions of a series as numbers."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=4096)
def version_key(version: str | None) -> tuple[int, ...]:
    """Return a version as numbers: "11.1" after "11"."""
    return tuple(int(part) for part in re.findall(r"\d+", version or "")) or (0,)
