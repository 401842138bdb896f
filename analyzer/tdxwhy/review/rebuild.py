"""Mails that we have not, rebuilt from what others quote of them: one page of an archive then gives the whole conversation."""

from __future__ import annotations

from collections.abc import Sequence

from tdxwhy.read.mail.nouns import Mail
from tdxwhy.records import Place
from tdxwhy.review.attribution import attributed_name, attribution_at
from tdxwhy.review.lines import render_quoted
from tdxwhy.review.nouns import MailLine


def rebuilt_mails(known: dict[str, Mail], lines: dict[str, tuple[MailLine, ...]]) -> dict[str, Mail]:
    """Return the missing ancestors of all mails that quote them, under their own Message-IDs where those are known.

    A level becomes a mail only if an attribution line says who speaks there. Where several mails quote the same missing one, the longest
    quote is taken.
    """
    made: dict[str, Mail] = {}
    for mail in known.values():
        links = list(dict.fromkeys([*mail.in_reply_to[:1], *reversed(mail.references)]))
        missing = next((index for index, link in enumerate(links) if link in known), len(links))
        if (links and not missing) or (not links and _answers_known(mail, known)):
            continue
        names = speakers(lines[mail.message_id])
        count = min(missing, len(names)) if missing < len(links) else len(names)
        for level in range(1, count + 1):
            ghost = _ghost(mail, lines[mail.message_id], level, names, links)
            if ghost is None:
                break
            if ghost.message_id not in made or len(ghost.body) > len(made[ghost.message_id].body):
                made[ghost.message_id] = ghost
    return made


def _answers_known(mail: Mail, known: dict[str, Mail]) -> bool:
    """A mail without links is taken to answer a known mail if there are others; then nothing is rebuilt for it."""
    return len(known) > 1


def speakers(lines: Sequence[MailLine]) -> list[str]:
    """Return the names of the speakers of level 1, 2, ... as far as attribution lines name them one below the other."""
    names: dict[int, str] = {}
    for index, line in enumerate(lines):
        if line.level not in names and line.text.strip():
            end = attribution_at(lines, index)
            if end is not None:
                name = attributed_name(" ".join(part.text for part in lines[index : end + 1]))
                if name:
                    names[line.level] = name
    found: list[str] = []
    while len(found) in names:
        found.append(names[len(found)])
    return found


def _ghost(mail: Mail, lines: tuple[MailLine, ...], level: int, names: list[str], links: list[str]) -> Mail | None:
    body = render_quoted(lines, level)
    if not body.strip():
        return None
    name = links[level - 1] if level <= len(links) else f"{mail.message_id}#quoted-{level}"
    above = links[level : level + 1] or ([f"{mail.message_id}#quoted-{level + 1}"] if level < len(names) else [])
    bare = mail.subject
    while bare[:3].lower() == "re:":
        bare = bare[3:].lstrip()
    return Mail(
        place=Place(mail.place.source, mail.place.line, name),
        message_id=name,
        author=names[level - 1],
        address=None,
        subject=f"Re: {bare}" if above or level < len(links) else bare,
        date=None,
        in_reply_to=tuple(above),
        references=tuple(reversed(links[level:])),
        recipients=(),
        body=body,
        notes=(f"rebuilt from what {mail.author} quotes",),
        made_id=level > len(links),
    )
