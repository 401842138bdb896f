"""Remarks: what readers write directly under quoted lines, and what a patch's author asks back."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from tdxwhy.hints import Literal
from tdxwhy.noun import NamedTuple
from tdxwhy.review.anchors import Anchors
from tdxwhy.review.labels import asks, assents, commits, earnest, refutes, remark_kind, strictly, wanted, wants, yields
from tdxwhy.review.nouns import Anchor, Message, RemarkKind
from tdxwhy.review.origins import Origins
from tdxwhy.review.phrases import phrases
from tdxwhy.review.regions import LONGEST, AuthorRegion, Point, part, points, regions
from tdxwhy.review.sentences import Sentence, smiles
from tdxwhy.review.versions import patch_text
from tdxwhy.review.view import View
from tdxwhy.source.diff import holds_diff

_SHORT = 6
_BRIEF = 30
_ADDS = re.compile(r"(?:And|Or)\b")
_SHOWN = 3
_SPACED = re.compile(r"\b[^\W\d_]{2,40}[,.]?\s{1,9}[^\W\d_]{2}")
# Sentences of a point that lead to its author's question.
_LEADS = 2


Place = Literal["answers", "argues"] | None


class Found(NamedTuple):
    """A remark before anybody's answer is looked for.

    `place`: it stands under a question of the patch's author and wants nothing, or it speaks to an argument of theirs and says nothing of
    what is to be done.
    """

    message: Message
    spoken: tuple[Sentence, ...]
    start: int
    end: int
    text: str
    kind: RemarkKind
    on: Anchor | None
    place: Place = None


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
        self._firsts: dict[str, list[int]] = {}
        self._ends: dict[str, list[int]] = {}

    def regions(self, message: Message) -> list[AuthorRegion]:
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
            yield from self._report(message)
            return
        own = self.is_author(message)
        cuts = sorted(self._cuts.get(message.mail.message_id, ()))
        for region in self.regions(message):
            found = points(self.view, message, region, cuts)
            groups = _asking(found) if own else _grouped([one for one in found if not idle(one) or _answered(one, cuts)], cuts)
            on = self.anchors.anchor(message, region.about) if groups else None
            answers = bool(groups) and not own and any(self.is_author(one.message) for one in self.under(message, region))
            for group in groups:
                made = self._made(message, group, on, own=own, answers=answers)
                if own or not self._only_answers(made):
                    self._of_mail.setdefault(message.mail.message_id, []).append(made)
                    yield made

    def _report(self, message: Message) -> Iterator[Found]:
        """Yield what a robot found wrong: its first words and what it shows, as one remark; notices that all is well are none."""
        blocks = [block for block in self.view.blocks(message) if block.kind in ("prose", "example", "log", "code")]
        told = next((block for block in blocks if phrases("finds").search(" ".join(block.text.split())[:LONGEST])), None)
        if told is None or holds_diff(patch_text(message)):
            return
        shown = blocks[blocks.index(told) : blocks.index(told) + _SHOWN]
        text = "\n\n".join(block.text for block in shown)[:LONGEST]
        found = Found(message, (), told.lines[0].number, shown[-1].lines[-1].number, text, "report", None)
        self._of_mail.setdefault(message.mail.message_id, []).append(found)
        yield found

    def _made(self, message: Message, group: Sequence[Point], on: Anchor | None, *, own: bool, answers: bool) -> Found:
        spoken = tuple(sentence for point in group for sentence in point.sentences)
        argues = not own and not answers and self._on_author(message, on) and not assents(spoken)
        kind = remark_kind(spoken, own=own, wants=argues or self._on_patch(message, on))
        text = "\n\n".join(point.text for point in group)[:LONGEST]
        place: Place = (
            "answers" if answers and kind == "comment" else "argues" if argues and not any(wants(one) for one in spoken) else None
        )
        return Found(message, spoken, group[0].start, group[-1].end, text, kind, on, place)

    def _on_patch(self, message: Message, on: Anchor | None) -> bool:
        """Tell whether a text stands under lines of a patch, or, with nothing quoted above it, in an answer to one."""
        under = self.view.by_id.get((message.parent if on is None else on.message_id) or "")
        return under is not None and under.kind in ("patch", "cover")

    def _under_reply(self, made: Found) -> bool:
        under = self.view.by_id.get(made.on.message_id or "") if made.on is not None else None
        return under is not None and under.kind == "reply"

    def _on_author(self, message: Message, on: Anchor | None) -> bool:
        """Tell whether a text stands under what the patch's author wrote in a reply."""
        under = self.view.by_id.get(on.message_id or "") if on is not None else None
        return under is not None and under.kind == "reply" and self.view.people.same(under.mail.author, self.author(message))

    def _only_answers(self, made: Found) -> bool:
        """Tell whether a reader only answers: states something under another reply, agrees, or says what they will do themselves."""
        if self._under_reply(made) and _answer(made):
            return True
        if made.kind == "approval" and not self._on_patch(made.message, made.on):
            return True
        if made.kind in ("question", "objection") or any(asks(one) for one in made.spoken):
            return False
        told = [one for one in made.spoken if phrases("courtesy").search(one.text) is None][:1]
        return any(commits(one, own=False) for one in told)

    def under(self, message: Message, region: AuthorRegion) -> list[Found]:
        """Return the remarks quoted directly above a piece, without anybody else's words between; the mails above must have been read."""
        run = self.origins.run(message, region.about) if region.about is not None else None
        if run is None:
            return []
        remarks = self._of_mail.get(run[0], [])
        ends = self._ends_of(run[0])
        found: dict[int, Found] = {}
        for line in run[1]:
            at = bisect_right(ends, line - 1)
            if at < len(remarks) and remarks[at].start <= line:
                found[at] = remarks[at]
        return list(found.values())

    def above(self, message: Message, region: AuthorRegion) -> list[Found]:
        """Return the remarks quoted above a piece up to the author's own words, whoever's words stand between."""
        index, found = region.about, {}
        while index is not None and index >= 0 and (message.lines[index].level or not message.lines[index].text.strip()):
            told = self.origins.line(message, index) if message.lines[index].text.strip() else None
            at = bisect_right(self._ends_of(told[0]), told[1] - 1) if told is not None else 0
            if told is not None and at < len(remarks := self._of_mail.get(told[0], [])) and remarks[at].start <= told[1]:
                found[told[0], at] = remarks[at]
            index -= 1
        return list(found.values())

    def _ends_of(self, name: str) -> list[int]:
        known = self._ends.get(name)
        if known is None or len(known) != len(self._of_mail.get(name, ())):
            known = self._ends[name] = [one.end for one in self._of_mail.get(name, ())]
        return known

    def piece(self, name: str, number: int) -> int | None:
        """Return the first line of the piece of a mail that holds a line."""
        firsts = self._firsts.setdefault(name, [region.blocks[0].lines[0].number for region in self._regions[name]])
        at = bisect_right(firsts, number) - 1
        return firsts[at] if at >= 0 and number <= self._regions[name][at].blocks[-1].lines[-1].number else None

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


