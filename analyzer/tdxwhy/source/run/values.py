"""What a variable can hold while kernel code is run by hand: a number, text, an address, a name, or something not known."""

from __future__ import annotations

import re
from typing import Any

from tdxwhy.noun import NamedTuple

# Digits of a constant: none that a C compiler takes has more.
_DIGITS = 66
_SIZE = re.compile(r"0[xX][0-9a-fA-F]+|[0-9]+")


class Unknown(NamedTuple):
    """A value that cannot be known here; `text` says in C what it is. `failed`: it is known to be an error, whatever its number."""

    text: str
    failed: bool = False


class SymbolicName(NamedTuple):
    """A name that stands for itself: a function, or a constant whose number is not in view."""

    name: str


class Reference(NamedTuple):
    """The address of something: the memory it lies in, and its path there."""

    memory: dict[str, Value]
    path: str


Value = int | str | Unknown | SymbolicName | Reference


def number(text: str) -> int | None:
    """Return the number of a C literal: 10, -1, 0x1fULL; None of what is none, or none that a compiler takes."""
    if text.startswith("-"):
        positive = number(text[1:])
        return None if positive is None else -positive
    found = _SIZE.match(text)
    if found is None:
        return None
    digits = found[0]
    if len(digits) > _DIGITS:
        return None
    if digits[:2].lower() == "0x":
        return int(digits, 16)
    return int(digits, 8) if digits.startswith("0") and set(digits) <= set("01234567") else int(digits)


def truth(value: Value) -> bool | None:
    """Return whether a value counts as true; None where it is not known."""
    if isinstance(value, int):
        return value != 0
    if isinstance(value, Unknown):
        return True if value.failed else None
    return True


def is_error(value: Value) -> bool:
    """Tell whether a value is an errno that was returned."""
    return (isinstance(value, Unknown) and value.failed) or (isinstance(value, int) and -4095 <= value < 0)


def signed(value: int, bits: int = 64) -> int:
    """Return a number as C would hold it in so many bits, unsigned unless it is small and negative."""
    return value if -(1 << (bits - 1)) <= value < (1 << bits) else value & ((1 << bits) - 1)


_ARITHMETIC: dict[str, Any] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a // b if b else 0,
    "%": lambda a, b: a % b if b else 0,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<<": lambda a, b: a << min(max(b, 0), 128),
    ">>": lambda a, b: a >> min(max(b, 0), 128),
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
    "<": lambda a, b: int(a < b),
    ">": lambda a, b: int(a > b),
    "<=": lambda a, b: int(a <= b),
    ">=": lambda a, b: int(a >= b),
}


def combine(operator: str, left: Value, right: Value, text: str) -> Value:
    """Apply a C operator; the answer is Unknown(text) where it cannot be told."""
    if isinstance(left, int) and isinstance(right, int) and operator in _ARITHMETIC:
        return signed(_ARITHMETIC[operator](left, right))
    if operator in ("==", "!="):
        same = _same(left, right)
        if same is not None:
            return int(same == (operator == "=="))
    if operator in ("<", ">=") and right == 0 and isinstance(left, Unknown) and left.failed:
        return int(operator == "<")
    return Unknown(text)


def _same(left: Value, right: Value) -> bool | None:
    """Tell whether two values are equal, where that can be told without their numbers."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Unknown) and one.failed:
            return None if isinstance(other, Unknown) else False
        if isinstance(one, (Reference, str)) and other == 0:
            return False
        if isinstance(one, SymbolicName) and isinstance(other, SymbolicName):
            return one.name == other.name
        if isinstance(one, SymbolicName) and isinstance(other, int) and other == 0:
            return one.name.endswith("SUCCESS") or one.name == "NULL"
        if isinstance(one, SymbolicName) and isinstance(other, int):
            return False
    return None
