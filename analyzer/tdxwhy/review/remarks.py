"""Remarks: what readers write directly under quoted lines, and what a patch's author asks back."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tdxwhy.review.anchors import Anchors
from tdxwhy.review.labels import asks, remark_kind, wants
from tdxwhy.review.nouns import Anchor, Message, RemarkKind
from tdxwhy.review.origins import Origins
from tdxwhy.review.regions import LONGEST, Point, Region, points, regions
from tdxwhy.review.sentences import Sentence
from tdxwhy.review.talk import View
from tdxwhy.review.words import phrases


class Found(NamedTuple):
    """A remark before anybody's answer is looked for."""

    message: Message
    spoken: tuple[Sentence, ...]
    start: int
    end: int
    text: str
    kind: RemarkKind
    on: Anchor | None


class Remarks:
    """Finds the remarks of a thread, mail by mail."""

    def __init__(self, view: View) -> None:
        """Look first where later mails answer, so that each piece that has an answer of its own is a remark of its own."""
        self.view = view
        self.origins = Origins(view)
        self.anchors = Anchors(view, self.origins)
        self._regions = {one.mail.message_id: list(regions(view, one)) for one in view.messages}
        self._cuts = self._answered_lines()
        self._authors: dict[str, str] = {}
        self._of_mail: dict[str, list[Found]] = {}

    def regions(self, message: Message) -> list[Region]:
        """Return what an author wrote in one piece each."""
        return self._regions[message.mail.message_id]

    def author(self, message: Message) -> str:
        """Return whose patch a mail talks about: that of the nearest patch above, else whoever began the thread."""
        path: list[str] = []
        current = message
        while current.mail.message_id not in self._authors:
            path.append(current.mail.message_id)
            if current.kind in ("patch", "cover") or current.parent is None:
                self._authors[current.mail.message_id] = current.mail.author
                break
            current = self.view.by_id[current.parent]
        self._authors.update(dict.fromkeys(path, self._authors[current.mail.message_id]))
        return self._authors[message.mail.message_id]

    def is_author(self, message: Message) -> bool:
        """Tell whether a mail is by the author of the patch that it talks about."""
        return self.view.people.same(message.mail.author, self.author(message))

    def find(self, message: Message) -> Iterator[Found]:
        """Yield the remarks of a mail."""
        if message.kind == "bot":
            return
        own = self.is_author(message)
        cuts = sorted(self._cuts.get(message.mail.message_id, ()))
        for region in self.regions(message):
            found = points(self.view, message, region, cuts)
            groups = [[one] for one in found if _asked(one)] if own else _grouped([one for one in found if not idle(one)], cuts)
            on = self.anchors.anchor(message, region.about) if groups else None
            for group in groups:
                made = self._made(message, group, on)
                if own or not self._only_answers(made, region):
                    self._of_mail.setdefault(message.mail.message_id, []).append(made)
                    yield made

    def _made(self, message: Message, group: Sequence[Point], on: Anchor | None) -> Found:
        spoken = tuple(sentence for point in group for sentence in point.sentences)
        kind = remark_kind(spoken, on_patch=self._on_patch(message, on))
        text = "\n\n".join(point.text for point in group)[:LONGEST]
        return Found(message, spoken, group[0].start, group[-1].end, text, kind, on)

    def _on_patch(self, message: Message, on: Anchor | None) -> bool:
        """Tell whether a text stands under lines of a patch, or, with nothing quoted above it, in an answer to one."""
        under = self.view.by_id.get((message.parent if on is None else on.message_id) or "")
        return under is not None and under.kind in ("patch", "cover")

    def _only_answers(self, made: Found, region: Region) -> bool:
        """Tell whether a reader only answers: agrees, explains what the patch's author asked, or says what they will do themselves."""
        if made.kind in ("approval", "comment") and not self._on_patch(made.message, made.on):
            return made.kind == "approval" or any(self.is_author(one.message) for one in self.under(made.message, region))
        if made.kind in ("question", "objection") or any(asks(one) for one in made.spoken):
            return False
        told = [one for one in made.spoken if phrases("courtesy").search(one.text) is None][:1]
        return any(phrases("commitment").search(one.text) for one in told)

    def under(self, message: Message, region: Region) -> list[Found]:
        """Return the remarks quoted directly above a piece, without anybody else's words between; the mails above must have been read."""
        run = self.origins.run(message, region.about) if region.about is not None else None
        if run is None:
            return []
        remarks = self._of_mail.get(run[0], [])
        ends = [one.end for one in remarks]
        found: dict[int, Found] = {}
        for line in run[1]:
            at = bisect_right(ends, line - 1)
            if at < len(remarks) and remarks[at].start <= line:
                found[at] = remarks[at]
        return list(found.values())

    def of(self, name: str | None) -> list[Found]:
        """Return the remarks of a mail."""
        return self._of_mail.get(name or "", [])

    def _answered_lines(self) -> dict[str, set[int]]:
        """Return for each mail the lines under whose quote somebody answers."""
        found: dict[str, set[int]] = {}
        for message in self.view.messages:
            for region in self.regions(message):
                if region.about is None:
                    continue
                run = self.origins.run(message, region.about)
                if run and run[1]:
                    found.setdefault(run[0], set()).add(run[1][-1])
        return found


def idle(point: Point) -> bool:
    """Tell whether a point holds nothing but thanks."""
    told = [one for one in point.sentences if phrases("courtesy").search(one.text) is None]
    return bool(point.sentences) and not told and not any(asks(one) or wants(one) for one in point.sentences)


def _asked(point: Point) -> bool:
    """Tell whether a point of the patch's author asks for something."""
    return any(asks(one) or phrases("prompt").search(one.text) or phrases("asks-back").search(one.text) for one in point.sentences)


def _grouped(found: Sequence[Point], cuts: Sequence[int]) -> list[list[Point]]:
    """Join points to remarks: one that wants something, with what explains it; what is answered apart stands apart."""
    groups: list[list[Point]] = []
    wanting = False
    for point in found:
        wanted = any(asks(one) or wants(one) for one in point.sentences)
        if groups and not _apart(groups[-1], point, cuts, wanting and wanted, wanted):
            groups[-1].append(point)
            wanting |= wanted
        else:
            groups.append([point])
            wanting = wanted
    return groups


def _apart(group: Sequence[Point], point: Point, cuts: Sequence[int], both: bool, wanted: bool) -> bool:
    last = group[-1]
    if any(last.end <= cut < point.end for cut in cuts if cut >= last.start) and any(cut >= last.start for cut in cuts):
        return True
    if sum(len(one.text) + 2 for one in group) + len(point.text) > LONGEST:
        return True
    if last.introduces or point.goes_on:
        return False
    return point.item and wanted
