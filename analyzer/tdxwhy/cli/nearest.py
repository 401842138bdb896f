"""Did you mean: the known names that a word nearly is."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """Return "did you mean ..." with at most three names, or nothing where none is near."""
    from difflib import get_close_matches

    names = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), sorted(names), 3, 0.7)
    return f"did you mean {' or '.join(names[one] for one in found)}?" if found else ""
