"""Printf formats of the kernel: read into text and fields, turned into an expression of the lines that they print, and filled with values.

Accepted form: constant text, `%%`, and `%[flags][width][.precision][size]letter`, where `%p` takes its extension along; and `%{#}`, a
conversion of our own for what the kernel prints piece by piece with pr_cont: `#1 #2 #3`.

>>> pieces("leaf %#x failed (%d)")
(Text(text='leaf '), Field(kind='hex', width=1, signed=False, padded=False, prefixed=True), Text(text=' failed ('), \
Field(kind='int', width=1, signed=True, padded=False, prefixed=False), Text(text=')'))
>>> expression("failed (%d)")
'failed \\\\((-?+[0-9]{1,20}+)\\\\)'
>>> filled("CPU%d: %016llx", (3, 255))
'CPU3: 00000000000000ff'
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from tdxwhy.digits import is_whole
from tdxwhy.lazy import lazy
from tdxwhy.noun import NamedTuple

CPUS = "%{#}"
# A conversion that prints one number, or a mask or list of them.
NUMBER = r"%[-+ #0]*+(?:\*|\d++)?(?:hh|h|ll|l|L|z|t|j|q)?(?:[diuxX]|pbl?)"
CONVERSION = lazy(
    r"%(?:%|\{#\}|(?P<flags>[-+ #0]*+)(?P<width>\*|\d++)?(?:\.(?P<precision>\*|\d*+))?(?P<size>hh|h|ll|l|L|z|t|j|q)?"
    r"(?:p(?P<extension>[A-Za-z0-9]*)|(?P<letter>[diouxXcsn])))"
)


class Text(NamedTuple):
    """Constant text of a format."""

    text: str


class Field(NamedTuple):
    """One conversion; `width` counts digits that must be there.

    `kind` is int, hex, str, pad, symbol, frame, pointer, range, word, list, mask, cpus, or empty for a `%s` behind a `%s`.
    """

    kind: str
    width: int = 1
    signed: bool = False
    padded: bool = False
    prefixed: bool = False


Piece = Text | Field

_KINDS = {"d": "int", "i": "int", "u": "int", "x": "hex", "X": "hex", "s": "str", "c": "str"}
# How the rest of a kernel's pointer is printed, by the first letters of its extension.
_POINTERS = {
    "S": "symbol",
    "s": "symbol",
    "F": "symbol",
    "f": "symbol",
    "B": "frame",
    "R": "range",
    "r": "range",
    "bl": "list",
    "b": "mask",
}
_PATTERNS = {
    "symbol": r"[^\s,]+(?: \[\w+\])?",
    "frame": r" *(?:\? )?[\w.$]+\+0x[0-9a-f]+/0x[0-9a-f]+(?: \[[\w ]+\])?",
    "pointer": r"\(_*ptrval_*\)|\(null\)|(?:0x)?[0-9a-fA-F]+",
    "range": r"\[[^\]]*\]",
    "word": r"\S+",
    "list": r"(?:\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*)?",
    "mask": r"[0-9a-f,]*",
    "cpus": r" *#\d+(?: +#\d+)*",
    "empty": "(?=)",
}
_END = r"(?> *\Z)"
# Digits of a width or a precision.
_DIGITS = 3
# Digits of a number of 64 bits.
_DECIMALS, _HEX = 20, 16


def conversions(text: str) -> Iterator[re.Match[str]]:
    """Yield what takes an argument in a text that may hold anything else."""
    return (found for found in CONVERSION.finditer(text) if found[0] not in ("%%", CPUS))


@lru_cache(maxsize=4096)
def pieces(format: str) -> tuple[Piece, ...]:
    """Read a format, adjacent text joined; ValueError tells of a `%` that begins no conversion."""
    found: list[Piece] = []
    position = 0
    while position < len(format):
        conversion = CONVERSION.match(format, position)
        if conversion is None and format[position] == "%":
            raise ValueError(f"Expected a conversion at {format[position : position + 8]!r}")
        end = conversion.end() if conversion else format.find("%", position) % (len(format) + 1)
        piece = _piece(conversion) if conversion else Text(format[position:end])
        position = end
        if isinstance(piece, Text) and found and isinstance(found[-1], Text):
            found[-1] = Text(found[-1].text + piece.text)
        elif isinstance(piece, Field) and piece.kind == "str" and _is_text(found):
            found.append(Field("empty"))
        else:
            found.append(piece)
    return tuple(found)


def _is_text(found: Sequence[Piece]) -> bool:
    return bool(found) and isinstance(found[-1], Field) and found[-1].kind in ("str", "empty")


def _piece(conversion: re.Match[str]) -> Piece:
    if conversion[0] == "%%":
        return Text("%")
    if conversion[0] == CPUS:
        return Field("cpus")
    flags, width, letter = conversion["flags"], conversion["width"] or "", conversion["letter"]
    if letter is None:
        return Field(_pointer(conversion["extension"]))
    if letter not in _KINDS:
        raise ValueError(f"Expected a conversion that the kernel's messages use, not {conversion[0]!r}")
    kind = _KINDS[letter]
    if kind == "str":
        return Field("pad" if width == "*" else "str")
    prefixed, zeros = "#" in flags, "0" in flags
    digits = int(width) - 2 * prefixed if zeros and is_whole(width) and not too_wide(conversion) else 1
    return Field(kind, max(digits, 1), letter in "di", (bool(width) or " " in flags) and not zeros, prefixed)


def _pointer(extension: str) -> str:
    plain = "pointer" if extension in ("", "x", "K") else "word"
    return _POINTERS.get(extension[:2], _POINTERS.get(extension[:1], plain))


def field_kinds(format: str) -> tuple[str, ...]:
    """Return the kinds of the fields that carry a value, in order."""
    return tuple(piece.kind for piece in pieces(format) if isinstance(piece, Field) and piece.kind != "pad")


def expression(format: str) -> str:
    """Return the source of a regular expression of the lines that a format prints, with a group for each field that carries a value.

    Nothing is tried twice: a number takes all its digits, a text ends where the constant behind it begins, with the number or the end of
    the line that follows that. A run of blanks may have been narrowed on its way to us.
    """
    source, ahead, after = "", "", ""
    for place, piece in enumerate(reversed(pieces(format))):
        end = "" if place else _END
        if isinstance(piece, Text):
            element = _constant(piece.text)
            ahead, after = element + (end or after), ""
        else:
            element = _field(piece, ahead)
            plain = re.sub(r"(?<!\\)\((?!\?)", "(?:", element)  # what only lies ahead captures nothing
            after = plain + end if piece.kind in ("int", "hex") else ""
            ahead = ahead if piece.kind == "empty" else plain
        source = element + source
    return source


def _constant(text: str) -> str:
    return re.sub(r" {2,}", " ++", re.escape(text).replace("\\ ", " "))


def _field(piece: Field, ahead: str) -> str:
    if piece.kind == "pad":
        return " *+"
    if piece.kind == "str":
        return f"((?>.*?(?={ahead})))" if ahead else "(.*+)"
    if piece.kind not in ("int", "hex"):
        return f"((?>{_PATTERNS[piece.kind]}))"
    digit, most = ("[0-9]", _DECIMALS) if piece.kind == "int" else ("[0-9A-Fa-f]", _HEX)
    digits = f"{digit}{{{piece.width},{max(most, piece.width)}}}+"
    if piece.prefixed:
        return f"(?:0x)?+({digits})"
    return f"{' *+' if piece.padded else ''}({'-?+' if piece.signed else ''}{digits})"


def filled(format: str, values: Sequence[object]) -> str:
    """Return the line that a format prints with these values; a conversion whose value is missing or of another kind stays as it stands."""
    left = list(values)

    def show(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        value = left.pop(0) if left else None
        text = shown(found, str(value) if found["letter"] == "s" and value is not None else value)
        return found[0] if text is None else text

    return CONVERSION.sub(show, format)


def too_wide(conversion: re.Match[str]) -> bool:
    """Tell whether a conversion is as wide as thousands of characters: no line is printed so that anybody would read."""
    return max(len(conversion["width"] or ""), len(conversion["precision"] or "")) > _DIGITS


def shown(conversion: re.Match[str], value: object) -> str | None:
    """Write one value as a conversion says; None where it cannot be."""
    letter = conversion["letter"] or ""
    if letter == "s":
        return value if isinstance(value, str) else None
    if not isinstance(value, int) or letter not in "diuxXo" or not letter or "*" in conversion[0] or too_wide(conversion):
        return None
    if letter in "xXou" and value < 0:
        value &= (1 << 64) - 1 if conversion["size"] in ("l", "ll", "L", "q", "z", "t", "j") else (1 << 32) - 1
    precision = "" if conversion["precision"] is None else f".{conversion['precision']}"
    return f"%{conversion['flags']}{conversion['width'] or ''}{precision}{'d' if letter in 'iu' else letter}" % value
