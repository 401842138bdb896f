"""Kernel printf formats: what a format consists of, and the grammar of the lines that it prints.

A format is read by one pyparsing grammar into pieces: constant text and typed fields. From the pieces a second
grammar is built that matches a printed line. It is the readable definition; `lower` turns it into a regular
expression for speed, and the tests hold the two against each other.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import pyparsing as pp

# An own conversion, for what the kernel prints piece by piece with pr_cont: `#1 #2 #3`.
CPUS = "%{#}"


class Text(NamedTuple):
    """Constant text of a format."""

    text: str


class Field(NamedTuple):
    """One conversion. `kind` is int, hex, str, pad, symbol, frame, pointer, word or cpus; `width` counts digits that must be there."""

    kind: str
    width: int = 0
    signed: bool = False
    padded: bool = False
    prefixed: bool = False


Piece = Text | Field

_KINDS = {"d": "int", "i": "int", "u": "int", "x": "hex", "X": "hex", "s": "str", "c": "str"}
_SYMBOLS = frozenset("SsFf")
_POINTER = r"\(_*ptrval_*\)|\(null\)|(?:0x)?[0-9a-fA-F]+"
_PATTERNS = {
    "symbol": r"[^\s,]+(?: \[\w+\])?",
    "frame": r" *(?:\? )?[\w.$]+\+0x[0-9a-f]+/0x[0-9a-f]+(?: \[[\w ]+\])?",
    "pointer": _POINTER,
    "range": r"\[[^\]]*\]",
    "word": r"\S+",
    "list": r"(?:\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*)?",
    "mask": r"[0-9a-f,]*",
    "cpus": r" *#\d+(?: +#\d+)*",
}


def _conversion(tokens: pp.ParseResults) -> Field | Text:
    found = tokens.as_dict()
    flags, width = found.get("flags", ""), found.get("width", "")
    if found["conversion"] == "p":
        return Field(_pointer_kind(found.get("extension", "")))
    kind = _KINDS[found["conversion"]]
    if kind == "str" and width == "*":
        return Field("pad")
    digits = int(width) if width.isdigit() and len(width) < 4 else 0
    prefixed = "#" in flags
    zeros = digits - 2 * prefixed if "0" in flags else 1
    return Field(
        kind,
        width=max(zeros, 1),
        signed=found["conversion"] in ("d", "i"),
        padded=bool(width or " " in flags) and "0" not in flags and kind != "str",
        prefixed=prefixed,
    )


def _pointer_kind(extension: str) -> str:
    if extension[:1] in _SYMBOLS:
        return "symbol"
    if extension[:1] == "B":
        return "frame"
    if extension[:1] in ("R", "r"):
        return "range"
    if extension[:1] == "b":
        return "list" if extension[:2] == "bl" else "mask"
    return "pointer" if extension in ("", "x", "K") else "word"


def _format_grammar() -> pp.ParserElement:
    """Accepted form: constant text, `%%`, `%{#}`, and `%[flags][width][.precision][length]conversion` with kernel pointer extensions."""
    number = (
        pp.Literal("%")
        + pp.Optional(pp.Word("-+ #0"))("flags")
        + pp.Optional(pp.Literal("*") | pp.Word(pp.nums))("width")
        + pp.Optional(pp.Literal(".") + pp.Optional(pp.Literal("*") | pp.Word(pp.nums)))
        + pp.Optional(pp.one_of("hh h ll l L q j z t"))
        + (pp.one_of("d i u x X s c")("conversion") | pp.Literal("p")("conversion") + pp.Optional(pp.Word(pp.alphanums))("extension"))
    ).set_parse_action(_conversion)
    cpus = pp.Literal(CPUS).set_parse_action(lambda: Field("cpus"))
    percent = pp.Literal("%%").set_parse_action(lambda: Text("%"))
    text = pp.CharsNotIn("%").set_parse_action(lambda tokens: Text(tokens[0]))
    piece: pp.ParserElement = percent | cpus | number | text
    return pp.ZeroOrMore(piece).leave_whitespace().parse_with_tabs()


_FORMAT = _format_grammar()


def pieces(format: str) -> tuple[Piece, ...]:
    """Read a printf format into its pieces, adjacent constant text joined; a field that follows a `%s` at once matches nothing."""
    found: list[Piece] = []
    for piece in _FORMAT.parse_string(format, parse_all=True):
        if isinstance(piece, Text) and found and isinstance(found[-1], Text):
            found[-1] = Text(found[-1].text + piece.text)
        elif (
            isinstance(piece, Field)
            and piece.kind == "str"
            and found
            and isinstance(found[-1], Field)
            and found[-1].kind in ("str", "empty")
        ):
            found.append(Field("empty"))
        else:
            found.append(piece)
    return tuple(found)


_END = pp.Regex(r" *\Z")


def _text(piece: Text) -> pp.ParserElement:
    """Accepted form: the text itself; a run of blanks may have been narrowed on its way to us."""
    parts = [pp.Regex(" +") if run.startswith("  ") else pp.Literal(run) for run in re.split(r"( {2,})", piece.text) if run]
    return parts[0] if len(parts) == 1 else pp.And(parts)


def _number(piece: Field) -> pp.ParserElement:
    digits = pp.Word(pp.nums if piece.kind == "int" else pp.hexnums, min=piece.width)
    if piece.prefixed:
        return pp.Optional(pp.Literal("0x")).suppress() + digits("value*")
    value = pp.Combine(pp.Optional(pp.Literal("-")) + digits) if piece.signed else digits
    return (pp.Optional(pp.Regex(" +")).suppress() if piece.padded else pp.Empty()) + value("value*")


def _field(piece: Field, rest: pp.ParserElement | None) -> pp.ParserElement:
    if piece.kind in ("int", "hex"):
        return _number(piece)
    if piece.kind == "empty":
        return pp.Regex("(?=)")("value*")
    if piece.kind == "pad":
        return pp.Optional(pp.Regex(" +")).suppress()
    if piece.kind == "str":
        return (pp.Regex(".*") if rest is None else pp.SkipTo(rest))("value*")
    return pp.Regex(_PATTERNS[piece.kind])("value*")


def matcher(format: str) -> pp.ParserElement:
    """Build the grammar of the lines that `format` prints. Accepted form: exactly its text, with a `value` for each field."""
    elements: list[pp.ParserElement] = []
    after: pp.ParserElement | None = None  # the number that follows directly, if one does
    ahead: pp.ParserElement | None = None  # where a %s ends: at the constant after it, with the number or the end of line after that
    for piece in reversed(pieces(format)):
        if isinstance(piece, Text):
            element = _text(piece)
            follower = _END if not elements else after
            ahead, after = (element if follower is None else element + follower), None
        else:
            element = _field(piece, ahead)
            number = element + _END if not elements else element
            after = number if piece.kind in ("int", "hex") else None
            ahead = ahead if piece.kind == "empty" else element
        elements.append(element)
    return pp.And(list(reversed(elements))).leave_whitespace()


def field_kinds(format: str) -> tuple[str, ...]:
    """Return the kinds of the fields that carry a value, in order."""
    return tuple(piece.kind for piece in pieces(format) if isinstance(piece, Field) and piece.kind != "pad")


class Groups:
    """A matcher in the manner of a compiled regular expression, for formats that cannot be lowered."""

    def __init__(self, element: pp.ParserElement) -> None:
        self._element = element
        self._found: tuple[str, ...] = ()

    def fullmatch(self, text: str) -> Groups | None:
        """Match the whole text, blanks at its end apart, and keep the values of its fields."""
        try:
            parsed = self._element.parse_string(text, parse_all=True)
        except pp.ParseException:
            return None
        self._found = tuple(parsed.as_dict().get("value", ()))
        return self

    def groups(self) -> tuple[str, ...]:
        """Return the values of the last match."""
        return self._found