def _answer(made: Found) -> bool:
    """Tell whether what stands under a reply wants nothing: a statement, a bare link or code, assent before what is to be otherwise."""
    if not any(_SPACED.search(one.text) for one in made.spoken):
        return True
    if any(asks(one) or refutes(one) for one in made.spoken):
        return False
    return made.kind == "comment" or (yields(made.spoken[0]) and not any(strictly(one) for one in made.spoken))


def idle(point: Point) -> bool:
    """Tell whether a point holds nothing but thanks, a short word of approval, a joke, a concession or one's own test that passed."""
    if _closes(point):
        return True
    if not point.sentences or len(point.text.split()) > _BRIEF or any(asks(one) or wants(one) for one in point.sentences):
        return False
    told = [one for one in point.sentences if not any(phrases(group).search(one.text) for group in ("courtesy", "approval"))]
    return not told or smiles(point.sentences[-1].text)


def _closes(point: Point) -> bool:
    """Tell whether a point gives way, or reports a test that passed, and neither wants nor shows anything beside."""
    rest = [one for one in point.sentences if not phrases("gives-way").search(one.bare)]
    if any(asks(one) or wants(one) or phrases("holds-on").search(one.bare) for one in rest) or "\n\n" in point.text:
        return False
    tested = any(phrases("tested").search(one.bare) for one in rest[:1])
    return len(rest) < len(point.sentences) or (tested and not any(phrases("went-wrong").search(one.bare) for one in rest))


def _answered(point: Point, cuts: Sequence[int]) -> bool:
    """Tell whether somebody answers right below a point."""
    at = bisect_left(cuts, point.start)
    return at < len(cuts) and cuts[at] <= point.end


def _asking(found: Sequence[Point]) -> list[list[Point]]:
    """Return what the patch's author asks: of each point all up to the last sentence that asks, of a long one from near the first."""
    groups = []
    for point in found:
        asked = [at for at, one in enumerate(point.sentences) if asks(one) or phrases("asks-back").search(one.text) or _prompts(one)]
        if asked:
            objects = any(wanted(one) == "objection" for one in point.sentences[: asked[0]])
            first = 0 if objects or asked[0] <= _LEADS else asked[0] - 1
            groups.append([point if asked[-1] - first + 1 == len(point.sentences) else part(point, first, asked[-1] + 1)])
    return groups


def _prompts(sentence: Sentence) -> bool:
    return len(sentence.text.split()) <= _SHORT and phrases("prompt").search(sentence.text) is not None


def _grouped(found: Sequence[Point], cuts: Sequence[int]) -> list[list[Point]]:
    """Join points to remarks: what is answered apart, is an item of a list or wants something of another sort stands apart."""
    groups: list[list[Point]] = []
    kind: RemarkKind | None = None
    for point in found:
        own = next((each for one in earnest(point.sentences) if (each := wanted(one)) is not None), None)
        differs = kind is not None and own is not None and own != kind
        differs |= point.item and bool(groups) and (groups[-1][0].item or (kind is not None and own is not None))
        if groups and not _apart(groups[-1], point, cuts, differs=differs):
            groups[-1].append(point)
            kind = kind or own
        else:
            groups.append([point])
            kind = own
    return groups


def _adds(point: Point) -> bool:
    """Tell whether a point begins as the last one's next sentence."""
    return _ADDS.match(point.text) is not None and bool(point.sentences) and not asks(point.sentences[0])


def _apart(group: Sequence[Point], point: Point, cuts: Sequence[int], *, differs: bool) -> bool:
    last = group[-1]
    at = bisect_left(cuts, last.start)
    if at < len(cuts) and last.end <= cuts[at] < point.end:
        return True
    if sum(len(one.text) + 2 for one in group) + len(point.text) > LONGEST:
        return True
    return differs and not last.introduces and not point.goes_on and not _adds(point)
