"""Mails to messages: parents, kinds, and the series that a subject names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice

from tdxwhy.noun import NamedTuple
from tdxwhy.read.mail.nouns import Mail
from tdxwhy.review.lines import LEVELS, own_lines, parse_lines, squeeze
from tdxwhy.review.nouns import Kind, MailLine, Message
from tdxwhy.review.phrases import phrases
from tdxwhy.review.rebuild import rebuilt_mails

_PREFIX = re.compile(r"^\s*(?:(?:re|aw|antw|sv|fwd?|回复|答复)\s*+(?:\[\d+\]\s*+)?[:：]\s*+)+", re.IGNORECASE)
_BRACKET = re.compile(r"\[([^\[\]]{1,100})\]\s*")
_PART = re.compile(r"\b(\d{1,3})/(\d{1,3})\b")
_VERSION = re.compile(r"(?:\b|PATCH|RFC|SERIES)v(?:er\.?|ersion)?[ _.]?(\d{1,3}(?:\.\d{1,2})?[a-z]?)(?![a-z0-9])", re.IGNORECASE)
_SKIP = re.compile(r"PATCH|\b(?:RFC|RESEND|REPOST|v\d)", re.IGNORECASE)
_AT_END = re.compile(
    r"(?:,[ ]?|[ ,]{0,9}[(\[])\bv(\d{1,3}(?:\.\d{1,2})?)[)\]]?$|[ ,]{0,9}[(\[](?:version|take|try|spin|round) #?(\d{1,3})[)\]]$",
    re.IGNORECASE,
)


# Lines and characters with which a notice says what it is.
_FEW = 4
_OPENING = 300


class Subject(NamedTuple):
    """What a subject says: whether it answers, is a patch, its version, part and total, and the title without all that."""

    reply: bool
    patch: bool
    version: str | None
    part: int | None
    total: int | None
    title: str


@lru_cache(maxsize=4096)
def version_key(version: str | None) -> tuple[int, ...]:
    """Return a version as numbers: "11.1" after "11"."""
    return tuple(int(part) for part in re.findall(r"[0-9]{1,9}", version or "")) or (0,)


@lru_cache(maxsize=4096)
def read_subject(text: str) -> Subject:
    """Read a subject.

    Accepted form: `Re: [RFC PATCH RESEND v11.1 03/20] title`, any of it missing and in any order; `[PATCHv11 18/19]`; patchwork's
    `[v15,2/3] title`; `(v2)` at the end of the title.
    """
    bare = _PREFIX.sub("", text)
    reply = bare != text
    version = part = total = None
    patch = False
    while found := _BRACKET.match(bare):
        inner = found.group(1)
        number = _PART.search(inner)
        named = _VERSION.search(inner)
        patch |= bool(_SKIP.search(inner) or number)
        if number:
            part, total = int(number.group(1)), int(number.group(2))
        version = named.group(1) if named else version
        bare = bare[found.end() :]
    title = " ".join(bare.split())
    ending = _AT_END.search(title[-40:]) if patch else None
    if ending and ending.start() + len(title[:-40]) > 0:
        version = version or ending.group(1) or ending.group(2)
        title = title[: len(title[:-40]) + ending.start()]
    if patch and version is None:
        version = "1"
    return Subject(reply, patch, version, part, total, title)


def build_messages(mails: Iterable[Mail]) -> tuple[Message, ...]:
    """Link mails to messages, oldest first where they are dated; what others quote of missing mails is rebuilt."""
    known = {mail.message_id: mail for mail in mails}
    lines = {name: parse_lines(mail.body) for name, mail in known.items()}
    rebuilt = rebuilt_mails(known, lines)
    for name, mail in rebuilt.items():
        known[name] = mail
        lines[name] = parse_lines(mail.body)
    parents = _without_cycles({name: _parent(mail, known, lines) for name, mail in known.items()})
    messages = []
    for name, mail in known.items():
        parent, gap = parents[name]
        subject = read_subject(mail.subject)
        kind = message_kind(mail, subject, lines[name])
        messages.append(Message(mail, parent, kind, lines[name], gap, subject.version, subject.part, subject.total, name in rebuilt))
    return _ordered(messages)


def message_kind(mail: Mail, subject: Subject, lines: Sequence[MailLine]) -> Kind:
    """Tell patches, cover letters and mails from robots apart from what people reply."""
    who = f"{mail.author} <{mail.address or ''}>".lower()
    if phrases("bot").search(who) or phrases("notice").search(_first_words(lines)):
        return "bot"
    diff = any(line.level == 0 and line.text.startswith(("diff --git ", "+++ ", "@@ -")) for line in lines)
    if subject.reply or not subject.patch:
        own_patch = any(line.level == 0 and line.text.startswith("---") for line in lines) and diff
        return "patch" if own_patch and not any(line.level for line in lines) and not subject.reply else "reply"
    if subject.part == 0 or not diff:
        return "cover" if subject.part == 0 or not any(line.level == 0 and line.text.startswith("+") for line in lines) else "patch"
    return "patch"


def _first_words(lines: Sequence[MailLine]) -> str:
    """Return the first own words of a mail, as one line."""
    own = islice((line.text for line in lines if not line.level and line.text.strip()), _FEW)
    return " ".join(" ".join(own).split())[:_OPENING]


def _parent(mail: Mail, known: dict[str, Mail], lines: dict[str, tuple[MailLine, ...]]) -> tuple[str | None, int]:
    """Return the nearest known mail above and how many are missing in between."""
    links = list(dict.fromkeys([*mail.in_reply_to[:1], *reversed(mail.references)]))
    for gap, link in enumerate(links):
        if link in known and link != mail.message_id:
            return link, gap
    if not links and read_subject(mail.subject).reply:
        return _quoted_parent(mail, known, lines), 0
    return None, len(links)


def _quoted_parent(mail: Mail, known: dict[str, Mail], lines: dict[str, tuple[MailLine, ...]]) -> str | None:
    """Find the parent of a mail that links to none: the mail of that subject whose own words it quotes most, else the oldest."""
    title = read_subject(mail.subject).title.lower()
    asked = {squeeze(line.text) for line in lines[mail.message_id] if line.level == 1 and len(line.text) > 8}
    best, most = None, 0
    first = None
    for name, other in known.items():
        if name == mail.message_id or read_subject(other.subject).title.lower() != title:
            continue
        if mail.date and other.date and other.date > mail.date:
            continue
        own = {squeeze(line.text) for line in own_lines(lines[name])}
        if len(asked & own) > most:
            best, most = name, len(asked & own)
        first = first or (name if not read_subject(other.subject).reply else None)
    return best or first


def _without_cycles(parents: dict[str, tuple[str | None, int]]) -> dict[str, tuple[str | None, int]]:
    """Cut every cycle of parents at the mail where it is noticed."""
    safe: set[str] = set()
    for start in parents:
        path: list[str] = []
        on_path: set[str] = set()
        name: str | None = start
        while name is not None and name not in safe:
            if name in on_path:
                parents[path[-1]] = (None, 0)
                break
            path.append(name)
            on_path.add(name)
            name = parents[name][0]
        safe.update(path)
    return parents


def _ordered(messages: list[Message]) -> tuple[Message, ...]:
    """Sort by date; a mail without a date stands where it was read, a rebuilt one before the mail that quotes it."""
    dates: dict[str, int] = {}
    last = 0
    for message in messages:
        last = message.mail.date if message.mail.date is not None else last
        dates[message.mail.message_id] = last
    for message in messages:
        if message.rebuilt:
            below = [dates[m.mail.message_id] for m in messages if m.parent == message.mail.message_id]
            dates[message.mail.message_id] = min(below, default=last) - 1
    depth = _depths(messages)
    return tuple(sorted(messages, key=lambda m: (dates[m.mail.message_id], depth[m.mail.message_id])))


def _depths(messages: Sequence[Message]) -> dict[str, int]:
    parents = {m.mail.message_id: m.parent for m in messages}
    depths: dict[str, int] = {}
    for start in parents:
        path = []
        name: str | None = start
        while name is not None and name not in depths:
            path.append(name)
            name = parents.get(name)
        base = depths[name] if name is not None else -1
        for step, item in enumerate(reversed(path), 1):
            depths[item] = base + step
    return depths


def chain(message: Message, by_id: dict[str, Message]) -> list[Message | None]:
    """Return the ancestors that quotes can tell apart, nearest first; None stands for each mail that is missing in between."""
    above: list[Message | None] = []
    current = message
    while current.parent is not None and len(above) < LEVELS:
        above.extend([None] * current.gap)
        current = by_id[current.parent]
        above.append(current)
    return above
