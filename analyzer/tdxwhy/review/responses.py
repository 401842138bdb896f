"""What stands directly under a remark in later mails, and whether that closes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tdxwhy.review.answers import find_answer
from tdxwhy.review.labels import asks, response_kind
from tdxwhy.review.next_version import NextVersions
from tdxwhy.review.nouns import Message, Remark, RemarkStatus, Response
from tdxwhy.review.posted import Posted
from tdxwhy.review.regions import LONGEST, Point, points
from tdxwhy.review.remarks import Found, Remarks
from tdxwhy.review.talk import Said, View, evidence
from tdxwhy.review.words import phrases


class Responses:
    """Links every piece that an author writes under somebody's remarks to these."""

    def __init__(self, remarks: Remarks) -> None:
        """Take a thread whose remarks were all found."""
        self._remarks = remarks
        self._of: dict[tuple[str, int], list[Response]] = {}
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
            for remark in answered:
                self._of.setdefault(_key(remark), []).extend(_pieces(message, said, remark))


def _key(found: Found) -> tuple[str, int]:
    return found.message.mail.message_id, found.start


def _pieces(message: Message, said: Sequence[Point], remark: Found) -> list[Response]:
    """Return a piece as responses of bounded length; thanks alone answer nothing, unless nothing else is said."""
    made: list[Response] = []
    held: list[Point] = []
    for point in [*said, None]:
        if held and (point is None or sum(len(one.text) + 2 for one in held) + len(point.text) > LONGEST):
            spoken = [sentence for one in held for sentence in one.sentences]
            text = "\n\n".join(one.text for one in held)[:LONGEST]
            kind = response_kind(spoken, remark.kind)
            made.append(Response(evidence(message, text, held[0].start), message.mail.author, kind))
            held = []
        if point is not None:
            held.append(point)
    return made


def find_remarks(view: View, posted: Posted) -> list[Remark]:
    """Return the remarks of a thread with what answered them."""
    remarks = Remarks(view)
    found = [one for message in view.messages for one in remarks.find(message)]
    responses = Responses(remarks)
    following = NextVersions(remarks, posted)
    made = []
    for one in found:
        answers = responses.of(one)
        answers += _elsewhere(remarks, one, answers)
        after = following.what(one, answers)
        state = status(remarks, one, answers)
        if state == "agreed" and after.state == "unchanged" and one.kind in ("request", "objection"):
            state = "open"
        where = evidence(one.message, one.text, one.start)
        made.append(Remark(where, one.end, one.message.mail.author, one.kind, one.on, tuple(answers), state, after))
    return made


def status(remarks: Remarks, found: Found, responses: Sequence[Response]) -> RemarkStatus:
    """Return the status of a remark: whether it was closed, and how.

    Only an answer by the patch's author closes a reader's remark, or its own author who withdraws it; a question by the patch's author is
    closed by any answer. A refusal or an objection is closed by assent alone.
    """
    if found.kind == "approval":
        return "settled"
    same = remarks.view.people.same
    asker, author = found.message.mail.author, remarks.author(found.message)
    own = [one for one in responses if same(one.author, asker)]
    if not same(asker, author) and any(phrases("withdraws").search(one.evidence.quote) for one in own):
        return "settled"
    called = _called(remarks.view, found)
    told = [one for one in responses if same(one.author, author) or (same(asker, author) and _asked(remarks.view, one, called))]
    kinds = {one.kind for one in told}
    if kinds & {"agrees", "done"}:
        return "agreed"
    if not kinds or found.kind == "objection":
        return "open"
    return "disputed" if kinds == {"disagrees"} and found.kind != "question" else "answered"


def _called(view: View, found: Found) -> tuple[str, ...]:
    """Return the people whom a remark calls by name."""
    return next((said.called for said in _said(view, found) if said.direct), ())


def _asked(view: View, response: Response, called: Sequence[str]) -> bool:
    return not called or any(view.people.same(response.author, name) for name in called)


def _said(view: View, found: Found) -> Iterator[Said]:
    return (said for said in view.said(found.message) if found.start <= said.sentence.start and said.sentence.end <= found.end)


def _elsewhere(remarks: Remarks, found: Found, responses: Sequence[Response]) -> list[Response]:
    """Return an answer to a question that stands elsewhere: in a later mail to the asker by name, or, to a prompt, anywhere in the reply."""
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
