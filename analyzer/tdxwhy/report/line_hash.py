"""The hash by which GitHub recognises an alert's line, as its upload action computes it (github/codeql-action, src/fingerprints.ts).

Each line's hash covers the hundred characters from its beginning, blanks and tabs left out, over the following lines if need be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

_WINDOW = 100
_FACTOR = 37
_MASK = (1 << 64) - 1
_END = "\uffff"
_BLANKS = str.maketrans("", "", " \t")


def line_hashes(text: str, wanted: Iterable[int]) -> dict[int, str]:
    """Return for the wanted lines (from 1) the hash in hex, a colon, and how many lines up to it have the same."""
    lines = _units(text).replace("\r\n", "\n").replace("\r", "\n").translate(_BLANKS).split("\n")
    joined = "\n".join(lines) + _END + "\0" * _WINDOW
    asked, last = set(wanted), max(wanted, default=0)
    seen: Counter[str] = Counter()
    found: dict[int, str] = {}
    start = 0
    for number, line in enumerate(lines[:last], 1):
        window = joined[start : start + _WINDOW]
        seen[window] += 1
        if number in asked:
            found[number] = f"{_hash(window):x}:{seen[window]}"
        start += len(line) + 1
    return found


def _hash(window: str) -> int:
    value = 0
    for character in window:
        value = (value * _FACTOR + ord(character)) & _MASK
    return value


def _units(text: str) -> str:
    """Return the text in UTF-16 code units, which is what JavaScript counts."""
    if max(text, default="") < "\U00010000":
        return text
    data = text.encode("utf-16-le", "surrogatepass")
    return "".join(chr(data[at] | data[at + 1] << 8) for at in range(0, len(data), 2))
