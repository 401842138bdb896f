"""One raw mail to a `Mail`: headers as people write them, text as they read it, whatever the encodings claim."""

from __future__ import annotations

import email.utils
import hashlib
import re
from email import message_from_bytes
from email.message import Message as Part
from itertools import islice

from tdxwhy.read.mail.head import BOUNDED, Tolerant, addressed, addresses, decoded_words, text_of, visible
from tdxwhy.read.mail.html import html_text
from tdxwhy.read.mail.nouns import Mail
from tdxwhy.records import Place

MAIL_BYTES = 4 << 20
_PARTS = 200
_IDS = 200
# Parts that hold others: the library asks each of them about every line.
_NESTED = 50
_NESTING = re.compile(rb"^content-type:\s*+(?:multipart|message)/", re.IGNORECASE | re.MULTILINE)
_DATE = 200
_ID = re.compile(r"<\s*([^<>\s]{1,500})\s*>")
_ANGLE = re.compile(r"<([^<>]*)>\s*\(")
# What a line has beyond so many characters nobody wrote by hand.
_LONG = re.compile(r"(?<![^\n])([^\n]{4000})[^\n]++")
_ARMOUR = re.compile(r"\A-----BEGIN PGP SIGNED MESSAGE-----\n(?:[^\n]+\n)*\n(.*?)\n-----BEGIN PGP SIGNATURE-----.*\Z", re.DOTALL)


def decode_mail(raw: bytes, source: str, line: int | None = None) -> Mail:
    """Decode one raw mail. Never raises on any bytes; what was wrong with it is said in `notes`."""
    notes: list[str] = []
    if len(raw) > MAIL_BYTES:
        raw = raw[: raw.rfind(b"\n", 0, MAIL_BYTES) + 1] or raw[:MAIL_BYTES]
        notes.append(f"mail cut after {MAIL_BYTES >> 20} MiB")
    if raw.strip() and b"\n\n" not in raw and b"\r\n\r\n" not in raw:
        notes.append("a mail ends inside its header")
    message = _parsed(raw.lstrip(b"\r\n"), notes)
    body = _body(message, notes)
    author, address = person(header(message, "From"))
    stated = stated_id(header(message, "Message-ID"))
    name = stated or made_id(author, header(message, "Date"), body)
    return Mail(
        place=Place(source, line, name),
        message_id=name,
        author=author,
        address=address,
        subject=" ".join(header(message, "Subject").split())[:1000],
        date=mail_date(header(message, "Date")),
        in_reply_to=_ids(header(message, "In-Reply-To")),
        references=_ids(header(message, "References")),
        recipients=recipients(message),
        body=body,
        notes=tuple(notes),
        made_id=not stated,
    )


def made_id(author: str, date: str, body: str) -> str:
    """Make an id for a mail that shows none, the same in every form in which its text reaches us."""
    text = " ".join(f"{author} {date} {body}".split())
    return f"no-id.{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:16]}"


def person(text: str) -> tuple[str, str | None]:
    """Split a From header into the name that people see and the address; "Huang, Kai" needs no quotes here."""
    text = " ".join(text.split())
    found = _angle(text)
    if found is not None:
        name, address = _unquoted(found[0]), found[1].strip() or None
        return name or address or "", address
    first, blank, rest = text.partition(" (")
    if blank and len(rest) > 1 and rest.endswith(")") and " " not in first and "@" in first[1:-1]:
        return rest[:-1], first
    return _unquoted(text), text if "@" in text else None


def _angle(text: str) -> tuple[str, str] | None:
    """Part `name <address>` and `name <address> (comment)`."""
    if text.endswith(")"):
        commented = _ANGLE.search(text)
        return (text[: commented.start()], commented[1]) if commented else None
    name, opened, address = text[:-1].rpartition("<")
    return (name, address) if text.endswith(">") and opened and ">" not in address else None


