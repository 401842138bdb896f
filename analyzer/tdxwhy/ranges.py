"""Numbers as people write them: 3, 5-7."""

from __future__ import annotations

from collections.abc import Iterable


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
    """Read numbers and ranges back, those below `most`. Accepted form: "24-25, 30"."""
    found: set[int] = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        low, _, high = part.partition("-")
        found.update(range(min(int(low), most), min(int(high or low) + 1, most)))
    return tuple(sorted(found))


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun in the right number, such as "1 CPU" or "2 CPUs"; `many` is a plural that wants more than an s."""
    return f"{count} {one if count == 1 else many or one + 's'}"
