"""What a web form, a word processor, a scanner, a mailer or a shipper of logs does to a paste is undone, before anything else reads it.

Each step looks for its sign first, so that a log as the kernel printed it costs a few searches.
"""

from __future__ import annotations

import re

from tdxwhy.lazy import lazy
from tdxwhy.read.characters import PLAIN, without_likeness
from tdxwhy.read.text import ESCAPE

# Colour sequences whose escape byte was lost on the way, or written out: [32m[    1.2] [0m, \\033[0m. No kernel message holds one.
_COLOUR = lazy(r"(?:\^\[|\\x1b|\\033|\\e|\\u001b|\u241b)?(?<!\x1b)\[(?:\d{1,3}(?:;\d{1,3}){0,5}m|m(?![a-z]))")
_ENTITY = lazy(r"&(?:lt|gt|amp|quot|apos|nbsp|#\d{1,7}|#x[0-9a-fA-F]{1,6});")
# Elements of text that people paste out of a page. <TASK>, <6> and an address in angle brackets are none of them.
_BREAK = lazy(r"(?i)<(?:br ?/?|/(?:p|div|li|tr|pre|summary|h\d))>(?:\n)?")
_CELL = lazy(r"(?i)</t[dh]>\s{0,8}<t[dh](?:\s[^<>]{0,512})?>")
_ELEMENT = lazy(
    r"(?i)</?(?:span|pre|code|p|div|td|th|tr|table|thead|tbody|b|i|u|em|strong|a|font|ol|ul|li|html|head|body|samp|tt|kbd|details|summary)"
    r"(?: [^<>]{0,512})?>"
)
# Ends of lines that only some programs obey.
_ENDS = str.maketrans(dict.fromkeys("\x85\u2028\u2029", "\n"))
_SCANNED_STAMP = lazy(r"(?m)^(?P<open>(?:<\d>)?\[ {0,8})(?P<time>[\dOIl|S]{1,6}[.,][\dOIl|S]{6})(?P<close>\])")
_SCANNED_NUMBER = lazy(
    r"\b(?:0x(?=[\da-fA-F]{0,15}[OIlS])|0x(?=[\da-f]{0,15}B[\da-fB]{0,15}\b)|Ox(?=[\dA-FOIla-fS]))[\da-fA-FOIlS]{1,16}\b"
)
# A status or a register of a SEAMCALL: the kernel prints sixteen small digits, so that a B among them was an 8.
_WHOLE_NUMBER = 18
_SCANNED_SWITCH = lazy(r"(?<=\w)=(?P<value>[lIO])(?=\s|$)")
_DIGITS = str.maketrans("OIl|,S", "0111.5")
_ESCAPED_MARK = lazy(r"\\([\[\]_*#`|~<>.])")


def mended(text: str) -> str:
    r"""Return a paste as its author saw it on the screen: lines of plain characters, without what carried or surrounded them.

    What was one line in the source keeps its number, but where the source had no lines at all.

    >>> mended('{"log": "[    1.204511] virt/tdx: module initialized\\n[    2.0] \u201cdone\u201d\\n"}')
    '[    1.204511] virt/tdx: module initialized\n[    2.0] "done"\n'
    """
    text = _with_lines(text)
    from tdxwhy.read.carried import carried

    text = carried(text)
    if any(sign in text for sign in ("<", "&", "[0m", "[m")):
        text = without_markup(text)
        text = text if "\n" in text else text.replace("\r", "\n")
    if "\\[" in text or "\\_" in text:
        text = _ESCAPED_MARK.sub(r"\1", text)
    if "\x1b" in text or "\\u001b" in text:
        text = re.sub(ESCAPE, "", text)
    if not text.isascii():
        text = without_likeness(_read_aright(text).translate(PLAIN))
    from tdxwhy.read.margins import without_margins

    return _without_scan(without_margins(text))


def _with_lines(text: str) -> str:
    """End lines by LF, where the source ends them by anything else. Beside LF the others are taken as they are: as blanks."""
    if "\n" in text:
        return text if text.isascii() else text.translate(_ENDS) if text.count("\n") < 2 else text
    return text.replace("\r", "\n") if text.isascii() else text.replace("\r", "\n").translate(_ENDS)


def _read_aright(text: str) -> str:
    """Undo that UTF-8 was read as the code of Western Windows."""
    if "\u00c2\u00a0" not in text and "\u00e2\u20ac" not in text:
        return text
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text.replace("\u00c2\u00a0", " ")


def without_markup(text: str) -> str:
    r"""Return a paste without markup and lost colour sequences. What was one line in the source keeps its number.

    Accepted form: text as it is, or with the entities and elements of HTML; a line break in HTML becomes a carriage return.

    >>> without_markup("<pre>[    1.204511] virt/tdx: private KeyID range [32, 64&#41;</pre>")
    '[    1.204511] virt/tdx: private KeyID range [32, 64)\r'
    """
    if _ENTITY.search(text) or _ELEMENT.search(text) or _BREAK.search(text):
        from html import unescape

        text = _CELL.sub("\t", text)
        text = _ELEMENT.sub("", _BREAK.sub(lambda found: "\n" if found[0].endswith("\n") else "\r", text))
        for _ in range(2):  # a form may have escaped what was escaped before
            text = unescape(text) if _ENTITY.search(text) else text
    return _COLOUR.sub("", text) if "[0m" in text or "[m" in text else text


def _without_scan(text: str) -> str:
    """Put digits where a scanner read letters: in stamps and in numbers that nobody writes otherwise."""
    if "0x" in text or "Ox" in text:
        text = _SCANNED_NUMBER.sub(_number_of, text)
    if not _SCANNED_STAMP.search(text):
        return text
    made = _SCANNED_STAMP.sub(lambda found: found["open"] + found["time"].translate(_DIGITS) + found["close"], text)
    return _SCANNED_SWITCH.sub(lambda found: "=" + found["value"].translate(_DIGITS), made) if made != text else made


def _number_of(found: re.Match[str]) -> str:
    """Return a hexadecimal number with the digits that a scanner took for letters."""
    digits = found[0][2:].translate(_DIGITS)
    whole_and_small = len(found[0]) == _WHOLE_NUMBER and not set(digits) & set("ACDEF")
    return "0x" + (digits.replace("B", "8") if whole_and_small else digits)
