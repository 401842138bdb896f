"""Which files of rules/knowledge belong to the compiled tables; other rooms keep theirs beside them."""

from __future__ import annotations

_FILES = frozenset({"statuses", "leaves", "details", "errnos", "generations", "causes", "parameters", "facts", "ordinary"})


def is_table(stem: str) -> bool:
    """Tell whether a file, by its name without .toml, belongs to these tables."""
    return stem.startswith("forms-") or stem in _FILES
