"""A review for one person: what they owe others, and what others owe them."""

from __future__ import annotations

from collections.abc import Sequence

from tdxwhy.report.review_items import Item, promise_item, remark_item
from tdxwhy.review.nouns import Remark, Review
from tdxwhy.review.people import People


def owed(review: Review, person: str) -> tuple[list[Item], list[Item]] | None:
    """Return what somebody owes and what they are owed, None if nobody of the thread is called so.

    They owe answers to open remarks on their patches or asked of them, and what they promised as far as nothing shows that it was done;
    they are owed answers to their own open remarks and what others promised them.
    """
    people = People(message.mail for message in review.messages)
    name = people.find(person) or next((one for one in people.names if people.same(one, person)), None)
    if name is None:
        return None
    said_by = {message.mail.message_id: message.mail.author for message in review.messages}
    asked = {(one.evidence.place.message_id, one.evidence.place.line): one.addressee for one in review.questions}
    opened = [one for one in review.remarks if one.status == "open"]
    promises = [one for one in review.commitments if one.kept in ("no", "partly", "unknown")]
    mine = [one for one in opened if people.same(one.author, name)]
    theirs = [one for one in opened if not people.same(one.author, name) and _of(one, name, said_by, asked, people)]
    given = [promise_item(one) for one in promises if people.same(one.owner, name)]
    answered = {
        (each.evidence.place.message_id, each.evidence.place.line)
        for one in review.remarks
        if people.same(one.author, name)
        for each in one.responses
    }
    got = [
        one for one in promises if (one.evidence.place.message_id, one.evidence.place.line) in answered and not people.same(one.owner, name)
    ]
    return [remark_item(one) for one in theirs] + given, [remark_item(one) for one in mine] + [promise_item(one) for one in got]


def _of(one: Remark, name: str, said_by: dict[str, str], asked: dict[tuple[str | None, int | None], str | None], people: People) -> bool:
    """Tell whether a remark stands on somebody's words or asks them by name."""
    on = said_by.get(one.on.message_id or "") if one.on is not None else None
    wanted = asked.get((one.evidence.place.message_id, one.evidence.place.line))
    return any(who is not None and people.same(who, name) for who in (on, wanted))


def names(review: Review) -> Sequence[str]:
    """Return who takes part in a thread."""
    return tuple(dict.fromkeys(message.mail.author for message in review.messages if message.kind != "bot"))
