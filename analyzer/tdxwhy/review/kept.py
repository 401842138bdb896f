"""Whether promises were kept: looked for in the later versions of the whole series, and in a tree where one is given."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tdxwhy.records import Evidence, Place
from tdxwhy.review.lines import squeeze
from tdxwhy.review.nouns import Commitment, Kept, Message, Proposal
from tdxwhy.review.people import name_key
from tdxwhy.review.posted import Later
from tdxwhy.review.talk import View
from tdxwhy.review.words import phrases, word_class

_WORD = re.compile(r"[A-Za-z_][\w.]{3,}")


def settle(view: View, message: Message, commitment: Commitment, later: Later, proposals: Sequence[Proposal]) -> Commitment:
    """Return a commitment with what became of it as far as later versions show; without any it stays unknown."""
    if not later.series:
        return commitment
    kept, where = _judged(view, message, commitment, later, proposals)
    return commitment._replace(kept=kept, kept_by=where)


def _judged(
    view: View, message: Message, commitment: Commitment, later: Later, proposals: Sequence[Proposal]
) -> tuple[Kept, Evidence | None]:
    text = commitment.evidence.quote
    if phrases("drops").search(text) and not later.patches:
        first = later.series[0]
        return "yes", Evidence(Place(first.mail.place.source, None, first.mail.message_id), first.mail.subject)
    if not later.patches:
        return _by_history(message, commitment, later)
    quoted = view.quoted_above(message, commitment.evidence.place.line or 1)
    offered = _shown_below(message, commitment, proposals) or _offered_above(message, quoted, proposals)
    if offered is not None and offered.adopted in ("yes", "partly"):
        target = next((m for m in later.patches if m.mail.message_id == offered.adopted_in), later.patches[0])
        return ("yes" if offered.adopted == "yes" else "partly"), _line_in(target, offered.text)
    return _by_lines(view, message, commitment, later, quoted) or _by_history(message, commitment, later)


def _by_lines(
    view: View, message: Message, commitment: Commitment, later: Later, quoted: int | None
) -> tuple[Kept, Evidence | None] | None:
    """Look whether the patch lines above the request are still there; what stayed tells only that a removal was not made."""
    criticised = _criticised(view, message, quoted)
    if not criticised:
        return None
    for patch in later.patches:
        whole = _plain(patch)
        if any(piece not in whole for piece in criticised):
            return "yes", Evidence(Place(patch.mail.place.source, None, patch.mail.message_id), "the lines criticised are gone or changed")
    return ("no", None) if phrases("removes").search(commitment.evidence.quote) else None


def _shown_below(message: Message, commitment: Commitment, proposals: Sequence[Proposal]) -> Proposal | None:
    """Return the code that a promise shows below itself."""
    if not phrases("below").search(commitment.evidence.quote):
        return None
    line = commitment.evidence.place.line or 0
    own = [one for one in proposals if one.evidence.place.message_id == message.mail.message_id]
    return next((one for one in own if 0 < (one.evidence.place.line or 0) - line <= 6), None)


def _offered_above(message: Message, quoted: int | None, proposals: Sequence[Proposal]) -> Proposal | None:
    """Return the proposal that the promise stands under."""
    if quoted is None:
        return None
    run = _run_above(message, quoted)
    words = {squeeze(message.lines[index].text) for index in run}
    for proposal in proposals:
        pieces = [squeeze(line) for line in proposal.text.split("\n") if len(squeeze(line)) >= 8]
        if pieces and sum(piece in words for piece in pieces) >= 0.5 * len(pieces):
            return proposal
    return None


def _run_above(message: Message, quoted: int) -> range:
    start = quoted
    while start > 0 and message.lines[start - 1].level:
        start -= 1
    return range(start, quoted + 1)


def _criticised(view: View, message: Message, quoted: int | None) -> list[str]:
    """Return the patch lines directly above the request that the promise answers, without blanks and marks."""
    if quoted is None:
        return []
    speakers = view.speakers.lines(message)
    found: list[str] = []
    for index in reversed(_run_above(message, quoted)):
        speaker = speakers[index]
        origin = view.by_id.get(speaker.origin) if speaker and speaker.origin else None
        if origin is None or origin.kind != "patch":
            if found:
                break
            continue
        piece = _bare(message.lines[index].text)
        if len(piece) >= 12:
            found.append(piece)
        if len(found) >= 4:
            break
    return found


def _bare(text: str) -> str:
    return squeeze(re.sub(r"^[+ ]?\s*\*?\s*", "", text))


def _plain(message: Message) -> str:
    return "".join(_bare(line.text) for line in message.lines if not line.level and not line.text.startswith("-"))


def _line_in(message: Message, text: str) -> Evidence:
    pieces = [piece for line in text.split("\n") if len(piece := _bare(line)) >= 8]
    for line in message.lines:
        if any(piece in _bare(line.text) for piece in pieces):
            return Evidence(Place(message.mail.place.source, line.number, message.mail.message_id), line.text.strip())
    return Evidence(Place(message.mail.place.source, None, message.mail.message_id), message.mail.subject)


def _by_history(message: Message, commitment: Commitment, later: Later) -> tuple[Kept, Evidence | None]:
    """Look for the promise's words in the change notes of later versions; a note that names the reviewer counts in part."""
    words = _content(f"{commitment.object} {commitment.evidence.quote}")
    asker = name_key(message.mail.recipients[0]) if message.mail.recipients else frozenset()
    best: tuple[int, Kept, Evidence] | None = None
    for patch in (*later.patches, *later.series):
        for line in patch.lines:
            if line.level or not line.text.lstrip().startswith(("-", "*", "o ")):
                continue
            shared = words & _content(line.text)
            credited = bool(asker & name_key(line.text))
            score = 2 * len(shared) + credited
            taken = phrases("removes").search(line.text) and not phrases("removes").search(commitment.evidence.quote)
            kept: Kept = "superseded" if taken else "yes" if len(shared) >= 2 else "partly"
            if score >= 3 and (best is None or score > best[0]):
                best = score, kept, Evidence(Place(patch.mail.place.source, line.number, patch.mail.message_id), line.text.strip())
    return (best[1], best[2]) if best else ("unknown", None)


def _content(text: str) -> set[str]:
    return {word.lower().rstrip("s.") for word in _WORD.findall(text)} - word_class("common") - word_class("talk")
