"""Lines as they are printed while kernel code is run by hand: values laid into a printk format, unknown ones said."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tdxwhy.know.printf import CONVERSION, shown, too_wide
from tdxwhy.noun import NamedTuple
from tdxwhy.source.calls import PrintCall, calls
from tdxwhy.source.run.program import Program
from tdxwhy.source.run.values import Unknown, Value
from tdxwhy.source.syntax import Expression, Statement, written

_KERN = re.compile(r"\0KERN_(\w+)\0")
_MACRO_TEXT = re.compile(r"\0(\w+)\0")


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


def printed(  # noqa: PLR0913, PLR0917 - where, what and with what
    program: Program, frames: Sequence[StackFrame], known: PrintCall, name: str, call: Expression, arguments: Sequence[Value]
) -> PrintedLine:
    """Return the line that a call prints: values laid into its format, unknown ones as {what they are}."""
    place = frames[-1]
    written_format = arguments[known.format] if 0 <= known.format < len(arguments) else ""
    level, template = known.level, written_format if isinstance(written_format, str) else ""
    kern = _KERN.search(template)
    if kern:
        level = {"WARNING": "warn"}.get(kern[1], kern[1].lower())
    template = _MACRO_TEXT.sub(lambda found: _macro_text(program, found[1]), template)
    values = tuple(arguments[known.format + 1 :]) if known.format >= 0 else ()
    args = tuple(written(part) for part in call.parts[known.format + 2 :]) if known.format >= 0 else ()
    body, whole = laid_out(template, values, args)
    if name.startswith(("WARN", "VM_WARN", "KVM_BUG")):
        body, whole = splat(place, body), False
    prefix = _prefix(program, frames) if name.startswith("pr_") else ""
    text = prefix + body.replace("\\n", "").replace('\\"', '"')
    chain = tuple(each.function for each in frames)
    return PrintedLine(
        level, name, template, args, values, text, whole, known.once, known.ratelimited, place.function, place.file, call.row, prefix, chain
    )


def _prefix(program: Program, frames: Sequence[StackFrame]) -> str:
    """Return what pr_fmt puts before a message: what is included has that of the file around it."""
    files = [place.file for place in reversed(frames)]
    own = (file for file in files if program.prefixes.get(file) or (file.endswith(".c") and file not in program.included))
    path = next(own, "")
    prefix = program.prefixes.get(path, "")
    return program.modules.get(path, "") + prefix if prefix.startswith(":") else prefix


def _macro_text(program: Program, name: str) -> str:
    """Return what a macro between the literals of a format stands for."""
    known = program.constant(name)
    return known.text if known is not None and known.kind == "string" else calls().literals.get(name, "")
