"""Numbers as people write them: 3, 5-7."""

from __future__ import annotations

from collections.abc import Iterable

from tdxwhy.digits import is_whole


def ranges(numbers: Iterable[int]) -> str:
    """Return sorted numbers as ranges, such as "0-3, 7"."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in runs)


def numbers(text: str, most: int = 1 << 16) -> tuple[int, ...]:
    """Read numbers and ranges back, those below `most`, each once, however often and however far the ranges go.

    Accepted form: "24-25, 30"; what is neither a number nor a range is left out.
    """
    spans: list[tuple[int, int]] = []
    for part in text.split(","):
        low, dash, high = part.strip().partition("-")
        if is_whole(low, len(low)) and (is_whole(high, len(high)) or not dash):
            spans.append((_at_most(low, most), _at_most(high or low, most - 1) + 1))
    found: list[int] = []
    end = 0
    for first, last in sorted(spans):
        found.extend(range(max(first, end), last))
        end = max(end, last)
    return tuple(found)


def _at_most(digits: str, most: int) -> int:
    return min(int(digits), most) if len(digits) < 10 else most


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun in the right number, such as "1 CPU" or "2 CPUs"; `many` is a plural that wants more than an s."""
    return f"{count} {one if count == 1 else many or one + 's'}"
