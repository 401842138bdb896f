"""An author's own text between two quotes, and the points that it makes there: paragraphs, items of a list, and what each offers."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from tdxwhy.noun import NamedTuple
from tdxwhy.review.blocks import Block
from tdxwhy.review.nouns import Message
from tdxwhy.review.people import name_key
from tdxwhy.review.sentences import Sentence
from tdxwhy.review.view import View

LONGEST = 1500
_OFFERED = ("example", "code", "diff", "comment", "log")
_ITEM = re.compile(r"^\s{0,8}(?:[-*•]|\(?\d{1,2}[.)]|\(?[a-z]\))\s+\S")
_WORDS = re.compile(r"[^\W\d_]{2}|\w\?|^[kKyY]\W{0,3}$")
_SHOWN = 8
_LEAD = 12
_NEAR = 2
# A tag with its address at the end of a sentence that leads to it.
TAGGED = re.compile(r"(?:^|\s)(?P<tag>[A-Z][A-Za-z]{1,30}(?:-[a-z]{1,30}){0,4}-by:\s{1,4}\S[^<>]{0,120}<[^<>\s]{1,120}>)\W{0,3}$")
# What a letter ends with above the name.
_FAREWELL = re.compile(
    r"\W*(?:br|kr|lg|mfg|rgds|thx|cu|hth|ciao|bye|cheers|greetings|sincerely|(?:many |with )?(?:thanks|thank you)(?: and regards)?"
    r"|(?:with )?(?:best|kind|warm|many)?\s?(?:regards|wishes)|best|yours(?: sincerely)?)\W*",
    re.IGNORECASE,
)


class AuthorRegion(NamedTuple):
    """What an author wrote in one piece. `about` is the index of the quoted line above it, None where nothing is quoted above."""

    about: int | None
    blocks: tuple[Block, ...]


class Point(NamedTuple):
    """A paragraph or an item of a list with what it offers: its sentences, first and last line, and its text as it stands."""

    sentences: tuple[Sentence, ...]
    start: int
    end: int
    text: str
    item: bool = False

    @property
    def goes_on(self) -> bool:
        """Tell whether it begins in mid-sentence."""
        return self.text.lstrip(" .")[:1].islower()

    @property
    def introduces(self) -> bool:
        """Tell whether what follows belongs to it."""
        return self.text.rstrip().endswith(":")


def regions(view: View, message: Message) -> Iterator[AuthorRegion]:
    """Yield the pieces that an author wrote; quoted lines with words part them, greetings and signatures are left out."""
    held: list[Block] = []
    about: int | None = None
    for block in view.blocks(message):
        above = view.quoted_above(message, block.lines[0].number)
        if held and above != about:
            yield AuthorRegion(about, tuple(held))
            held = []
        about = above
        if block.kind in ("prose", *_OFFERED):
            held.append(block)
    if held:
        yield AuthorRegion(about, tuple(held))


def points(view: View, message: Message, region: AuthorRegion, cuts: Sequence[int] = ()) -> list[Point]:
    """Return the points of a region, in order; `cuts` are lines behind which a later mail answers, so that a point ends there.

    What is no talk is left out: the author's name, a smile, words that only repeat a mail above.
    """
    found: list[Point] = []
    for block in region.blocks:
        if block.kind == "prose" or (block.kind == "example" and not found and _asks(block)):
            found.extend(_talk(view, message, block, cuts))
        elif found and found[-1].end < block.lines[0].number:
            found[-1] = _with(found[-1], block)
        elif not any(one.kind == "prose" for one in region.blocks):
            found.append(_alone(block))
    return found


def _asks(block: Block) -> bool:
    return len(block.lines) <= 2 and block.text.rstrip().endswith("?")


def _talk(view: View, message: Message, block: Block, cuts: Sequence[int]) -> Iterator[Point]:
    spoken = [one for one in view.spoken(message, block) if _WORDS.search(one.text) and not TAGGED.search(one.text)]
    if (
        spoken
        and len(spoken[-1].text.split()) <= _LEAD
        and not spoken[-1].text.endswith((".", "!", "?"))
        and _before_tag(view, message, block)
    ):
        spoken.pop()
    if not spoken or _signs(view, message, block):
        return
    item = bool(_ITEM.match(block.lines[0].text))
    held: list[Sentence] = []
    for sentence in spoken:
        if held and bisect_left(cuts, held[-1].end) < bisect_left(cuts, sentence.end):
            yield _point(block, held, item)
            held, item = [], False
        held.append(sentence)
    yield _point(block, held, item)


def part(point: Point, first: int, end: int) -> Point:
    """Return a point with some of its sentences alone; the last ones keep what it offers."""
    spoken = point.sentences[first:end]
    text = " ".join(one.text for one in spoken)
    last = end == len(point.sentences)
    offered = point.text[point.text.find("\n\n") :] if last and "\n\n" in point.text else ""
    return Point(spoken, spoken[0].start, point.end if last else spoken[-1].end, text + offered, point.item and not first)


def _point(block: Block, spoken: Sequence[Sentence], item: bool) -> Point:
    start, end = spoken[0].start, spoken[-1].end
    lines = [line.text.rstrip() for line in block.lines if start <= line.number <= end]
    whole = len(spoken) and start == block.lines[0].number and end == block.lines[-1].number
    text = "\n".join(lines) if whole else " ".join(one.text for one in spoken)
    return Point(tuple(spoken), start, end, text, item)


def _before_tag(view: View, message: Message, block: Block) -> bool:
    """Tell whether a tag stands right below a block: what introduces it is no remark."""
    blocks = view.blocks(message)
    last = block.lines[-1].number
    place = bisect_right(blocks, last, key=lambda one: one.lines[0].number)
    return place < len(blocks) and blocks[place].kind == "trailer" and blocks[place].lines[0].number - last <= _NEAR


def _signs(view: View, message: Message, block: Block) -> bool:
    """Tell whether a mail's last lines begin with the author's own name."""
    first = next((line.text for line in block.lines if not _FAREWELL.fullmatch(line.text)), block.lines[0].text)
    words = re.findall(r"[^\W\d_]+", first.lower())
    named = 0 < len(words) <= 3 and all(any(part.startswith(word) for part in name_key(message.mail.author)) for word in words)
    return named and len(block.lines) <= 4 and (len(block.lines) == 1 or block is view.blocks(message)[-1])


def _with(point: Point, block: Block) -> Point:
    """Return a point with the lines that it offers; long ones are shortened."""
    shown = [line.text for line in block.lines[:_SHOWN]]
    text = "\n".join([point.text, "", *shown])
    return point._replace(text=text if len(text) <= LONGEST else point.text, end=block.lines[-1].number)


def _alone(block: Block) -> Point:
    """Return what is offered without a word: the first lines speak for it."""
    text = "\n".join(line.text for line in block.lines[:_SHOWN])
    return Point((), block.lines[0].number, block.lines[-1].number, text[:LONGEST])
