"""A review as its reports show it: open items first, then what is settled, the thread as a tree, versions as columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from tdxwhy.ranges import counted
from tdxwhy.records import Evidence
from tdxwhy.review.nouns import Commitment, MailedMessage, Message, PatchVersion, Precondition, Question, Review
from tdxwhy.review.people import name_key
from tdxwhy.source.nouns import FailingPath, PrintSite

_STATES = {"yes": "good", "answered": "good", "partly": "unsure", "deflected": "unsure", "unknown": "unsure", "superseded": "unsure"}


_DEEPEST = 30
_MARKS = re.compile(r"^[+ ]?[ \t]*(?:/?\*{1,2}/?(?=\s|$))?|^\+")
_KEPT = {
    "yes": "kept",
    "partly": "kept in part",
    "no": "not kept",
    "superseded": "superseded",
    "unknown": "not known whether kept",
}


class Item(NamedTuple):
    """One remark to show: what it is, whose, the passage, what it is about, and what became of it."""

    kind: str
    state: str
    mood: str
    who: str
    text: str
    place: str
    message_id: str
    note: str
    about: str
    answer: str
    answered_by: str

    @property
    def anchor(self) -> str:
        """Return the place in the page: the passage, else the mail."""
        line = self.place.rsplit(">:", 1)[1] if ">:" in self.place else ""
        return f"p-{self.message_id}-{line}" if line else f"m-{self.message_id}"


class Head(NamedTuple):
    """What stands above a report."""

    title: str
    mails: int
    rebuilt: int
    people: int
    span: str
    versions: tuple[str, ...]
    counts: tuple[tuple[int, str], ...]


class Node(NamedTuple):
    """One line of the thread's tree."""

    message: Message
    depth: int
    date: str
    children: tuple[Node, ...]


