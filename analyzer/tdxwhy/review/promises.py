"""Whether promises were kept: said only where a line of a later mail or version shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tdxwhy.noun import NamedTuple
from tdxwhy.records import Evidence, Place
from tdxwhy.review.changes import content, identifiers, named_in, notes, proof
from tdxwhy.review.lines import squeeze
from tdxwhy.review.nouns import Commitment, Kept, MailLine, Message, Proposal, Remark, Response
from tdxwhy.review.phrases import phrases
from tdxwhy.review.posted import Posted
from tdxwhy.review.view import View

_TAKES = re.compile(
    r"\b(?:remov(?:e|ed|ing)|drop(?:ped|ping)?|delet(?:e|ed|ing)|kill(?:ed|ing)?|get rid of|got rid of|eliminat(?:e|ed|ing)|strip(?:ped)?) "
    r"(?P<what>[^,;.]{1,120})",
    re.IGNORECASE,
)
_TAKEN = re.compile(r"\W{0,8}(?:remov|drop|delet|revert|gave up|no longer)", re.IGNORECASE)
_ENDS = re.compile(r"\b(?:and|with|from|in|to|for|since|because|as|but|which|that|so)\b", re.IGNORECASE)
_SHOWN = 6
_HEADS = ("+++", "---", "@@", "diff ", "index ")

Verdict = tuple[Kept, Evidence | None]


class Promised(NamedTuple):
    """A promise with the mail that it stands in, what it answers, and everything after it that could show whether it was kept."""

    message: Message
    commitment: Commitment
    answers: Sequence[tuple[Remark, Response]]
    proposals: Sequence[Proposal]


class Keeping:
    """Looks for what became of promises: in later mails, in the next version of the patch, in the later series."""

    def __init__(self, view: View, posted: Posted, remarks: Sequence[Remark]) -> None:
        """Take a thread, the patches of all versions, and the thread's remarks."""
        self._view, self._posted = view, posted
        self._on: dict[str, list[Remark]] = {}
        for remark in remarks:
            if remark.on is not None and remark.on.message_id is not None:
                self._on.setdefault(remark.on.message_id, []).append(remark)

    def settle(self, promised: Promised) -> Commitment:
        """Return a commitment with what became of it as far as a line shows; without one it stays unknown."""
        verdict = self._taken_back(promised) or self._in_versions(promised)
        return promised.commitment._replace(kept=verdict[0], kept_by=verdict[1]) if verdict else promised.commitment

    def _taken_back(self, promised: Promised) -> Verdict | None:
        """Look whether somebody spoke against the promise and its owner gave in."""
        line = promised.commitment.evidence.place.line or 0
        for remark in self._on.get(promised.message.mail.message_id, ()):
            if remark.on is None or line not in remark.on.lines or not phrases("countermands").search(remark.evidence.quote):
                continue
            for response in remark.responses:
                own = self._view.people.same(response.author, promised.commitment.owner)
                gives_in = response.kind in ("agrees", "done") or phrases("withdraws").search(response.evidence.quote)
                if own and gives_in:
                    return "superseded", response.evidence
        return None

    def _in_versions(self, promised: Promised) -> Verdict | None:
        later = self._posted.after(promised.message)
        patch = self._posted.patch_above(promised.message)
        following = self._posted.next_of(patch) if patch is not None else None
        if not later.series:
            return None
        text = promised.commitment.evidence.quote
        if following is None or patch is None:
            return self._dropped(text, later.series) or self._noted(promised, later.series)
        return (
            self._offered(promised, later.patches)
            or self._by_names(text, patch, following)
            or self._by_remark(promised)
            or self._noted(promised, (following, *self._posted.series_of(following)))
        )

    def _dropped(self, text: str, series: Sequence[Message]) -> Verdict | None:
        """Look whether a patch that was to go is no longer there: a later version of the series is here with all its patches."""
        if not phrases("drops").search(text):
            return None
        for first in series:
            parts = {one.part for one in series if one.version == first.version and one.total == first.total and one.part}
            if first.total is None or len(parts) == first.total:
                mail = first.mail
                return "yes", Evidence(Place(mail.place.source, None, mail.message_id), mail.subject)
        return None

    def _offered(self, promised: Promised, later: Sequence[Message]) -> Verdict | None:
        """Look whether the text or code that the promise takes up, or shows, stands in a later version."""
        quoted = self._view.quoted_above(promised.message, promised.commitment.evidence.place.line or 1)
        offered = _shown_below(promised) or _offered_above(promised, quoted)
        if offered is None or offered.adopted not in ("yes", "partly"):
            return None
        target = next((m for m in later if m.mail.message_id == offered.adopted_in), None)
        line = _line_in(target, offered.text, self._posted.patch_above(promised.message)) if target is not None else None
        return ("yes" if offered.adopted == "yes" else "partly", line) if line is not None else None

    def _by_names(self, text: str, patch: Message, following: Message) -> Verdict | None:
        """Look for the names of code that a promise adds or takes away."""
        taken = frozenset(name for found in _TAKES.finditer(text[:2000]) for name in identifiers(_ENDS.split(found.group("what"))[0]))
        still = next((line for line in _added(following) if identifiers(line.text) & taken), None)
        if still is not None:
            return "no", proof(following, still)
        old = frozenset(name for line in _added(patch) for name in identifiers(line.text))
        wanted = identifiers(text) - taken - old
        fresh = next((line for line in _added(following) if identifiers(line.text) & wanted), None)
        return ("yes", proof(following, fresh)) if fresh is not None else None

    def _by_remark(self, promised: Promised) -> Verdict | None:
        """Look at what became of the lines of the remark that the promise answers."""
        text = promised.commitment.evidence.quote
        takes = phrases("removes").search(text) is not None
        for remark, _ in promised.answers:
            after, shown = remark.next, remark.next.evidence
            if shown is None:
                continue
            if takes and after.state == "unchanged" and shown.quote.startswith("+"):
                return "no", shown
            if after.state == "noted":
                return _by_note(shown, takes=takes)
            if takes and after.state == "gone":
                return "yes", shown
            if after.state == "changed" and _as_asked(f"{text} {remark.evidence.quote}", remark, shown):
                return "yes", shown
        return None

    def _noted(self, promised: Promised, series: Sequence[Message]) -> Verdict | None:
        """Look for a change note that names what was promised."""
        said = " ".join(
            [promised.commitment.object, promised.commitment.evidence.quote, *(one.evidence.quote for one, _ in promised.answers)]
        )
        version = promised.message.version
        note = named_in((note for message in series for note in notes(message, version)), said)
        if note is None:
            return None
        takes = phrases("removes").search(promised.commitment.evidence.quote) is not None
        return _by_note(proof(note.message, note.message.lines[note.number - 1]), takes=takes)


