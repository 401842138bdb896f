"""Bytes to lines of text that a terminal can show: encodings, escape sequences and control characters."""

from __future__ import annotations

import re

from tdxwhy.lazy import lazy
from tdxwhy.noun import NamedTuple

# What is read at a time; an input that is smaller is read as a whole.
BLOCK = 1 << 20
LINE_LIMIT = 65536
RAW_LIMIT = 4096
# Lines side by side are shorter than this on average.
_DENSE = 512

# CSI, OSC (ended by BEL or ST), two-character escapes, and the forms in which dmesg, journald and JSON print an escape byte.
ESCAPE = (
    r"(?:\x1b|\\x1b|\\u001b|\^\[|\x9b(?=[0-9;?]))\[?"
    r"(?:(?<=\[)[0-9;:<=>?]{0,64}[ -/]{0,8}[@-~]|(?<=\x9b)[0-9;?]{0,64}[@-~]|\][^\x07\x1b]{0,512}(?:\x07|\x1b\\)?|(?<!\[)[ -/]{0,8}[0-~])?"
)
_CONTROLS: dict[int, str | None] = dict.fromkeys((*range(32), *range(0x7F, 0xA0))) | {9: " "}
# Characters that reorder or hide text on a terminal, and line separators that only some tools obey.
_CONTROLS |= dict.fromkeys((0x200E, 0x200F, 0x2028, 0x2029, 0xFEFF, *range(0x202A, 0x202F), *range(0x2060, 0x206A)))
_QUOTE = lazy(r"(?:[ \t]*[>|](?!\d))+ ?")
_BOMS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


class Decoded(NamedTuple):
    """A block of text, and how many of its bytes or characters were no text."""

    text: str
    invalid: int
    nuls: int


def clean(text: str) -> str:
    r"""Return the text without escape sequences and control characters; tabs and blanks of other kinds become blanks, and full-width
    letters, digits of any script and curly quotes the ASCII that a kernel printed.

    >>> clean("\x1b[1mvirt/tdx: module initialized\x07")
    'virt/tdx: module initialized'
    """
    if text.isascii():
        if text.isprintable():
            return text
        text = re.sub(ESCAPE, "", text).translate(_CONTROLS)
    else:
        from tdxwhy.read.characters import PLAIN  # few logs hold such a character

        text = re.sub(ESCAPE, "", text).translate(_CONTROLS).translate(PLAIN)
    return "".join(c for c in text if c.isprintable() or c == " ")


def decode(data: bytes) -> Decoded:
    """Decode UTF-8, or UTF-16 behind a byte order mark; what is neither becomes U+FFFD and is counted."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            data = data[2:].decode(encoding, "replace").encode("utf-8", "replace")
    nuls = data.count(b"\0")
    if nuls:
        data = data.replace(b"\0", b"")
    try:
        return Decoded(data.decode("utf-8"), 0, nuls)
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
        return Decoded(text, text.count("�"), nuls)


def looks_binary(data: bytes) -> bool:
    """Tell whether a block is no text at all: a third of it is what no log holds. NUL bytes do not count, serial lines make them."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    sample = data[:65536].replace(b"\0", b"")[:8192]
    kept = sample.translate(None, _CONTROL_BYTES)
    text = kept.decode("utf-8", "replace")
    foreign = text.count("\ufffd") + len(sample) - len(kept)
    return not sample or foreign * 3 > len(text)


_CONTROL_BYTES = bytes(code for code in range(32) if code not in b"\t\n\r\x1b") + b"\x7f"


def side_by_side(data: bytes | bytearray, begin: int, end: int, lines: int) -> bool:
    """Tell whether from one line's begin to another's end there are so many lines and no more; if they must be very long it says no."""
    return end - begin < lines * _DENSE and data.count(b"\n", begin, end) == lines - 1


def unquote(text: str) -> str:
    """Take `> ` quoting to any depth off a line; `>` stays where it is part of a level such as `<6>`.

    >>> unquote("> > <6>virt/tdx: module initialized")
    '<6>virt/tdx: module initialized'
    """
    quoted = _QUOTE.match(text)
    return text[quoted.end() :] if quoted is not None else text


def lines_of(text: str) -> list[tuple[int, str]]:
    r"""Split text into numbered lines. A carriage return inside a line starts a new one with the same number.

    Accepted form: lines ended by LF, CR LF or CR CR LF, as files, Windows and serial captures write them.

    >>> lines_of("one\r\ntwo\rthree\n")
    [(1, 'one'), (2, 'two'), (2, 'three')]
    """
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    if "\r" not in text:
        return list(enumerate(lines, 1))
    return [(number, part) for number, line in enumerate(lines, 1) for part in _returns(line)]


def _returns(line: str) -> list[str]:
    if "\r" not in line:
        return [line]
    return [part for part in line.split("\r") if part] or [""]
