"""What a review's reports list: what is open, first, and what is settled; each item with its passage, its place and what became of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from urllib.parse import quote

from tdxwhy.noun import NamedTuple
from tdxwhy.records import Evidence
from tdxwhy.review.nouns import Commitment, MailedMessage, Precondition, Remark, Review

_MARKS = re.compile(r"^[+ ]?[ \t]*(?:/?\*{1,2}/?(?=\s|$))?|^\+")
_NO_WORDS = re.compile(r"[-+]|[A-Z][A-Za-z-]{1,40}-by: |$")
_KEPT = {
    "yes": "kept",
    "partly": "kept in part",
    "no": "not kept",
    "superseded": "superseded",
    "unknown": "not known whether kept",
}
_MOODS = {"yes": "good", "partly": "unsure", "unknown": "unsure", "superseded": "unsure"}
_STATUS = {"open": "bad", "disputed": "unsure"}
_MOVED = ("changed", "gone", "noted")
_NEXT = {
    "changed": "the lines changed in the next version",
    "unchanged": "the next version has the same lines",
    "gone": "the next version does not have the lines",
    "noted": "named in the change notes",
}


class Item(NamedTuple):
    """One thing to show: what it is, whose, the passage, what it is about, and what became of it."""

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
    def link(self) -> str:
        """Return where the mail stands in the archive, "" where its Message-ID is not its own."""
        own = re.fullmatch(r"[A-Za-z0-9._%+=/$~-]{1,200}@[A-Za-z0-9._-]{1,200}", self.message_id)
        return f"https://lore.kernel.org/all/{quote(self.message_id, safe='@')}/" if own else ""

    @property
    def anchor(self) -> str:
        """Return the place in the page: the passage, else the mail."""
        line = self.place.rsplit(">:", 1)[1] if ">:" in self.place else ""
        return f"p-{self.message_id}-{line}" if line else f"m-{self.message_id}"


def open_items(review: Review) -> list[Item]:
    """Return what is open: remarks, refusals first; messages that nobody prints, needs that nobody meets, promises that were not kept.

    Remarks whose lines changed since stand last.
    """
    remarks = sorted(
        (one for one in review.remarks if one.status == "open"), key=lambda one: (one.kind != "objection", one.next.state in _MOVED)
    )
    wanted = [_wanted(one) for one in review.init_messages if one.kind == "wanted" and not one.printed]
    promises = [promise_item(one) for one in review.commitments if one.kept in ("no", "partly")]
    current = newest(review)
    stated = [one for one in review.preconditions if current(one.evidence.place.message_id)]
    needs = [_need(one) for one in _once(stated) if one.status == "nobody"]
    return [remark_item(one) for one in remarks] + wanted + needs + promises


def settled_items(review: Review) -> list[Item]:
    """Return what is not open, in the same order of kinds."""
    remarks = [remark_item(one) for one in review.remarks if one.status != "open"]
    needs = [_need(one) for one in _once(review.preconditions) if one.status != "nobody"]
    return remarks + needs + [promise_item(one) for one in review.commitments if one.kept not in ("no", "partly")]


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


def remark_item(one: Remark) -> Item:
    """Return a remark as an item."""
    last = one.responses[-1] if one.responses else None
    return Item(
        kind=one.kind,
        state=one.status,
        mood=_STATUS.get(one.status, "good"),
        who=one.author,
        text=one.evidence.quote,
        place=place(one.evidence),
        message_id=one.evidence.place.message_id or "",
        note=_remark_note(one),
        about=_about(one),
        answer=last.evidence.quote if last else "",
        answered_by=last.author if last else "",
    )


def _remark_note(one: Remark) -> str:
    """Say in words what became of a remark."""
    told: str = one.status
    if one.status == "open":
        agreed = any(each.kind in ("agrees", "done") for each in one.responses)
        told = "nobody answered" if not one.responses else "agreed to, not done" if agreed else "without resolution"
    follows = _NEXT.get(one.next.state, "")
    return f"{told}; {follows}" if follows else told


def _about(one: Remark) -> str:
    """Return where a remark stands in the code or the changelog; words of others are left to the thread."""
    on = one.on
    if on is None or on.file is None:
        return f"the changelog: {on.quote}" if on is not None and on.changelog and not _NO_WORDS.match(on.quote) else ""
    inside = f" {on.function}()" if on.function else ""
    there = f" (line {on.tree_line} of the tree)" if on.tree_line is not None else ""
    return f"{on.file}:{on.line}{inside}{there}: {without_marks(on.quote)}"


_NEEDS = {
    "met": "the code next to it does it",
    "patch": "this patch does it",
    "named": "provided by",
    "nobody": "nobody is named who provides it",
}


def _need(one: Precondition) -> Item:
    told = f"{_NEEDS[one.status]} {one.provider}" if one.status == "named" else _NEEDS[one.status]
    return Item(
        kind="precondition",
        state=one.provider or ("nobody named" if one.status == "nobody" else one.status),
        mood="bad" if one.status == "nobody" else "good",
        who=one.author,
        text=one.evidence.quote,
        place=place(one.evidence),
        message_id=one.evidence.place.message_id or "",
        note=f"{one.where}; {told}",
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


def promise_item(one: Commitment) -> Item:
    """Return a promise as an item."""
    helper = f" with {one.helper}" if one.helper else ""
    return Item(
        kind="promise",
        state=one.kept,
        mood=_MOODS.get(one.kept, "bad"),
        who=one.owner + helper,
        text=one.evidence.quote,
        place=place(one.evidence),
        message_id=one.evidence.place.message_id or "",
        note=kept_words(one),
        about=one.object if one.object not in one.evidence.quote else "",
        answer=one.kept_by.quote if one.kept_by else "",
        answered_by=place(one.kept_by) if one.kept_by else "",
    )


def kept_words(one: Commitment) -> str:
    """Say in words whether a promise was kept."""
    return _KEPT[one.kept]