def recipients(message: Part) -> tuple[str, ...]:
    """Return the names, else addresses, of To and Cc, in their order."""
    people = (person(one) for name in ("To", "Cc") for one in addresses(header(message, name)))
    return tuple(dict.fromkeys(name or address or "" for name, address in people if name or address))


def header(message: Part, name: str) -> str:
    """Return a header decoded to text, "" where there is none; a broken encoded word stays as it stands."""
    value = next((value for key, value in message.raw_items() if key.lower() == name.lower()), "")
    return visible(decoded_words(str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")))


def _unquoted(name: str) -> str:
    name = name.strip().rstrip(",")
    if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
        name = name[1:-1]
    return re.sub(r"\\(.)", r"\1", name).strip()


def _parsed(raw: bytes, notes: list[str]) -> Part:
    try:
        if sum(1 for _ in islice(_NESTING.finditer(raw), _NESTED + 1)) > _NESTED:
            raise ValueError("parts in parts")
        return message_from_bytes(raw, Tolerant, policy=BOUNDED)
    except (RecursionError, ValueError, LookupError, TypeError):
        notes.append("broken MIME structure, read as plain text")
        head, _, body = raw.partition(b"\n\n")
        kept = re.sub(rb"(?im)^content-(?:type|transfer-encoding):.*(?:\n[ \t].*)*\n?", b"", head)
        return message_from_bytes(kept + b"\n\n" + body.replace(b"\nContent-", b"\n Content-"), Tolerant, policy=BOUNDED)


def _body(message: Part, notes: list[str]) -> str:
    plain, html = [], []
    for number, part in enumerate(_parts(message)):
        if number >= _PARTS:
            notes.append(f"more than {_PARTS} parts, the rest left out")
            break
        kind = part.get_content_type()
        named = str(part.get_filename() or "")
        if kind == "text/html":
            html.append(part)
        elif kind.startswith("text/") and ("attachment" not in header(part, "Content-Disposition") or _patch_name(named)):
            plain.append(part)
    if plain:
        text = "\n".join(_part_text(part) for part in plain)
    elif html:
        text = "\n".join(html_text(_part_text(part)) for part in html)
    else:
        text = ""
    return _clean(text)


def _parts(message: Part) -> list[Part]:
    """Return the leaves of a mail, walked without recursion."""
    leaves: list[Part] = []
    waiting: list[Part] = [message]
    while waiting and len(leaves) <= _PARTS:
        part = waiting.pop()
        inner = part.get_payload() if part.is_multipart() else None
        if isinstance(inner, list):
            waiting.extend(item for item in reversed(inner) if isinstance(item, Part))
        else:
            leaves.append(part)
    return leaves


def _patch_name(name: str) -> bool:
    return name.endswith((".patch", ".diff", ".txt", ".log"))


def _part_text(part: Part) -> str:
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        del part["Content-Type"]
        data = part.get_payload(decode=True)
    return text_of(data if isinstance(data, bytes) else b"", str(part.get_content_charset() or ""))


def _clean(text: str) -> str:
    text = visible(text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _LONG.sub(r"\1", text.replace("\u00a0", " ").replace("\u200b", ""))
    armoured = _ARMOUR.match(text.strip() + "\n") if text.lstrip().startswith("-----BEGIN PGP SIGNED") else None
    return armoured.group(1).replace("\n- ", "\n") if armoured else text


def stated_id(text: str) -> str:
    """Return the Message-ID that a field states, in angle brackets or not; an empty string where it states none."""
    found = _ID.search(text)
    return found[1] if found else addressed(text.replace("<", " ").replace(">", " "))


def _ids(text: str) -> tuple[str, ...]:
    found = _ID.findall(text)[-_IDS:]
    return tuple(dict.fromkeys(found)) or tuple(filter(None, [addressed(text)]))


def mail_date(text: str) -> int | None:
    """Read a Date header to seconds of the epoch, None where it cannot be read."""
    try:
        parsed = email.utils.parsedate_tz(text[:_DATE])
        return int(email.utils.mktime_tz(parsed)) if parsed else None
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