def _by_note(shown: Evidence, *, takes: bool) -> Verdict | None:
    """Judge by a change note: one that takes away what was to be added tells that the promise was superseded."""
    if takes or not phrases("removes").search(shown.quote):
        return "yes", shown
    return ("superseded", shown) if _TAKEN.match(shown.quote) else None


def _as_asked(said: str, remark: Remark, shown: Evidence) -> bool:
    """Tell whether a new line has what was asked for and what the old lines did not have: a name, or two words."""
    quoted = remark.on.quote if remark.on is not None else ""
    names = (identifiers(said) - identifiers(quoted)) & identifiers(shown.quote)
    words = (content(said) - content(quoted)) & content(shown.quote)
    return bool(names) or len(words) > 1


def _added(patch: Message) -> Iterator[MailLine]:
    return (line for line in patch.lines if not line.level and line.text.startswith("+") and not line.text.startswith("+++"))


def _shown_below(promised: Promised) -> Proposal | None:
    """Return the code that a promise shows below itself."""
    if not phrases("below").search(promised.commitment.evidence.quote):
        return None
    line = promised.commitment.evidence.place.line or 0
    own = [one for one in promised.proposals if one.evidence.place.message_id == promised.message.mail.message_id]
    return next((one for one in own if 0 < (one.evidence.place.line or 0) - line <= _SHOWN), None)


def _offered_above(promised: Promised, quoted: int | None) -> Proposal | None:
    """Return the proposal that the promise stands under, the last one if there are several."""
    if quoted is None:
        return None
    start = quoted
    lines = promised.message.lines
    while start > 0 and lines[start - 1].level:
        start -= 1
    words = {squeeze(line.text) for line in lines[start : quoted + 1]}
    for proposal in reversed(promised.proposals):
        pieces = [squeeze(line) for line in proposal.text.split("\n") if len(squeeze(line)) >= 8]
        if pieces and sum(piece in words for piece in pieces) >= 0.5 * len(pieces):
            return proposal
    return None


def _bare(text: str) -> str:
    return squeeze(re.sub(r"^[+ ]?\s{0,200}\*?", "", text))


def _line_in(message: Message, text: str, old: Message | None) -> Evidence | None:
    """Return the line of a patch that has a piece of a text, if possible one that an earlier version did not have."""
    pieces = [piece for line in text.split("\n") if not line.startswith(_HEADS) and len(piece := _bare(line)) >= 8]
    had = {_bare(line.text) for line in old.lines if not line.level} if old is not None else set()
    lines = [line for line in message.lines if not line.level and any(piece in _bare(line.text) for piece in pieces)]
    found = next((line for line in lines if _bare(line.text) not in had), lines[0] if lines else None)
    return proof(message, found) if found is not None else None
