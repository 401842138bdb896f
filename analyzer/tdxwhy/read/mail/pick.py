"""Which mails belong to the threads that somebody asks about."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator

from tdxwhy.errors import TdxwhyError
from tdxwhy.read.mail.nouns import Mail

# Of the ids that a mail links to, the nearest and the thread's first; what a head of 64 KiB holds beside them links nothing new.
_FIRST, _LAST = 2, 8
# What one review holds: a dozen times the longest thread that there is.
_MAILS, _TEXT = 20_000, 16 << 20


def needle_of(about: str) -> str:
    """Return what is looked for in subjects and compared with Message-IDs."""
    return about.strip().strip("<>").lower()


def held(mails: Iterable[Mail]) -> list[Mail]:
    """Return mails of which one review is made; TdxwhyError where they are more than it can hold."""
    kept: list[Mail] = []
    text = 0
    for mail in mails:
        kept.append(mail)
        text += len(mail.body)
        if len(kept) > _MAILS or text > _TEXT:
            much = f"{_MAILS:,} mails" if len(kept) > _MAILS else f"{_TEXT >> 20} MiB of text"
            raise TdxwhyError(f"more than {much} for one review", "name the series: --about SUBJECT or --about MESSAGE-ID")
    return kept


class Links:
    """How the mails of an archive hang together, in some 150 bytes for each: ids are kept as the hashes of a run.

    A mail is called by its number, in the order of `add`.
    """

    def __init__(self) -> None:
        self._ids = array("q")
        self._wanted = array("L")
        # What links to an id is a list: its first place here, the mail and the place after it there.
        self._begins: dict[int, int] = {}
        self._linking, self._after = array("L"), array("q")

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, name: bytes | str, links: tuple[bytes, ...] | tuple[str, ...], wanted: bool) -> None:
        """Take in a mail: its id, the ids that it links to, and whether it is asked for itself."""
        number = len(self._ids)
        self._ids.append(hash(name))
        if wanted:
            self._wanted.append(number)
        for link in links if len(links) <= _FIRST + _LAST else (*links[:_FIRST], *links[-_LAST:]):
            key = hash(link)
            self._after.append(self._begins.get(key, -1))
            self._begins[key] = len(self._linking)
            self._linking.append(number)

    def below(self) -> Chosen:
        """Return the mails that are asked for and those that answer one of these, however far down."""
        chosen = bytearray(len(self._ids))
        waiting = self._wanted[:]
        while waiting:
            number = waiting.pop()
            if not chosen[number]:
                chosen[number] = 1
                waiting.extend(other for other in self._of(number) if not chosen[other])
        return Chosen(chosen)

    def _of(self, number: int) -> Iterator[int]:
        place = self._begins.get(self._ids[number], -1)
        while place >= 0:
            yield self._linking[place]
            place = self._after[place]


class Chosen:
    """Some of the mails of an archive, by number."""

    def __init__(self, flags: bytearray) -> None:
        self._flags = flags

    def __contains__(self, number: int) -> bool:
        return number < len(self._flags) and self._flags[number] == 1

    def __bool__(self) -> bool:
        return 1 in self._flags


def about_mails(mails: Iterable[Mail], about: str) -> list[Mail]:
    """Return the mails of the threads that have `about` in a subject or for a Message-ID."""
    needle = needle_of(about)
    kept = held(mails)
    links = Links()
    for mail in kept:
        wanted = needle in mail.subject.lower() or needle == mail.message_id.lower()
        links.add(mail.message_id, mail.in_reply_to + mail.references, wanted)
    chosen = links.below()
    return [mail for number, mail in enumerate(kept) if number in chosen]
