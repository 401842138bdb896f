"""Which remarks are open, and what closed the others."""

from __future__ import annotations

from collections.abc import Sequence

from tdxwhy.review.next_version import NextVersions
from tdxwhy.review.nouns import Message, Next, Remark, RemarkStatus, Response
from tdxwhy.review.phrases import phrases
from tdxwhy.review.posted import Posted
from tdxwhy.review.remarks import Found, Remarks
from tdxwhy.review.responses import Responses, called, elsewhere
from tdxwhy.review.tags import find_tags
from tdxwhy.review.view import View, evidence

_DOES = ("agrees", "done")
_APPROVES = ("Reviewed-by", "Acked-by")


def find_remarks(view: View, posted: Posted) -> list[Remark]:
    """Return the remarks of a thread with what answered them and what became of their lines, in the order of the mails."""
    remarks = Remarks(view)
    found = [one for message in view.messages for one in remarks.find(message)]
    answers = Responses(remarks)
    following = NextVersions(remarks, posted)
    statuses = Statuses(remarks)
    made: list[Remark] = []
    for one in reversed(found):
        responses = answers.of(one)
        responses += elsewhere(remarks, one, responses) or ([] if responses else answers.named(one))
        after = following.what(one, responses)
        state = statuses.of(one, responses, after)
        where = evidence(one.message, one.text, one.start)
        made.append(Remark(where, one.end, one.message.mail.author, one.kind, one.on, tuple(responses), state, after))
    return made[::-1]


class Statuses:
    """Tells open remarks from closed ones; later remarks must be asked about first, since an objection may be settled below."""

    def __init__(self, remarks: Remarks) -> None:
        """Take a thread."""
        self._remarks = remarks
        self._same = remarks.view.people.same
        self._settled_below: set[tuple[str, int]] = set()
        self._closed: set[tuple[str, int | None]] = set()
        self._order = {one.mail.message_id: number for number, one in enumerate(remarks.view.messages)}
        self._approved = self._approvals()

    def of(self, found: Found, responses: Sequence[Response], after: Next) -> RemarkStatus:
        """Return the status of a remark.

        Only an answer by the patch's author closes a reader's remark, or its own author who withdraws it or gives a tag afterwards; a
        question by the patch's author is closed by any answer of those whom it calls. A refusal or an objection is closed by assent, here
        or further down, or by lines that changed. What was agreed to is open again if the next version has the very lines.
        """
        state = self._said(found, responses)
        if state == "agreed" and after.state == "unchanged":
            state = "open"
        elif state == "open" and responses:
            state = self._below(found, responses, after)
        if state in ("agreed", "settled", "answered"):
            self._note(found)
        return state

    def _said(self, found: Found, responses: Sequence[Response]) -> RemarkStatus:
        if found.kind == "approval" or (found.place == "answers" and not responses):
            return "settled"
        asker, author = found.message.mail.author, self._remarks.author(found.message)
        own = self._same(asker, author)
        if not own and any(self._withdrawn(one, asker) for one in responses):
            return "settled"
        names = called(self._remarks.view, found)
        told = [one for one in responses if self._same(one.author, author) or (own and self._is_called(one, names))]
        kinds = {one.kind for one in told}
        if kinds & set(_DOES):
            return "agreed"
        if not kinds or found.kind == "objection":
            return "open"
        return "disputed" if kinds == {"disagrees"} and found.kind != "question" else "answered"

    def _withdrawn(self, response: Response, asker: str) -> bool:
        return self._same(response.author, asker) and phrases("withdraws").search(response.evidence.quote) is not None

    def _is_called(self, response: Response, names: Sequence[str]) -> bool:
        return not names or any(self._same(response.author, name) for name in names)

    def _note(self, found: Found) -> None:
        """Remember that these words are closed, and so what they stand under, unless they are a mere question that got its answer."""
        self._closed.add((found.message.mail.message_id, self._remarks.piece(found.message.mail.message_id, found.start)))
        if found.on is not None and found.on.message_id is not None and found.on.lines and found.kind != "question":
            start = self._remarks.piece(found.on.message_id, found.on.lines[-1])
            if start is not None:
                self._settled_below.add((found.on.message_id, start))

    def _below(self, found: Found, responses: Sequence[Response], after: Next) -> RemarkStatus:
        """Return the status of what others answered: the author may have spoken further down, or the lines may have changed."""
        below = any(self._piece(response) in self._settled_below for response in responses)
        if found.kind == "objection":
            return "agreed" if below else "settled" if after.state in ("changed", "gone") or self._approves(found) else "open"
        own = self._same(found.message.mail.author, self._remarks.author(found.message))
        closed = below or any(self._piece(response) in self._closed for response in responses)
        return "answered" if closed and not own else "open"

    def _piece(self, response: Response) -> tuple[str, int] | None:
        name = response.evidence.place.message_id or ""
        start = self._remarks.piece(name, response.evidence.place.line or 0)
        return (name, start) if start is not None else None

    def _approvals(self) -> dict[str, list[Message]]:
        found: dict[str, list[Message]] = {}
        for message in self._remarks.view.messages:
            if message.kind == "reply" and any(
                one.tag in _APPROVES and not one.conditional for one in find_tags(self._remarks.view, message)
            ):
                found.setdefault(message.mail.author, []).append(message)
        return found

    def _approves(self, found: Found) -> bool:
        """Tell whether the author of a remark gave a tag in a later mail."""
        at = self._order[found.message.mail.message_id]
        given = self._approved.get(found.message.mail.author, ())
        return any(self._order[one.mail.message_id] > at for one in given)
