"""Two versions of a patch, hunk by hunk: which hunk is which, and the lines of the diff that differ, as `git range-diff` shows them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence

from tdxwhy.noun import NamedTuple
from tdxwhy.review.alignment import aligned
from tdxwhy.review.lines import squeeze
from tdxwhy.review.nouns import HunkChange, HunkState, MailLine, Message, PatchChange
from tdxwhy.review.threads import read_subject
from tdxwhy.review.versions import patch_text
from tdxwhy.source.diff import FilePatch, Hunk, parse_diff

_ALIKE = 0.3
_SHOWN = 200
_TRAILER = re.compile(r"\s{0,3}[A-Z][A-Za-z-]{1,40}(?:-by|-[Tt]o|ixes|ink|loses|c): \S")


class _File(NamedTuple):
    """A file of a patch: its hunks, and all their lines with the mark of the diff and the number of the hunk."""

    path: str
    hunks: tuple[Hunk, ...]
    lines: list[str]
    of: list[int]


def changed_patch(old: Message, new: Message) -> PatchChange:
    """Compare a patch with its next version; blanks at the end of lines and line numbers are left out of the comparison."""
    hunks: list[HunkChange] = []
    for before, after in _paired(_files(old), _files(new)):
        hunks.extend(_hunks(before, after))
    told = _told(old) != _told(new)
    states = {hunk.state for hunk in hunks}
    state: HunkState = "changed" if states - {"same", "context"} else "context" if "context" in states else "same"
    return PatchChange(
        title=read_subject(new.mail.subject).title,
        old=old.mail.message_id,
        new=new.mail.message_id,
        old_version=old.version,
        new_version=new.version,
        state=state,
        reworded=told,
        hunks=tuple(hunks),
    )


def _files(message: Message) -> list[_File]:
    return [_file(patch) for patch in parse_diff(patch_text(message))]


def _file(patch: FilePatch) -> _File:
    lines = [(line.kind + line.text.rstrip(), number) for number, hunk in enumerate(patch.hunks) for line in hunk.lines]
    return _File(patch.path, patch.hunks, [text for text, _ in lines], [number for _, number in lines])


def _paired(old: Sequence[_File], new: Sequence[_File]) -> Iterator[tuple[_File | None, _File | None]]:
    """Pair files by their path, then by the lines that they share: what was moved."""
    after = {one.path: one for one in new}
    left = [one for one in new if one.path not in {each.path for each in old}]
    for one in old:
        found = after.get(one.path) or max(left, key=lambda each: _share(one, each), default=None)
        if found is not None and found.path != one.path and _share(one, found) < _ALIKE:
            found = None
        if found in left:
            left.remove(found)
        yield one, found
    yield from ((None, one) for one in left)


def _share(one: _File, other: _File) -> float:
    """Return how much of the longer file's lines with words the other has too."""
    first, second = (Counter(text for text in each.lines if len(text) > 3) for each in (one, other))
    return (first & second).total() / max(1, first.total(), second.total())


def _hunks(old: _File | None, new: _File | None) -> Iterator[HunkChange]:
    if old is None or new is None:
        if old is not None:
            yield from (_whole(old, number, "gone") for number in range(len(old.hunks)))
        if new is not None:
            yield from (_whole(new, number, "new") for number in range(len(new.hunks)))
        return
    matched = aligned(old.lines, new.lines)
    partner = _partners(old, new, matched)
    yield from _in_order(old, new, matched, partner)


def _partners(old: _File, new: _File, matched: Sequence[int | None]) -> dict[int, int]:
    """Return for each old hunk the new one with which it shares most lines; each is taken once."""
    shared = Counter((old.of[at], new.of[to]) for at, to in enumerate(matched) if to is not None and len(old.lines[at].strip()) > 1)
    found: dict[int, int] = {}
    for (one, other), _ in sorted(shared.items(), key=lambda each: (-each[1], each[0])):
        if one not in found and other not in found.values():
            found[one] = other
    return found


def _in_order(old: _File, new: _File, matched: Sequence[int | None], partner: dict[int, int]) -> Iterator[HunkChange]:
    """Yield the hunks of the new version in its order, those that are gone where they stood."""
    same = {to: at for at, to in enumerate(matched) if to is not None}
    of_new = {other: one for one, other in partner.items()}
    following = 0
    for number in range(len(new.hunks)):
        one = of_new.get(number)
        while one is not None and following <= one:
            if following not in partner:
                yield _whole(old, following, "gone")
            following += 1
        yield _compared(old, new, (one, number), matched, same) if one is not None else _whole(new, number, "new")
    yield from (_whole(old, number, "gone") for number in range(following, len(old.hunks)) if number not in partner)


def _compared(old: _File, new: _File, pair: tuple[int, int], matched: Sequence[int | None], same: dict[int, int]) -> HunkChange:
    places: list[tuple[int, int, str]] = []
    behind = -1
    for at in _span(old.of, pair[0]):
        place = matched[at]
        behind = place if place is not None else behind
        if place is None:
            places.append((behind, 1, "-" + old.lines[at]))
    places += [(at, 0, "+" + new.lines[at]) for at in _span(new.of, pair[1]) if at not in same]
    lines = [text for _, _, text in sorted(places, key=lambda one: one[:2])]
    code = any(text[1] in "+-" for text in lines)
    state: HunkState = "changed" if code else "context" if lines else "same"
    hunk = new.hunks[pair[1]]
    return HunkChange(new.path, hunk.section, old.hunks[pair[0]].line, hunk.line, state, tuple(lines[:_SHOWN]))


def _span(of: Sequence[int], number: int) -> range:
    """Return the places of a hunk's lines among all lines of its file."""
    return range(bisect_left(of, number), bisect_right(of, number))


def _whole(file: _File, number: int, state: HunkState) -> HunkChange:
    """Return a hunk that only one of the versions has."""
    hunk = file.hunks[number]
    gone = state == "gone"
    lines = tuple(f"{'-' if gone else '+'}{line.kind}{line.text.rstrip()}" for line in hunk.lines[:_SHOWN])
    return HunkChange(file.path, hunk.section, hunk.line if gone else None, None if gone else hunk.line, state, lines)


def _told(message: Message) -> str:
    """Return what a patch's changelog says, above its first `---`, without blanks and trailers."""
    return "".join(squeeze(line.text) for line in changelog(message))


def changelog(message: Message) -> Iterator[MailLine]:
    """Yield the lines of a patch's changelog; its trailers are no part of what it says."""
    for line in message.lines:
        if line.text.startswith(("---", "diff --git ")):
            return
        if not line.level and not _TRAILER.match(line.text):
            yield line
