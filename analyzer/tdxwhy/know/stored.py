"""The compiled tables as rows of plain values, each read when it is first asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from tdxwhy import shipped


@cache
def _fresh() -> dict[str, Any] | None:
    """Compile in memory if this is a checkout whose compiled knowledge is stale; an installed package is trusted."""
    if not shipped.in_checkout():
        return None
    from tdxwhy.know.fresh import digest

    try:
        from tdxwhy.know import compiled

        if json.loads(compiled.DIGEST) == digest(shipped.root() + "/rules/knowledge"):
            return None
    except ImportError:
        pass
    from tdxwhy.know import compile as compiler

    return compiler.tables()


@cache
def table(name: str) -> Sequence[Any]:
    """Return a compiled table as rows of plain values."""
    fresh = _fresh()
    if fresh is not None:
        rows = fresh[name]
        return tuple(rows.items()) if isinstance(rows, dict) else rows
    from tdxwhy.know import compiled

    return tuple(json.loads(getattr(compiled, name)))
