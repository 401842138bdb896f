"""From a quoted line back to the line of the mail in which its author wrote it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from tdxwhy.noun import NamedTuple
from tdxwhy.review.lines import own_lines, squeeze
from tdxwhy.review.nouns import Message
from tdxwhy.review.quotes import REFLOWED
from tdxwhy.review.view import View

_TELLING = 8


class _Own(NamedTuple):
    """An author's own lines without blanks: where each stands, and all in one piece for quotes that were wrapped anew."""

    places: dict[str, list[int]]
    whole: str
    starts: list[int]
    numbers: list[int]


class Origins:
    """Finds the own lines of a thread's mails that others quote."""

    def __init__(self, view: View) -> None:
        """Keep the thread; a mail is indexed when it is first asked about."""
        self._view = view
        self._own: dict[str, _Own] = {}

    def line(self, message: Message, index: int) -> tuple[str, int] | None:
        """Return the mail that holds a quoted line, and the first line with these words there."""
        speaker = self._view.speakers.lines(message)[index]
        if speaker is None or speaker.origin is None:
            return None
        places = self._places(speaker.origin, squeeze(message.lines[index].text))
        return (speaker.origin, places[0]) if places else None

    def run(self, message: Message, index: int) -> tuple[str, list[int]] | None:
        """Return the quoted lines directly above a text, upwards to the first of another mail: that mail, and their lines there.

        Words that stand there more than once are placed beside those that stand there once.
        """
        speakers = self._view.speakers.lines(message)
        speaker = speakers[index]
        if speaker is None or speaker.origin is None:
            return None
        above: list[list[int]] = []
        while index >= 0 and (message.lines[index].level or not message.lines[index].text.strip()):
            here = speakers[index]
            if message.lines[index].text.strip():
                if here is None or here.origin != speaker.origin:
                    break
                if places := self._places(speaker.origin, squeeze(message.lines[index].text)):
                    above.append(places)
            index -= 1
        return speaker.origin, _placed(above[::-1])

    def _places(self, name: str, words: str) -> list[int]:
        own = self._indexed(name)
        places = own.places.get(words)
        if places or len(words) < _TELLING:
            return places or []
        found = own.whole.find(words)
        return [own.numbers[bisect_right(own.starts, found + len(words) - 1) - 1]] if found >= 0 else []

    def _indexed(self, name: str) -> _Own:
        if name not in self._own:
            places: dict[str, list[int]] = {}
            starts, numbers, pieces, offset = [], [], [], 0
            for line in own_lines(self._view.by_id[name].lines):
                words = squeeze(line.text)
                if words:
                    places.setdefault(words, []).append(line.number)
                    starts.append(offset)
                    numbers.append(line.number)
                    pieces.append(words)
                    offset += len(words)
            self._own[name] = _Own(places, "".join(pieces)[:REFLOWED], starts, numbers)
        return self._own[name]


def _placed(candidates: list[list[int]]) -> list[int]:
    """Choose one line for each quoted line, in order, beginning at the one that leaves least choice."""
    if not candidates:
        return []
    first = min(range(len(candidates)), key=lambda at: len(candidates[at]))
    chosen = [candidates[first][-1]]
    for places in candidates[first + 1 :]:
        chosen.append(places[min(bisect_right(places, chosen[-1]), len(places) - 1)])
    before = [chosen[0]]
    for places in reversed(candidates[:first]):
        before.append(places[max(bisect_left(places, before[-1]) - 1, 0)])
    return [*reversed(before[1:]), *chosen]
