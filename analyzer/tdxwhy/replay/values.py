"""Values of a scenario, each refused in one line with its place."""

from __future__ import annotations

from typing import Any

from tdxwhy.errors import TdxwhyError

_MOST_RANGES = 1024
_MOST_MEMORY = 1 << 52
_MOST_BITS = 1 << 64
_QUOTED = 60


def known_keys(row: object, known: set[str] | frozenset[str], place: str) -> dict[str, Any]:
    """Return a table. Accepted form: no key but the known ones."""
    if not isinstance(row, dict):
        raise TdxwhyError(f"{place} is not a table")
    unknown = sorted(set(row) - known)
    if unknown:
        raise TdxwhyError(f"{place}: unknown key {unknown[0]!r}", "known: " + ", ".join(sorted(known)))
    return row


def whole_number(value: object, place: str) -> int:
    """Return a number of 64 bits. Accepted form: an integer, or a text of one as C writes it (0x...)."""
    try:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError
        number = int(value, 0) if isinstance(value, str) else value
        if not -_MOST_BITS < number < _MOST_BITS:
            raise ValueError
    except ValueError:
        said = f"{value!r}" if not isinstance(value, int) else "an integer"
        raise TdxwhyError(f"{place}: {said[:_QUOTED]} is not a number of 64 bits") from None
    return number


def rows_of(given: object, width: int, place: str) -> list[list[Any]]:
    """Return rows of numbers. Accepted form: at most 1024 lists of `width` numbers, each an address or less than one."""
    if not isinstance(given, list) or len(given) > _MOST_RANGES or any(not isinstance(row, list) or len(row) != width for row in given):
        raise TdxwhyError(f"{place} is not a list of at most {_MOST_RANGES} lists of {width}")
    for number, row in enumerate(given):
        if any(not 0 <= whole_number(one, f"{place}[{number}]") <= _MOST_MEMORY for one in row):
            raise TdxwhyError(f"{place}[{number}] is not memory that a machine has")
    return given
