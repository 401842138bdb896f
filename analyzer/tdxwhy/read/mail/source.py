"""Mails in every form in which a thread reaches us, to `Mail` records in the order in which they stand."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

from tdxwhy.errors import NothingToJudge, TdxwhyError, reason
from tdxwhy.files import reading, shown
from tdxwhy.hints import TYPE_CHECKING, BinaryIO
from tdxwhy.read.mail.decode import MAIL_BYTES, decode_mail
from tdxwhy.read.mail.head import visible
from tdxwhy.read.mail.mbox import split_mbox
from tdxwhy.read.mail.nouns import Mail
from tdxwhy.read.mail.pick import Chosen, Links, about_mails, needle_of
from tdxwhy.read.opening import Opened, Raw

if TYPE_CHECKING:
    from tdxwhy.read.mail.heads import Linked

_SNIFF = 1 << 16
_PAGE_BYTES = 32 << 20
_FIELD = re.compile(rb"[!-9;-~]{2,60}:")
_HEAD_BYTES = 20000
_LINKS = re.compile(rb"^(?:message-id|received|return-path|mime-version|delivered-to|x-[\w-]+|subject|date):", re.IGNORECASE | re.MULTILINE)


def read_mails(path: Path, about: str | None = None) -> Iterator[Mail]:
    """Yield the mails at `path`, each Message-ID once.

    Accepted form: an mbox, also compressed; a maildir; a folder of mails; one raw mail; a public-inbox repository or a folder
    with its epochs; a page of lore, of hypermail or MHonArc (HTML or text) or of patchwork. `about` keeps the threads in which a mail has
    it in its subject or for its Message-ID.
    """
    seen: set[int] = set()  # hashes: of a million mails the ids themselves would take twice the room
    mails = _mails(path, about)
    for mail in about_mails(mails, about) if about else mails:
        key = hash(mail.message_id)
        if key not in seen:
            seen.add(key)
            yield mail


def _mails(path: Path, about: str | None) -> Iterator[Mail]:
    if path.is_dir():
        yield from _folder(path, about)
        return
    try:
        chosen = _chosen(path, about) if about else None
        with reading(path) as stream:
            yield from _stream(stream, shown(path.name), chosen)
    except FileNotFoundError:
        raise TdxwhyError(f"{path}: no such file") from None
    except (OSError, EOFError) as error:
        raise TdxwhyError(f"{path}: {reason(error)}") from None


def read_stream(stream: BinaryIO, name: str, about: str | None = None) -> Iterator[Mail]:
    r"""Yield the mails of an open stream, such as standard input; forms as `read_mails`, without folders.

    >>> import io
    >>> [(mail.subject, mail.body) for mail in read_stream(io.BytesIO(b"Message-ID: <1@x>\nSubject: x\n\nhi\n"), "mail")]
    [('x', 'hi\n')]
    """
    mails = _stream(stream, name)
    yield from about_mails(mails, about) if about else mails


def _chosen(path: Path, about: str) -> Chosen | None:
    """Return which mails of an mbox belong to the threads that `about` names, by their heads alone; None for any other file."""
    needle = needle_of(about)
    with reading(path) as stream:
        opened = Opened(stream, shown(path.name))
        if not _is_mbox(_start(opened)):
            return None
        links = Links()
        for _, raw in split_mbox(io.BufferedReader(Raw(opened), _SNIFF)):
            links.add(*_linked(raw, needle))
    return links.below()


def _linked(raw: bytes, needle: str) -> Linked:
    """Read what links a mail to others; one that states no id is decoded, as its id is made of all that it says."""
    from tdxwhy.read.mail.heads import Linked, linked

    found = linked(raw, needle)
    if found is not None:
        return found
    mail = decode_mail(raw, "")
    links = tuple(link.encode("utf-8", "replace") for link in (*mail.in_reply_to, *mail.references))
    return Linked(mail.message_id.encode("utf-8", "replace"), links, needle in mail.subject.lower())


def _stream(stream: BinaryIO, name: str, chosen: Chosen | None = None) -> Iterator[Mail]:
    """Yield the mails of a stream, compressed or not, of an mbox those chosen; the last one tells if the rest was lost."""
    opened = Opened(stream, name)
    last: Mail | None = None
    for mail in _opened(opened, chosen):
        if last is not None:
            yield last
        last = mail
    lost = tuple(loss.what for loss in opened.losses)
    if last is not None:
        yield last._replace(notes=(*last.notes, *lost))
    elif lost:
        raise TdxwhyError(f"{name}: {lost[0]}")


def _is_mbox(head: bytes) -> bool:
    return head.startswith(b"From ") and re.match(rb"From \S+ .*\r?\n", head) is not None


def _start(opened: Opened) -> bytes:
    return opened.head[:_SNIFF].lstrip(b"\xef\xbb\xbf\r\n\t ")


def _opened(opened: Opened, chosen: Chosen | None) -> Iterator[Mail]:
    head = _start(opened)
    buffered = io.BufferedReader(Raw(opened), _SNIFF)
    if _is_mbox(head):
        for number, (line, raw) in enumerate(split_mbox(buffered)):
            if chosen is None or number in chosen:
                yield decode_mail(raw, opened.name, line)
    elif _is_mail(head):
        yield decode_mail(buffered.read(MAIL_BYTES + 1), opened.name, 1)
    else:
        from tdxwhy.read.mail.page import page_mails

        yield from page_mails(visible(buffered.read(_PAGE_BYTES).decode("utf-8", "replace").replace("\r\n", "\n")), opened.name)


def _is_mail(head: bytes) -> bool:
    """Tell whether something begins with the head of a mail: two fields or more, one of them such as only mails have."""
    if head[:1] == b"<":
        return False
    *lines, _ = head[:_HEAD_BYTES].split(b"\n")
    field = [_FIELD.match(line) is not None for line in lines]
    end = next((i for i, line in enumerate(lines) if not (field[i] or (i and line[:1] in (b" ", b"\t")))), len(lines))
    return sum(field[:end]) >= 2 and _LINKS.search(b"\n".join(lines[:end])) is not None


def _folder(path: Path, about: str | None) -> Iterator[Mail]:
    from tdxwhy.read.mail.public_inbox import epochs, inbox_mails

    repositories = epochs(path)
    if repositories:
        yield from inbox_mails(repositories, about)
        return
    files = _mail_files(path)
    if not files:
        raise NothingToJudge(f"{path}: no mails in this folder")
    for file in files:
        with reading(file) as stream:
            yield from _stream(stream, shown(file.name))


def _mail_files(path: Path) -> list[Path]:
    """Return the files of a maildir (new and cur), else the folder's own; links that lead elsewhere are not followed."""
    folders = [path / name for name in ("cur", "new") if (path / name).is_dir()] or [path]
    files = [file for folder in folders for file in folder.iterdir() if file.is_file() and not file.is_symlink()]
    if folders == [path]:
        kinds = (".eml", ".mbox", ".mbx", ".gz", ".patch", ".txt", ".html", ".htm", ".mail", "")
        files = [file for file in files if file.suffix.lower() in kinds and not file.name.startswith(".")]
        mails = [file for file in files if file.suffix.lower() == ".eml"]
        files = mails or files
    return sorted(files, key=lambda file: file.name)
