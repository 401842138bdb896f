"""Lines as they are printed while kernel code is run by hand: values laid into a printk format, unknown ones said."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tdxwhy.know.printf import CONVERSION, shown, too_wide
from tdxwhy.noun import NamedTuple
from tdxwhy.source.run.values import Unknown, Value
from tdxwhy.source.syntax import Statement


class PrintedLine(NamedTuple):
    """A printed line: level, format, arguments in C and their values, and the line itself; `whole`: nothing in it is unknown."""

    level: str
    call: str
    format: str
    args: tuple[str, ...]
    values: tuple[Value, ...]
    text: str
    whole: bool
    once: bool
    ratelimited: bool
    function: str
    file: str
    row: int
    prefix: str = ""
    chain: tuple[str, ...] = ()


class StackFrame(NamedTuple):
    """A running function: its file, its variables, and what is still to run around the current statement."""

    function: str
    file: str
    frame: dict[str, Value]
    rest: list[tuple[Sequence[Statement], int]]
    loops: list[str]


def laid_out(template: str, values: tuple[Value, ...], args: tuple[str, ...]) -> tuple[str, bool]:
    """Lay values into a printk format; unknown values become {what they are}, and the second answer is then False.

    A conversion as wide as thousands of characters stays as it is written.
    """
    left = list(zip(values, args, strict=False))
    whole = True

    def show(found: re.Match[str]) -> str:
        nonlocal whole
        if found[0] == "%%":
            return "%"
        if too_wide(found):
            whole = False
            return found[0]
        value, text = left.pop(0) if left else (Unknown("?"), "?")
        text_of = shown(found, value)
        if text_of is None:
            whole = False
            return f"{{{value.text if isinstance(value, Unknown) and value.failed else text}}}"
        return text_of

    return CONVERSION.sub(show, template), whole


def splat(place: StackFrame, body: str) -> str:
    """Write what a WARN prints: where it stands and, always, on which CPU; of a bare WARN_ON nothing else."""
    head = f"WARNING: CPU: {{cpu}} at {place.file.rpartition('/')[2]}, {place.function}()"
    return f"{head}: {body}" if body else head
