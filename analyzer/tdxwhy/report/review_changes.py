"""What each patch became in the next version, as the reports of a review show it."""

from __future__ import annotations

from tdxwhy.noun import NamedTuple
from tdxwhy.ranges import counted
from tdxwhy.report.review_items import place
from tdxwhy.review.nouns import HunkChange, PatchChange, Review

_LINES = 40
_OF_HUNK = 16
_STATES = {
    "same": "the same",
    "context": "only its context changed",
    "changed": "changed",
    "gone": "no longer there",
    "new": "new",
}
_FATES = {"stale": "tags given before the patch changed", "lost": "tags that the next version does not carry"}


class ShownHunk(NamedTuple):
    """A hunk that differs: where it stands, what became of it, and lines of it."""

    where: str
    lines: tuple[str, ...]


class ShownChange(NamedTuple):
    """A patch beside its next version, in words: what it became, its hunks, and what is to be said of remarks, tags and notes."""

    title: str
    told: str
    hunks: tuple[ShownHunk, ...]
    notes: tuple[tuple[str, str], ...]


def shown_changes(review: Review) -> list[ShownChange]:
    """Return what the reports say of each patch that has a next version, or has none any more."""
    return [_shown(one) for one in review.changes]


def _shown(change: PatchChange) -> ShownChange:
    hunks: list[ShownHunk] = []
    room = _LINES
    for hunk in change.hunks:
        if hunk.state != "same":
            hunks.append(_hunk(hunk, room))
            room -= len(hunks[-1].lines)
    versions = " to ".join(f"v{version}" for version in (change.old_version, change.new_version) if version)
    same = sum(hunk.state == "same" for hunk in change.hunks)
    told = f"{versions}, {_STATES[change.state]}" + (", its changelog too" if change.reworded else "")
    told += f"; {counted(same, 'hunk')} the same" if same and change.state != "same" else ""
    return ShownChange(change.title, told, tuple(hunks), tuple(_notes(change)))


def _hunk(hunk: HunkChange, room: int) -> ShownHunk:
    inside = f"  {hunk.section}" if hunk.section else ""
    lost, fresh = (sum(line[0] == mark and line[1] in "+-" for line in hunk.lines) for mark in "-+")
    where = f"{hunk.file or 'no file named'}:{hunk.new_line or hunk.old_line}{inside}: {_STATES[hunk.state]}, -{lost} +{fresh} lines"
    most = min(_OF_HUNK, room) if hunk.state in ("changed", "context") else 0
    cut = ("...",) if len(hunk.lines) > most > 0 else ()
    return ShownHunk(where, (*hunk.lines[: max(0, most)], *cut))


def _notes(change: PatchChange) -> list[tuple[str, str]]:
    """Return what is to be said of a patch besides, each with its sort."""
    told = []
    if change.taken or change.left:
        told.append(
            ("remarks", f"{len(change.taken)} on lines that changed, went or are named in the notes, {len(change.left)} on the same lines")
        )
    told += [("not taken up", f"{one.author}, {one.status}: {one.evidence.quote} ({place(one.evidence)})") for one in change.left]
    for fate, words in _FATES.items():
        given = [f"{one.tag.tag}: {one.tag.by}" for one in change.tags if one.fate == fate]
        told += [(words, "; ".join(given))] if given else []
    return told + [("no changed line shows the note", one.quote) for one in change.claims]
