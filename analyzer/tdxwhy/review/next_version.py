"""What became of the lines of a remark in the next version of its patch, with the line that shows it."""

from __future__ import annotations

from collections.abc import Sequence

from tdxwhy.records import Evidence, Place
from tdxwhy.review.changes import ChangeNote, Pair, content, identifiers, named_in, notes, proof, telling
from tdxwhy.review.lines import squeeze
from tdxwhy.review.nouns import Anchor, MailLine, Message, Next, Response
from tdxwhy.review.posted import Posted
from tdxwhy.review.remarks import Found, Remarks

NOT_SEEN = Next("not-seen", None)
_LINES = 4
_DEEP = 12
_MOST = 80


class NextVersions:
    """Follows the lines of remarks into the next version of their patch."""

    def __init__(self, remarks: Remarks, posted: Posted) -> None:
        """Take a thread and the patches of all versions at hand."""
        self._remarks, self._posted = remarks, posted
        self._pairs: dict[str, Pair | None] = {}
        self._notes: dict[str, list[ChangeNote]] = {}

    def pair(self, patch: Message) -> Pair | None:
        """Return a patch beside its next version, None where there is none."""
        name = patch.mail.message_id
        if name not in self._pairs:
            after = self._posted.next_of(patch)
            self._pairs[name] = Pair(patch, after) if after is not None else None
        return self._pairs[name]

    def what(self, found: Found, responses: Sequence[Response]) -> Next:
        """Return what became of what a remark stands on.

        A remark on somebody's words in a reply stands on what these stand on. `changed` and `gone` come with the line of the next version,
        `unchanged` with the same line there, `noted` with the change note.
        """
        patch, lines, direct = self._under(found)
        pair = self.pair(patch) if patch is not None else None
        if patch is None or pair is None:
            return NOT_SEEN
        said = " ".join([found.text, *(one.evidence.quote for one in responses)])
        seen = self._seen(pair, lines, said) if lines else None
        if seen is not None and seen.state != "unchanged":
            return seen
        spot = self._remarks.anchors.spots(patch.mail.message_id).get(lines[-1]) if lines else None
        note = named_in(self._told(pair), f"{said} {_words(patch, lines)}", spot.function if spot else None)
        if note is not None:
            return Next("noted", _shown(note))
        return seen if seen is not None and direct else NOT_SEEN

    def _under(self, found: Found) -> tuple[Message | None, list[int], bool]:
        """Return the patch and its lines below a remark; `direct`: the remark itself quotes them."""
        view = self._remarks.view
        on: Anchor | None = found.on
        for depth in range(_DEEP):
            under = view.by_id.get(on.message_id or "") if on is not None else view.by_id.get(found.message.parent or "")
            if under is None:
                return None, [], False
            if under.kind in ("patch", "cover"):
                return under, self._nearest(under, on), depth == 0
            on = self._of_line(under, on.lines[-1]) if on is not None and on.lines else None
            if on is None:
                break
        return self._posted.patch_above(found.message), [], False

    def _nearest(self, patch: Message, on: Anchor | None) -> list[int]:
        numbers = [number for number in (on.lines if on else ()) if telling(patch.lines[number - 1].text)]
        return numbers[-_LINES:]

    def _of_line(self, message: Message, number: int) -> Anchor | None:
        """Return what the text stands on that holds a line of a reply."""
        for region in self._remarks.regions(message):
            if region.blocks[0].lines[0].number <= number <= region.blocks[-1].lines[-1].number:
                return self._remarks.anchors.anchor(message, region.about)
        return None

    def _seen(self, pair: Pair, numbers: Sequence[int], said: str) -> Next | None:
        """Compare the lines themselves, then what stands beside them, then what was talked about in the rest of the function."""
        if self._is_prose(pair, numbers):
            return _prose(pair, numbers)
        lost = [number for number in numbers[-2:] if pair.matched(number) is None]
        if lost:
            return self._replaced(pair, lost)
        beside = pair.around(numbers)
        if beside is not None:
            return Next("changed", proof(pair.new, beside))
        within = self._in_function(pair, numbers[-1], said)
        if within is not None:
            return Next("changed", proof(pair.new, within))
        stays = pair.matched(numbers[-1])
        return Next("unchanged", proof(pair.new, stays)) if stays is not None else None

    def _is_prose(self, pair: Pair, numbers: Sequence[int]) -> bool:
        return numbers[-1] not in self._remarks.anchors.spots(pair.old.mail.message_id)

    def _replaced(self, pair: Pair, lost: Sequence[int]) -> Next:
        """Say what stands in the place of lost lines: a line much like them, the same line elsewhere, other lines, or nothing."""
        start, end = pair.span(lost) or (0, 0)
        old = [pair.old.lines[number - 1] for number in lost]
        fresh = list(pair.fresh(start, end))
        like = _counterpart(old, pair.lost(start, end), fresh)
        moved = next((line for number in reversed(lost) if (line := pair.elsewhere(number)) is not None), None)
        if like is None and moved is not None:
            like = pair.around(lost)
        if like is None and moved is None:
            like = _most_like(old, list(pair.fresh(0, 1 << 30)), least=0.6)
        shown = like or moved
        if shown is not None:
            return Next("changed", proof(pair.new, shown))
        other = self._in_series(pair, old)
        if other is not None:
            return Next("changed", other)
        near = [pair.at(index) for index in (*range(end, end + _LINES), *range(start - 1, start - 1 - _LINES, -1))]
        below = next((line for line in near if line is not None and telling(line.text)), None)
        return Next("gone", proof(pair.new, below) if below is not None else None)

    def _in_series(self, pair: Pair, old: Sequence[MailLine]) -> Evidence | None:
        """Return the same line in another patch of the next version: it was moved there."""
        wanted = {squeeze(line.text) for line in old if len(squeeze(line.text)) >= 8}
        for patch in self._posted.series_of(pair.new):
            for line in patch.lines:
                if not line.level and squeeze(line.text) in wanted:
                    return proof(patch, line)
        return None

    def _in_function(self, pair: Pair, number: int, said: str) -> MailLine | None:
        """Return a new line of the same function that shares a word with the remark or its answers."""
        spots = self._remarks.anchors.spots(pair.old.mail.message_id)
        spot = spots.get(number)
        if spot is None or spot.function is None:
            return None
        same = [at for at, one in spots.items() if one.function == spot.function and one.file == spot.file]
        span = pair.span(same)
        words = content(said) | {name.lower() for name in identifiers(said)}
        fresh = pair.fresh(*span) if span else iter(())
        return next((line for line in fresh if content(line.text) & words), None)

    def _told(self, pair: Pair) -> list[ChangeNote]:
        name = pair.new.mail.message_id
        if name not in self._notes:
            covers = [one for one in self._posted.series_of(pair.new) if one.kind == "cover"]
            self._notes[name] = [note for one in (pair.new, *covers) for note in notes(one, pair.old.version)]
        return self._notes[name]


