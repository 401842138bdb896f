"""A review as its reports show it: open items first, then what is settled, the thread as a tree, versions as columns."""

from __future__ import annotations

from datetime import UTC, datetime

from tdxwhy.noun import NamedTuple
from tdxwhy.ranges import counted
from tdxwhy.report.review_items import Item, kept_words, newest, open_items, promise_item
from tdxwhy.review.nouns import Message, PatchVersion, Review
from tdxwhy.review.people import name_key
from tdxwhy.source.nouns import FailingPath, PrintSite

_DEEPEST = 30


class Head(NamedTuple):
    """What stands above a report."""

    title: str
    mails: int
    rebuilt: int
    people: int
    span: str
    versions: tuple[str, ...]
    counts: tuple[tuple[int, str], ...]


class ThreadNode(NamedTuple):
    """One line of the thread's tree."""

    message: Message
    depth: int
    date: str
    children: tuple[ThreadNode, ...]


def head(review: Review) -> Head:
    """Summarise a review."""
    mails = review.messages
    dates = sorted(message.mail.date for message in mails if message.mail.date is not None)
    named = [message for message in mails if message.kind in ("patch", "cover")] or list(mails)
    counts = (
        (len(open_items(review)), "open"),
        (len(review.remarks), "remark" + "s" * (len(review.remarks) != 1)),
        (len(review.commitments), "promise" + "s" * (len(review.commitments) != 1)),
    )
    return Head(
        title=named[0].mail.subject if named else "",
        mails=sum(not message.rebuilt for message in mails),
        rebuilt=sum(message.rebuilt for message in mails),
        people=len({name_key(message.mail.author) for message in mails if message.kind != "bot"}),
        span=" to ".join(dict.fromkeys((day(dates[0]), day(dates[-1])))) if dates else "",
        versions=tuple(f"v{version}" for version in review.versions),
        counts=counts,
    )


def day(date: int | None) -> str:
    """Return a date as 2023-01-10, "" where there is none."""
    try:
        return datetime.fromtimestamp(date, UTC).strftime("%Y-%m-%d") if date is not None else ""
    except (OverflowError, OSError, ValueError):
        return ""


def tree(review: Review) -> tuple[ThreadNode, ...]:
    """Return the thread as nested nodes; what is nested deeper than 30 stands beside its parent."""
    children: dict[str | None, list[Message]] = {}
    for message in review.messages:
        children.setdefault(message.parent, []).append(message)
    order: list[tuple[Message, int]] = []
    waiting = [(message, 0) for message in reversed(children.get(None, []))]
    while waiting:
        message, depth = waiting.pop()
        order.append((message, min(depth, _DEEPEST)))
        waiting.extend((child, depth + 1) for child in reversed(children.get(message.mail.message_id, [])))
    open_below: dict[int, list[ThreadNode]] = {}
    for message, depth in reversed(order):
        below = tuple(reversed(open_below.pop(depth + 1, [])))
        open_below.setdefault(depth, []).append(ThreadNode(message, depth, day(message.mail.date), below))
    return tuple(reversed(open_below.get(0, [])))


def columns(review: Review) -> list[tuple[str, list[PatchVersion | None]]]:
    """Return for each patch title a row with one cell for each version."""
    titles = dict.fromkeys(one.title for one in review.patches)
    cells = {(one.title, one.version): one for one in review.patches}
    return [(title, [cells.get((title, version)) for version in review.versions]) for title in titles]


def cell_words(cell: PatchVersion) -> list[str]:
    """Return what a version's cell says; what there is none of is left out."""
    words = [
        counted(cell.prints, "message") + (f", {cell.vague} without package or CPU" if cell.vague else "") if cell.prints else "",
        counted(cell.silent, "silent failure") if cell.silent else "",
        f"{counted(cell.needs, 'precondition')}, {cell.unprovided} unprovided" if cell.needs else "",
        counted(cell.tags, "tag") if cell.tags else "",
    ]
    return [word for word in words if word] or ["nothing to note"]


def promise_rows(review: Review) -> list[tuple[Item, list[str]]]:
    """Return each promise with a cell for each version: where it was given, and where something came of it."""
    version_of = {message.mail.message_id: message.version for message in review.messages}
    version_of |= {one.message_id: one.version for one in review.patches}
    rows = []
    for promise in review.commitments:
        given = version_of.get(promise.evidence.place.message_id or "")
        came = version_of.get(promise.kept_by.place.message_id or "") if promise.kept_by else None
        cells = ["given" if version == given else kept_words(promise) if version == came else "" for version in review.versions]
        rows.append((promise_item(promise), cells))
    return rows


def current_code(review: Review) -> tuple[list[tuple[str, PrintSite]], list[tuple[str, FailingPath]]]:
    """Return the messages and failing paths of patches that no later version of the thread has replaced."""
    current = newest(review)
    return [pair for pair in review.prints if current(pair[0])], [pair for pair in review.failing_paths if current(pair[0])]
