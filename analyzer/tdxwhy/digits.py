"""Numbers as machines write them: ASCII digits, no more than 64 bits need. Python would take those of every script, by thousands."""

from __future__ import annotations

# Digits of 2**63, and the most that a number of 64 bits has with sign, blanks or 0x before it.
_MOST, _WRITTEN = 19, 24


def is_whole(text: str, most: int = _MOST) -> bool:
    """Tell whether a text is a number without a sign, of at most so many digits.

    >>> [is_whole(text) for text in ("34", "٣٤", "¹", "", "7" * 20)]
    [True, False, False, False, False]
    """
    return text.isascii() and text.isdigit() and len(text) <= most


def whole(text: str | None, most: int = _MOST) -> int | None:
    """Return the number that a text is, without a sign and of at most so many digits; None of any other."""
    return int(text) if text is not None and is_whole(text, most) else None


def number(text: str, base: int = 10) -> int:
    """Return a number as `int` does; ValueError of digits of other scripts, and of more of them than 64 bits need."""
    if not text.isascii() or len(text) > _WRITTEN:
        raise ValueError("no number of 64 bits")
    return int(text, base)
