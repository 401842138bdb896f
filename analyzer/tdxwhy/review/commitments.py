"""What people say that they will do, are doing, or forgot to do."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from tdxwhy.review.labels import OF_AUTHOR, promised, yields
from tdxwhy.review.nouns import Commitment, Message, Remark, Response
from tdxwhy.review.phrases import Phrase, phrases
from tdxwhy.review.view import Said, View, evidence

_LONGEST = 380
_MOST = 40
# Odds from which an answer is listed as a promise, as a logarithm: it is likelier than not.
_EVEN = 0.0
_LEAD = re.compile(
    r"^.*?\b(?:will|'ll|shall|going to|plan to|intend to|promise to|can|let me|am|I'm|forgot to|have|be happy to)\b\s*"
    r"(?:also |just |then )?",
    re.IGNORECASE,
)
_EMPTY = re.compile(
    r"^(?:(?:ok|okay|sure|yes|yep|agreed?|ack|right|done|fixed|removed|dropped|changed|updated|added|will)\W{1,3})*"
    r"(?:do|fix|change|remove|update|add|move|use|take|drop|rename|address|look|check|try)?\s*+"
    r"(?:it|this|that|them|so|too|as well|accordingly|in (?:the )?next version|in v\d+|thanks?|\W)*$",
    re.IGNORECASE,
)
_SPOKEN_OF = re.compile(r"\b(?:she|he|(?:from|in|of) (?:my|our|the) (?:team|lab|group|side|company))\b")
_WITH = re.compile(r"\bwith ([A-Z][a-z]+)\b")


def find_commitments(view: View, message: Message, answers: Sequence[tuple[Remark, Response]] = ()) -> list[Commitment]:
    """Return the commitments of a reply, or what a patch announces; whether they were kept is looked for elsewhere.

    Beside what the words alone commit to, what the patch's author answers to a remark: a change that is reported, or plain assent to what
    was asked. `answers` are the mail's responses with the remarks that they answer.
    """
    if message.kind in ("patch", "cover"):
        return _announced(view, message)
    if message.kind != "reply":
        return []
    found: dict[int, Commitment] = {}
    for number, said in enumerate(view.said(message)):
        text = said.sentence.text
        if said.sentence.asks or said.block.kind != "prose" or len(text) > 1500:
            continue
        committed = _committed(view, message, text)
        if committed is not None:
            phrase, person = committed
            found[number] = _made(view, message, said, phrase.kind, person or message.mail.author)
    for number, kind in _answered(view, message, answers):
        found.setdefault(number, _made(view, message, view.said(message)[number], kind, message.mail.author))
    return [found[number] for number in sorted(found)]


def _announced(view: View, message: Message) -> list[Commitment]:
    """Return what a patch or its cover letter announces for later: its other words tell what the code does."""
    return [
        _made(view, message, said, "will-do", message.mail.author)
        for said in view.said(message)
        if said.block.kind == "prose" and not said.sentence.asks and phrases("announces").search(said.sentence.text)
    ]


def _made(view: View, message: Message, said: Said, kind: str, owner: str) -> Commitment:
    return Commitment(
        evidence=evidence(message, said.sentence.text[:_LONGEST], said.sentence.start),
        owner=view.people.known_as(owner),
        object=_object(view, message, said),
        kind=kind,
        kept="unknown",
        kept_by=None,
        helper=_helper(view, said.sentence.text, owner),
    )


def _answered(view: View, message: Message, answers: Sequence[tuple[Remark, Response]]) -> Iterator[tuple[int, str]]:
    """Yield the sentences with which a patch's author agrees to a remark or says that it is done, by their number in the mail."""
    sayings = view.said(message)
    seen: set[int] = set()
    for remark, response in answers:
        start = response.evidence.place.line or 0
        if response.kind not in ("agrees", "done") or start in seen or not _wrote_patch(view, message):
            continue
        seen.add(start)
        first = bisect_left(sayings, start, key=lambda said: said.sentence.start)
        told = [number for number in range(first, len(sayings)) if sayings[number].about == sayings[first].about][:_MOST]
        reported = [number for number in told if not sayings[number].sentence.asks and _reports(sayings[number])]
        committed = [number for number in told if _committed(view, message, sayings[number].sentence.text)]
        if reported:
            yield reported[0], "reported change"
        elif not committed and told:
            spoken = [sayings[number].sentence for number in told]
            meant = promised(spoken, remark.kind, _EVEN)
            if meant is not None or (remark.kind in ("request", "objection") and yields(spoken[0])):
                yield told[spoken.index(meant) if meant is not None else 0], "agreement"


def _reports(said: Said) -> bool:
    return phrases("reported").search(said.sentence.text) is not None


def _committed(view: View, message: Message, text: str) -> tuple[Phrase, str | None] | None:
    """Return the phrase that commits, and the person if it is somebody else."""
    for phrase in phrases("commitment").phrases:
        match = phrase.match(text)
        if match is None:
            continue
        if phrase.kind == "third-person":
            person = view.people.find(match.group("name")) or _outsider(match.group("name"), text)
            if person:
                return phrase, person
        elif phrase.kind not in OF_AUTHOR or _wrote_patch(view, message):
            return phrase, None
    return None


def _outsider(name: str, text: str) -> str | None:
    """Return a name as a text spells it whose owner is not in the thread: spoken of as she or he, or one who gave their word."""
    if re.search(rf"\b(?i:the {re.escape(name)}) ha(?:s|ve) promised\b", text):
        return name
    spelt = re.search(rf"\b{re.escape(name.title())}\b", text)
    return spelt[0] if spelt is not None and _SPOKEN_OF.search(text) else None


def _wrote_patch(view: View, message: Message) -> bool:
    """Tell whether a mail's author wrote a patch above it, or, where none is here, the mail that began the thread."""
    return any(view.people.same(name, message.mail.author) for name in view.patch_authors(message))


def _object(view: View, message: Message, said: Said) -> str:
    """Say what is promised: the words behind the verb, or, where they only point, the words that they point to."""
    rest = _LEAD.sub("", said.sentence.text).strip(" .!")
    if not _EMPTY.match(rest):
        return rest[:200]
    about = view.about(message, said.about)
    return " ".join(about.quote.split())[:200] if about else rest


def _helper(view: View, text: str, owner: str) -> str | None:
    found = _WITH.search(text)
    if not found:
        return None
    name = view.people.find(found.group(1))
    return found.group(1) if name is None else None if view.people.same(name, owner) else name
