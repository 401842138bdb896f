"""The head of a mail, read in linear time: the standard library's readers of parameters, addresses and encoded words are not linear."""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, a2b_qp
from collections.abc import Iterator
from email.message import Message
from email.policy import Compat32

from tdxwhy.hints import Any

# Characters of a field. The library takes quadratic time over the parameters of Content-Type and its like, so these are cut shorter.
_FIELD, _PARAMETERS = 100_000, 2000
_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")
_MARK = re.compile(r"\\.|[\"(),:;<>]")
_CLOSED_BY = {"(": ")", '"': '"', "<": ">"}
# Control characters, marks that turn or hide text, line separators that only some tools obey, halves of pairs that are no text.
_HIDDEN = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_FOREIGN = ("us-ascii", "ascii", "iso-8859-1", "latin-1", "windows-1252", "cp1252", "unknown-8bit", "y", "n", "")
# Codecs of Python's own that are no charsets: two take quadratic time.
_NO_CHARSETS = ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined")


class _Bounded(Compat32):
    """Cuts a field before anything is made of it."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """Return a field's name and value."""
        name, value = super().header_source_parse(sourcelines)
        return name, value[: _PARAMETERS if name.lower().startswith("content-") else _FIELD]


BOUNDED = _Bounded()


class Tolerant(Message):
    """A mail, or a part of one, in which a parameter that cannot be read is none."""

    def get_param(self, param: str, failobj: Any = None, header: str = "content-type", unquote: bool = True) -> Any:  # noqa: ANN401 - as the library has it
        """Return a parameter of a field as text."""
        try:
            found = super().get_param(param, failobj, header, unquote)
            return text_of(found[2].encode("latin-1", "replace"), found[0] or "") if isinstance(found, tuple) else found
        except (TypeError, ValueError, LookupError):  # sections of RFC 2231 that have no number, one of too many digits, or none to them
            return failobj


def visible(text: str) -> str:
    """Return text without what drives a terminal, turns text around or hides in it; line ends and tabs stay."""
    return _HIDDEN.sub("", text)


def addressed(text: str) -> str:
    """Return the first word with an @ inside, or an empty string."""
    return next((word for word in text.split() if "@" in word[1:-1]), "")


def addresses(text: str) -> Iterator[str]:
    """Yield what stands between the commas of an address list; a comma in quotes, in a comment or in an address parts nothing.

    Accepted form: RFC 5322, and what people make of it; `group: one, two;` gives its members.
    """
    begin = depth = 0
    within = ""
    for found in _MARK.finditer(text):
        mark = found[0]
        if within == "(":
            depth += {"(": 1, ")": -1}.get(mark, 0)
            within = "(" if depth else ""
        elif within:
            within = "" if mark == _CLOSED_BY[within] else within
        elif mark in _CLOSED_BY:
            within, depth = mark, 1
        elif mark in ",;:":
            if mark != ":":
                yield text[begin : found.start()].strip()
            begin = found.end()
    yield text[begin:].strip()


def decoded_words(text: str) -> str:
    """Return the text of a field with its encoded words (RFC 2047) decoded; a broken one stays as it stands.

    >>> decoded_words("=?utf-8?q?J=C3=B6rg?= B")
    'Jörg B'
    """
    pieces: list[str] = []
    at, charset = 0, ""
    held: list[bytes] = []
    for found in _WORD.finditer(text) if "=?" in text else ():
        data, named = _bytes_of(found[2], found[3]), found[1].partition("*")[0].lower()
        if data is None:
            continue
        between = text[at : found.start()] if not at or text[at : found.start()].strip() else ""
        if between or named != charset:
            pieces += [text_of(b"".join(held), charset), between]
            held = []
        held.append(data)
        charset, at = named, found.end()
    return "".join((*pieces, text_of(b"".join(held), charset), text[at:]))


def _bytes_of(encoding: str, word: str) -> bytes | None:
    try:
        data = word.encode()
        return a2b_qp(data, header=True) if encoding in "qQ" else a2b_base64(data + b"===")
    except (Error, ValueError):
        return None


def text_of(data: bytes, charset: str) -> str:
    """Decode bytes: what is valid UTF-8 is UTF-8 where the declared charset could be a mail program's default, else as declared."""
    charset = charset.lower().strip("\"' ")
    order = ["utf-8", charset, "cp1252"] if charset in _FOREIGN else [charset, "utf-8", "cp1252"]
    for name in order:
        if name in _NO_CHARSETS:
            continue
        try:
            return data.decode(name or "utf-8")
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    return data.decode("utf-8", "replace")
