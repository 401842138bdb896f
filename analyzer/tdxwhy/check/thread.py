"""A review thread as subjects: what was asked, what the code needs from elsewhere, and what was promised."""

from __future__ import annotations

from collections.abc import Iterator

from tdxwhy.check.subjects import Remark
from tdxwhy.review.nouns import Review


def thread_subjects(found: Review) -> Iterator[Remark]:
    """Yield every question, precondition and promise of a thread."""
    for question in found.questions:
        yield Remark("remark", (question.evidence,), "question", question.evidence.quote, question.asked_by, question.status)
    for need in found.preconditions:
        state = "provided" if need.provider else "open"
        yield Remark("remark", (need.evidence,), "precondition", need.evidence.quote, need.author, state, need.where, need.provider)
    for promise in found.commitments:
        yield Remark("remark", (promise.evidence,), "commitment", promise.evidence.quote, promise.owner, promise.kept)
