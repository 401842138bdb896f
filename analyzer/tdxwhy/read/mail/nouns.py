"""What a mail is."""

from __future__ import annotations

from tdxwhy.noun import NamedTuple
from tdxwhy.records import Place


class Mail(NamedTuple):
    """One mail, decoded: headers that link it, and its text with `\\n` line ends.

    `message_id`, `in_reply_to` and `references` stand without angle brackets. A page that shows no Message-ID gets one made from its
    content (`made_id`). `author` is the name as its mail gives it ("Huang, Kai"), else the address.
    """

    place: Place
    message_id: str
    author: str
    address: str | None
    subject: str
    date: int | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    recipients: tuple[str, ...]
    body: str
    notes: tuple[str, ...] = ()
    made_id: bool = False
