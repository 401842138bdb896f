"""A review thread as subjects: what was asked, what the code needs from elsewhere, and what was promised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tdxwhy.check.subjects.nouns import RemarkSubject
from tdxwhy.read.mail.nouns import Mail
from tdxwhy.review.nouns import Precondition


def thread_remarks(mails: Sequence[Mail]) -> Iterator[RemarkSubject]:
    """Yield every question, precondition and promise of a thread."""
    from tdxwhy.review.review import review

    found = review(mails)
    for question in found.questions:
        yield RemarkSubject("remark", (question.evidence,), "question", question.evidence.quote, question.asked_by, question.status)
    yield from (_need(one) for one in found.preconditions if one.binds)
    for promise in found.commitments:
        yield RemarkSubject("remark", (promise.evidence,), "commitment", promise.evidence.quote, promise.owner, promise.kept)


def patch_needs(mails: Sequence[Mail]) -> Iterator[RemarkSubject]:
    """Yield what patches need from their callers, without a review: nobody has answered them yet."""
    from tdxwhy.review.lines import parse_lines
    from tdxwhy.review.nouns import Message
    from tdxwhy.review.preconditions import find_preconditions
    from tdxwhy.review.view import View

    messages = [Message(mail, None, "patch", parse_lines(mail.body)) for mail in mails]
    view = View(messages)
    for message in messages:
        yield from (_need(one) for one in find_preconditions(view, message) if one.binds)


def _need(need: Precondition) -> RemarkSubject:
    state = "open" if need.status == "nobody" else "provided"
    return RemarkSubject("remark", (need.evidence,), "precondition", need.evidence.quote, need.author, state, need.where, need.provider)