def _words(patch: Message, numbers: Sequence[int]) -> str:
    return " ".join(sorted(identifiers(" ".join(patch.lines[number - 1].text for number in numbers[-2:]))))


def _shown(note: ChangeNote) -> Evidence:
    mail = note.message.mail
    return Evidence(Place(mail.place.source, note.number, mail.message_id), note.text)


def _prose(pair: Pair, numbers: Sequence[int]) -> Next | None:
    """Compare lines of a changelog, line breaks aside."""
    old = [squeeze(pair.old.lines[number - 1].text) for number in numbers]
    own = [line for line in pair.new.lines if not line.level]
    whole = "".join(squeeze(line.text) for line in own)
    same = [words for words in old if words in whole]
    like = _most_like([pair.old.lines[number - 1] for number in numbers], own, least=0.4)
    if len(same) == len(old):
        held = next((line for line in own if old[-1][-12:] in squeeze(line.text)), like)
        return Next("unchanged", proof(pair.new, held)) if held is not None else None
    if like is not None:
        return Next("changed", proof(pair.new, like))
    return Next("gone", None)


def _counterpart(old: Sequence[MailLine], lost: Sequence[MailLine], fresh: Sequence[MailLine]) -> MailLine | None:
    """Return the new line that came in the place of one of the old ones: it is like that one more than like any other that was lost."""
    for each in reversed(old):
        for line in fresh[:_MOST]:
            if _most_like([line], lost[:_MOST]) is each and _most_like([each], [line]) is line:
                return line
    return None


def _most_like(old: Sequence[MailLine], fresh: Sequence[MailLine], least: float = 0.3) -> MailLine | None:
    """Return the new line that shares the largest part of its words with one of the old lines."""
    best: tuple[float, MailLine] | None = None
    wanted = [frozenset(_parts(line.text)) for line in old]
    for line in fresh:
        words = frozenset(_parts(line.text))
        for each in wanted:
            share = len(words & each) / max(1, len(words | each))
            if share >= least and (best is None or share > best[0]):
                best = share, line
    return best[1] if best else None


def _parts(text: str) -> list[str]:
    return [part for part in "".join(mark if mark.isalnum() or mark == "_" else " " for mark in text.lower()).split() if len(part) > 1]
