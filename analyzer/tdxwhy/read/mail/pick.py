"""Which mails belong to the threads that somebody asks about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from tdxwhy.read.mail.nouns import Mail

_Id = TypeVar("_Id", str, bytes)


def needle_of(about: str) -> str:
    """Return what is looked for in subjects and compared with Message-IDs."""
    return about.strip().strip("<>").lower()


def below(mails: Iterable[tuple[_Id, tuple[_Id, ...], bool]]) -> set[_Id]:
    """Return the ids of the mails that are wanted or answer, however far down, one that is.

    Each mail is its id, the ids that it links to, and whether it is wanted itself.
    """
    children: dict[_Id, list[_Id]] = {}
    waiting: list[_Id] = []
    for name, links, wanted in mails:
        for link in links:
            children.setdefault(link, []).append(name)
        if wanted:
            waiting.append(name)
    chosen: set[_Id] = set()
    while waiting:
        name = waiting.pop()
        if name not in chosen:
            chosen.add(name)
            waiting.extend(children.get(name, ()))
    return chosen


def about_mails(mails: Iterable[Mail], about: str) -> list[Mail]:
    """Return the mails of the threads that have `about` in a subject or for a Message-ID."""
    needle = needle_of(about)
    held = list(mails)
    rows = ((m.message_id, m.in_reply_to + m.references, needle in m.subject.lower() or needle == m.message_id.lower()) for m in held)
    chosen = below(rows)
    return [mail for mail in held if mail.message_id in chosen]
