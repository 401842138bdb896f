"""What stands directly under a remark in later mails."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from tdxwhy.review.answers import find_answer
from tdxwhy.review.changes import identifiers
from tdxwhy.review.labels import asks, response_kind
from tdxwhy.review.nouns import Message, Response
from tdxwhy.review.phrases import phrases
from tdxwhy.review.regions import LONGEST, Point, points
from tdxwhy.review.remarks import Found, Remarks
from tdxwhy.review.view import Said, View, evidence

# Responses that are kept of one remark, the oldest.
_MOST = 100


class Responses:
    """Links every piece that an author writes under somebody's remarks to these."""

    def __init__(self, remarks: Remarks) -> None:
        """Take a thread whose remarks were all found."""
        self._remarks = remarks
        self._of: dict[tuple[str, int], list[Response]] = {}
        self._naming: dict[tuple[str, str], list[Response]] = {}
        for message in remarks.view.messages:
            if message.kind in ("reply", "patch"):
                self._take(message)

    def of(self, found: Found) -> list[Response]:
        """Return what stands under a remark, oldest first."""
        return self._of.get(_key(found), [])

    def _take(self, message: Message) -> None:
        own = self._remarks.regions(message)
        quoting = any(region.about is not None for region in own)
        for region in own:
            answered = self._remarks.under(message, region) if quoting else self._remarks.of(message.parent)
            if not answered:
                continue
            said = points(self._remarks.view, message, region)
            if quoting and said and said[0].sentences and phrases("of-all").search(said[0].sentences[0].text):
                answered = self._remarks.above(message, region)
            by_author = self._remarks.is_author(message)
            for remark in answered:
                if len(self._of.get(_key(remark), ())) >= _MOST:
                    continue
                made = _pieces(message, said, remark, own=by_author)
                self._of.setdefault(_key(remark), []).extend(made)
                if by_author and quoting:
                    self._note(remark, made[:1])

    def _note(self, remark: Found, made: Sequence[Response]) -> None:
        """Remember what the author does under one remark, by each name of code that it has and the remark has not."""
        for response in made:
            if response.kind in ("agrees", "done"):
                for name in identifiers(response.evidence.quote) - identifiers(remark.text):
                    self._naming.setdefault((remark.message.mail.message_id, name), []).append(response)

    def named(self, found: Found) -> list[Response]:
        """Return what the author did under another remark of the same mail with the very names of code that this one has.

        Only for a remark that nobody answers in its own place, and only where a name leads to one answer alone.
        """
        at = found.message.mail.message_id
        led = [self._naming.get((at, name), []) for name in sorted(identifiers(found.text))]
        told = [one[0] for one in led if len({(each.evidence.place.message_id, each.evidence.place.line) for each in one}) == 1]
        return told[:1]


def _key(found: Found) -> tuple[str, int]:
    return found.message.mail.message_id, found.start


def _pieces(message: Message, said: Sequence[Point], remark: Found, *, own: bool) -> list[Response]:
    """Return a piece as responses of bounded length; what it does about the remark, the first one says."""
    made: list[Response] = []
    held: list[Point] = []
    for point in [*said, None]:
        if held and (point is None or sum(len(one.text) + 2 for one in held) + len(point.text) > LONGEST):
            spoken = [sentence for one in held for sentence in one.sentences]
            text = "\n\n".join(one.text for one in held)[:LONGEST]
            kind = "explains" if made else response_kind(spoken, "comment" if remark.place == "argues" else remark.kind, own=own)
            made.append(Response(evidence(message, text, held[0].start), message.mail.author, kind))
            held = []
        if point is not None:
            held.append(point)
    return made


def called(view: View, found: Found) -> tuple[str, ...]:
    """Return the people whom a remark calls by name."""
    return next((said.called for said in _said(view, found) if said.direct), ())


def _said(view: View, found: Found) -> Iterator[Said]:
    said = view.said(found.message)
    for index in range(bisect_left(said, found.start, key=lambda one: one.sentence.start), len(said)):
        if said[index].sentence.end > found.end:
            break
        yield said[index]


def elsewhere(remarks: Remarks, found: Found, responses: Sequence[Response]) -> list[Response]:
    """Return an answer to a question that stands elsewhere.

    That is in a later mail to the asker by name or, to a mere prompt, anywhere in the reply.
    """
    if found.kind not in ("question", "request") or responses:
        return []
    view = remarks.view
    asked = next((said for said in _said(view, found) if asks(said.sentence)), None)
    if asked is None:
        return []
    answer = find_answer(view, found.message, asked, asked.sentence.end)
    if answer.evidence is None or answer.by is None:
        return []
    return [Response(answer.evidence, answer.by, "defers" if answer.status == "deflected" else "explains")]
