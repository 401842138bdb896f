"""One raw mail to a `Mail`: headers as people write them, text as they read it, whatever the encodings claim."""

from __future__ import annotations

import email.utils
import hashlib
import re
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message as Part

from tdxwhy.read.mail.html import html_text
from tdxwhy.read.mail.nouns import Mail
from tdxwhy.records import Place

MAIL_BYTES = 4 << 20
_PARTS = 200
_IDS = 200
_ID = re.compile(r"<\s*([^<>\s]{1,500})\s*>")
_ANGLE = re.compile(r"^(.*?)<([^<>]*)>\s*(?:\(.*\)\s*)?$", re.DOTALL)
_FOREIGN = ("us-ascii", "ascii", "iso-8859-1", "latin-1", "windows-1252", "cp1252", "unknown-8bit", "y", "n", "")
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
    stated = _ID.search(header(message, "Message-ID")) or re.search(r"([^<>\s]+@[^<>\s]+)", header(message, "Message-ID"))
    name = stated.group(1) if stated else made_id(author, header(message, "Date"), body)
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
        made_id=stated is None,
    )


def made_id(author: str, date: str, body: str) -> str:
    """Make an id for a mail that shows none, the same in every form in which its text reaches us."""
    text = " ".join(f"{author} {date} {body}".split())
    return f"no-id.{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:16]}"


def person(text: str) -> tuple[str, str | None]:
    """Split a From header into the name that people see and the address; "Huang, Kai" needs no quotes here."""
    text = " ".join(text.split())
    found = _ANGLE.match(text)
    if found:
        name, address = _unquoted(found.group(1)), found.group(2).strip() or None
        return name or address or "", address
    comment = re.match(r"^(\S+@\S+) \((.+)\)$", text)
    if comment:
        return comment.group(2), comment.group(1)
    return _unquoted(text), text if "@" in text else None


def recipients(message: Part) -> tuple[str, ...]:
    """Return the names, else addresses, of To and Cc, in their order."""
    fields = [header(message, name) for name in ("To", "Cc")]
    pairs = email.utils.getaddresses([field[:20000] for field in fields if field])
    return tuple(dict.fromkeys(name or address for name, address in pairs if name or address))


def header(message: Part, name: str) -> str:
    """Return a header decoded to text, "" where there is none; a broken encoded word stays as it stands."""
    value = next((value for key, value in message.raw_items() if key.lower() == name.lower()), "")
    text = str(value)[:100000].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if "=?" not in text:
        return text
    try:
        return "".join(_word(word, charset) for word, charset in decode_header(text))
    except (HeaderParseError, ValueError):
        return text


def _word(word: bytes | str, charset: str | None) -> str:
    return word if isinstance(word, str) else _decoded(word, charset or "")


def _unquoted(name: str) -> str:
    name = name.strip().rstrip(",")
    if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
        name = name[1:-1]
    return re.sub(r"\\(.)", r"\1", name).strip()


def _parsed(raw: bytes, notes: list[str]) -> Part:
    try:
        return message_from_bytes(raw)
    except (RecursionError, ValueError, LookupError, TypeError):
        notes.append("broken MIME structure, read as plain text")
        head, _, body = raw.partition(b"\n\n")
        kept = re.sub(rb"(?im)^content-(?:type|transfer-encoding):.*(?:\n[ \t].*)*\n?", b"", head)
        return message_from_bytes(kept + b"\n\n" + body.replace(b"\nContent-", b"\n Content-"))


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
    if not isinstance(data, bytes):
        data = b""
    try:
        charset = part.get_content_charset() or ""
    except (ValueError, LookupError, TypeError):
        charset = ""
    return _decoded(data, charset)


def _decoded(data: bytes, charset: str) -> str:
    """Decode bytes: what is valid UTF-8 is UTF-8 where the declared charset could be a mail program's default, else as declared."""
    charset = charset.lower().strip("\"' ")
    order = ["utf-8", charset, "cp1252"] if charset in _FOREIGN else [charset, "utf-8", "cp1252"]
    for name in order:
        try:
            return data.decode(name) if name else data.decode("utf-8")
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    return data.decode("utf-8", "replace")


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    text = text.replace("\u00a0", " ").replace("\u200b", "").replace("\ufeff", "")
    armoured = _ARMOUR.match(text.strip() + "\n") if text.lstrip().startswith("-----BEGIN PGP SIGNED") else None
    return armoured.group(1).replace("\n- ", "\n") if armoured else text


def _ids(text: str) -> tuple[str, ...]:
    found = _ID.findall(text)[-_IDS:]
    return tuple(dict.fromkeys(found)) or tuple(re.findall(r"\S+@\S+", text)[:1])


def mail_date(text: str) -> int | None:
    """Read a Date header to seconds of the epoch, None where it cannot be read."""
    try:
        parsed = email.utils.parsedate_tz(text)
        return int(email.utils.mktime_tz(parsed)) if parsed else None
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