def head(review: Review) -> Head:
    """Summarise a review."""
    mails = review.messages
    dates = sorted(message.mail.date for message in mails if message.mail.date is not None)
    named = [message for message in mails if message.kind in ("patch", "cover")] or list(mails)
    asked = grouped(review.questions)
    unanswered = sum(group[0].status != "answered" for group in asked)
    unprovided = sum(item.kind == "precondition" for item in open_items(review))
    counts = (
        (unanswered, "open question" + "s" * (unanswered != 1)),
        (len(asked), "question" + "s" * (len(asked) != 1)),
        (len(review.commitments), "promise" + "s" * (len(review.commitments) != 1)),
        (unprovided, "precondition" + "s" * (unprovided != 1) + " that nobody provides"),
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


def grouped(questions: Sequence[Question]) -> list[list[Question]]:
    """Join questions that one author asks in one breath about the same words and that got the same answer."""
    groups: list[list[Question]] = []
    for question in questions:
        last = groups[-1][-1] if groups else None
        if last and _breath(last) == _breath(question):
            groups[-1].append(question)
        else:
            groups.append([question])
    return groups


def _breath(question: Question) -> tuple[object, ...]:
    return question.evidence.place.message_id, question.status, question.answer, question.about


def open_items(review: Review) -> list[Item]:
    """Return what is open: questions, promises that were not kept or cannot be judged, preconditions that nobody provides."""
    questions = [_question(group) for group in grouped(review.questions) if group[0].status != "answered"]
    wanted = [_wanted(one) for one in review.init_messages if one.kind == "wanted" and not one.printed]
    promises = [_promise(one) for one in review.commitments if one.kept not in ("yes", "superseded")]
    current = newest(review)
    stated = [one for one in review.preconditions if current(one.evidence.place.message_id)]
    needs = [_need(one) for one in _once(stated) if one.provider is None]
    return questions + wanted + needs + promises


def settled_items(review: Review) -> list[Item]:
    """Return what is settled, in the same order of kinds."""
    questions = [_question(group) for group in grouped(review.questions) if group[0].status == "answered"]
    needs = [_need(one) for one in _once(review.preconditions) if one.provider is not None]
    return questions + needs + [_promise(one) for one in review.commitments if one.kept in ("yes", "superseded")]


def newest(review: Review) -> Callable[[str | None], bool]:
    """Return a test for mails that no later version of the same patch has replaced."""
    old = {one.message_id for one in review.patches if not one.newest}
    return lambda name: name not in old


def _once(preconditions: Iterable[Precondition]) -> list[Precondition]:
    """Keep the first of preconditions that several mails state in the same words."""
    seen: dict[str, Precondition] = {}
    for one in preconditions:
        seen.setdefault(" ".join(one.evidence.quote.lower().split()), one)
    return list(seen.values())


def without_marks(text: str) -> str:
    """Return quoted lines of a patch as words: without a diff's first column and the stars of comments."""
    return "\n".join(_MARKS.sub("", line) for line in text.split("\n"))


def place(evidence: Evidence) -> str:
    """Return where a passage stands: its mail and line."""
    line = f":{evidence.place.line}" if evidence.place.line else ""
    return f"<{evidence.place.message_id}>{line}"


def _question(group: Sequence[Question]) -> Item:
    first = group[0]
    note = {"answered": "answered", "deflected": "put off", "unanswered": "no answer"}[first.status]
    asked = f", asked of {first.addressee}" if first.addressee else ""
    return Item(
        kind="question",
        state=first.status,
        mood=_STATES.get(first.status, "bad"),
        who=first.asked_by,
        text=" ".join(question.evidence.quote for question in group),
        place=place(first.evidence),
        message_id=first.evidence.place.message_id or "",
        note=note + asked,
        about=first.about.quote if first.about else "",
        answer=first.answer.quote if first.answer else "",
        answered_by=first.answered_by or "",
    )


def _need(one: Precondition) -> Item:
    return Item(
        kind="precondition",
        state=one.provider or "nobody named",
        mood="good" if one.provider else "bad",
        who=one.author,
        text=one.evidence.quote,
        place=place(one.evidence),
        message_id=one.evidence.place.message_id or "",
        note=f"{one.where}; provided by {one.provider}" if one.provider else f"{one.where}; nobody is named who provides it",
        about="",
        answer="",
        answered_by="",
    )


def _wanted(one: MailedMessage) -> Item:
    return Item(
        kind="message",
        state="wanted",
        mood="bad",
        who=one.author,
        text=one.evidence.quote,
        place=place(one.evidence),
        message_id=one.evidence.place.message_id or "",
        note="wanted, and no patch seen here prints it",
        about="",
        answer="",
        answered_by="",
    )


def _promise(one: Commitment) -> Item:
    helper = f" with {one.helper}" if one.helper else ""
    return Item(
        kind="promise",
        state=one.kept,
        mood=_STATES.get(one.kept, "bad"),
        who=one.owner + helper,
        text=one.evidence.quote,
        place=place(one.evidence),
        message_id=one.evidence.place.message_id or "",
        note=_KEPT[one.kept],
        about=one.object if one.object not in one.evidence.quote else "",
        answer=one.kept_by.quote if one.kept_by else "",
        answered_by=place(one.kept_by) if one.kept_by else "",
    )


def tree(review: Review) -> tuple[Node, ...]:
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
    open_below: dict[int, list[Node]] = {}
    for message, depth in reversed(order):
        below = tuple(reversed(open_below.pop(depth + 1, [])))
        open_below.setdefault(depth, []).append(Node(message, depth, day(message.mail.date), below))
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
        cells = ["given" if version == given else _KEPT[promise.kept] if version == came else "" for version in review.versions]
        rows.append((_promise(promise), cells))
    return rows


def current_code(review: Review) -> tuple[list[tuple[str, PrintSite]], list[tuple[str, FailingPath]]]:
    """Return the messages and failing paths of patches that no later version of the thread has replaced."""
    current = newest(review)
    return [pair for pair in review.prints if current(pair[0])], [pair for pair in review.failing_paths if current(pair[0])]
