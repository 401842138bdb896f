"""A log inside a text that carries it: a JSON document, a spreadsheet's export, a mail's encoding, a string with its line ends spelt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tdxwhy.digits import is_whole
from tdxwhy.lazy import lazy

# What begins a JSON document; `ok: [host] => ` is Ansible's. A stamp of the kernel, [    1.2], begins none.
_DOCUMENT = lazy(r"\s{0,64}(?:[a-z]{2,10}: \[[\w.-]{1,64}\] => )?(?=[{\"]|\[\s{0,64}[{\[\"])")
# The names under which shippers of logs keep a line, or all of them.
_MESSAGE = frozenset(("log", "message", "msg", "line", "text", "dmesg", "stdout", "output", "content", "body"))
# Entries whose level and time the reader of journals knows how to use: those of journalctl and of dmesg --json.
_ENTRY = lazy(r'"(?:MESSAGE|pri)"\s{0,8}:')
_ENCODED = lazy(r"(?im)^Content-Transfer-Encoding: {0,8}(?P<kind>base64|quoted-printable)[ \t\r]{0,4}$")
_BOUNDARY = lazy(r"(?m)^--[\w'()+,./:=?-]{4,70}")
_BASE64 = lazy(r"(?:[A-Za-z0-9+/]{60,76}\n)*[A-Za-z0-9+/]{1,76}={0,2}\n?")
_QUOTED = lazy(r"=(?:[0-9A-F]{2}|\r?\n|$)")
_SOFT_END = lazy(r"(?m)^[^\n]{70,75}=\n(?=[^\n\[<>])(?!\d{4}|[A-Z][a-z]{2} )")
# No line of quoted-printable is longer (RFC 2045, 6.7).
_TOO_LONG = lazy(r"[^\n]{77}")
_PERCENT = lazy(r"%(?:20|5B|5D|0A)")
_WRITTEN_END = lazy(r"(?:\\r)?\\n")
# The head of a spreadsheet's export: two names or more, nothing else.
_SHEET = lazy(r"[A-Za-z@_][\w@. -]{0,32}(?:[,;][A-Za-z@_][\w@. -]{0,32}){1,16}\r?\n")
_NEXT = lazy(r"['\"], {0,4}['\"]")
# A head is looked for up to here.
_HEAD = 65536
_FEW = 2


def carried(text: str) -> str:
    r"""Return the log that a text carries, or the text itself.

    Accepted form: a JSON string, or a document with strings of lines, lists of strings, or records with a field `message`, `log` ...;
    the same a line each, or a spreadsheet's export; a text in quoted-printable or base64, of a whole mail or alone; one whose line
    ends are written out as \n or %0A.

    >>> carried('["[    1.2] virt/tdx: one", "[    1.3] virt/tdx: two"]')
    '[    1.2] virt/tdx: one\n[    1.3] virt/tdx: two\n'
    """
    for way in (_of_json, _of_objects, _of_sheet, _of_mail, _of_base64, _of_quoted, _of_written, _of_address):
        found = way(text)
        if found is not None:
            return found
    return text


def _of_json(text: str) -> str | None:
    if not _DOCUMENT.match(text) or _ENTRY.search(text[:_HEAD]):
        return None
    import json

    start = text.index("=> ") + 3 if text.lstrip()[:1].isalpha() else 0
    try:
        document = json.loads(text[start:])
    except (ValueError, RecursionError):
        return None
    lines = list(_lines(document))
    several = len(lines) > 1 or (lines and "\n" in lines[0])
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines) if several else None


def _lines(document: Any) -> Iterator[str]:  # noqa: ANN401 - whatever JSON holds
    """Yield the lines of a log in a document, in its order."""
    waiting: list[tuple[str, Any]] = [("message", document)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(str(key).lower(), one) for key, one in reversed(value.items())]
        elif isinstance(value, list):
            # Beside a line stands its time, in digits.
            waiting += [("message" if isinstance(one, str) and not is_whole(one) else "", one) for one in reversed(value)]
        elif isinstance(value, str) and (name in _MESSAGE or "\n" in value):
            yield value


def _of_objects(text: str) -> str | None:
    """Return the messages of a text with one JSON object on each line, as container run times write them; None for any other."""
    if not text.startswith("{"):
        return None
    made = [_message(line) for line in text.rstrip("\n").split("\n")]
    return None if None in made else "\n".join(map(str, made)) + "\n"


def _message(line: str) -> str | None:
    import json

    try:
        found = json.loads(line) if line.startswith("{") and "MESSAGE" not in line and '"pri"' not in line else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    return next((one.rstrip("\n") for name, one in found.items() if name in _MESSAGE and isinstance(one, str)), None)


def _of_sheet(text: str) -> str | None:
    """Return the longest column of a table as spreadsheets export it; None for any other text."""
    if not text.startswith('"') and not _SHEET.match(text):
        return None
    import csv

    try:
        rows = list(csv.reader(text.split("\n"), delimiter=";" if ";" in text.split("\n", 1)[0] else ",", strict=True))
    except csv.Error:
        return None
    wide = len(rows[0])
    if any(row and len(row) != wide for row in rows):
        return None
    longest = max(range(wide), key=lambda place: sum(len(row[place]) for row in rows if row))
    return "".join([(row[longest] if row else "") + "\n" for row in rows]).rstrip("\n") + "\n"


def _of_mail(text: str) -> str | None:
    encoded = _ENCODED.search(text[:_HEAD]) if "ncoding:" in text[:_HEAD] else None
    if encoded is None:
        return None
    head, parted, body = text[encoded.end() :].partition("\n\n")
    return text[: encoded.start()] + head + parted + _decoded(body, encoded["kind"].lower())


def _of_base64(text: str) -> str | None:
    return _decoded(text, "base64") if "\n" in text and " " not in text[:256] and _BASE64.fullmatch(text) else None


def _of_quoted(text: str) -> str | None:
    """Return a text in quoted-printable as it was: in it no sign of equality stands for itself."""
    if "=3D" not in text and (not _SOFT_END.search(text) or _TOO_LONG.search(text)):
        return None
    return _decoded(text, "quoted-printable") if text.count("=") == len(_QUOTED.findall(text)) else None


def _of_written(text: str) -> str | None:
    """Undo how Python and its like write a text with line ends, or a list of lines."""
    ends = text.count("\n")
    if text.count("\\n") <= _FEW * ends and not (ends < _FEW and text.startswith(("['", '["'))):
        return None
    text = text.strip()
    if text[0] == "[":
        text = _NEXT.sub("\n", text[1:].removesuffix("]"))
    text = _WRITTEN_END.sub("\n", text.strip("'\""))
    return text.replace("\\t", "\t").replace("\\'", "'").replace('\\"', '"').rstrip("\n") + "\n"


def _of_address(text: str) -> str | None:
    """Return a text that was written as a part of an address is, with %20 for a blank."""
    if "%20" not in text or " " in text or len(_PERCENT.findall(text)) <= _FEW:
        return None
    from urllib.parse import unquote

    return unquote(text)


def _decoded(body: str, kind: str) -> str:
    """Take a mailer's encoding off a text; what is no text behind it stays as it is."""
    from binascii import Error, a2b_base64, a2b_qp

    try:
        raw = a2b_base64(re.split(_BOUNDARY.pattern, body, maxsplit=1)[0]) if kind == "base64" else a2b_qp(body.encode("utf-8", "replace"))
    except (Error, ValueError):
        return body
    text = raw.decode("utf-8", "replace")
    return text if text.count("\ufffd") * 8 <= len(text) else body
