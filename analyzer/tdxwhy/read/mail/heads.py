"""What links a raw mail to others, read from its head without decoding the mail."""

from __future__ import annotations

import re

from tdxwhy.noun import NamedTuple
from tdxwhy.read.mail.head import decoded_words

_FIELD = re.compile(rb"^(message-id|in-reply-to|references|subject):[ \t]*(.*(?:\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE)
_ID = re.compile(rb"<\s*([^<>\s]{1,500})\s*>")
HEAD_BYTES = 1 << 16


class Linked(NamedTuple):
    """What tells a mail's thread: its own id, the ids that it links to, and whether it is wanted itself."""

    message_id: bytes
    links: tuple[bytes, ...]
    wanted: bool


def linked(raw: bytes, needle: str | None) -> Linked | None:
    """Read what links a raw mail to others from its head, without decoding it; None where it states no id."""
    head = raw[:HEAD_BYTES].replace(b"\r", b"").partition(b"\n\n")[0]
    fields: dict[bytes, bytes] = {}
    for key, value in _FIELD.findall(head):
        fields.setdefault(key.lower(), value)
    found = _ID.search(fields.get(b"message-id", b""))
    if not found:
        return None
    links = tuple(dict.fromkeys(_ID.findall(fields.get(b"in-reply-to", b"")) + _ID.findall(fields.get(b"references", b""))))
    wanted = needle is not None and (found[1].decode("utf-8", "replace").lower() == needle or needle in _subject(fields))
    return Linked(found[1], links, wanted)


def _subject(fields: dict[bytes, bytes]) -> str:
    text = fields.get(b"subject", b"").decode("utf-8", "replace")
    return " ".join((decoded_words(text) if "=?" in text else text).split()).lower()
