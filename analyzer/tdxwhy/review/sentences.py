"""Blocks of prose to sentences that know their lines."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from operator import itemgetter

from tdxwhy.noun import NamedTuple
from tdxwhy.review.nouns import MailLine

_END = re.compile(r"(?<![.!?])[.!?]++[\"')\]*_]*+(?=\s|$)")
_NUMBER = re.compile(r"\(?\d{1,2}\.")
_SMILEY = re.compile(r"\s?[:;][-']?[()DP]$")
_OWN = re.compile(r"[\w)\]\"'*`>.…\s]\?")
_ITEM = re.compile(r"^(?:[-*•]|\(?\d{1,2}[.)]|\(?[a-z]\))\s+")
_MARKS = ")]*_!?."
_SHORT = re.compile(r"(?:^|[\s(\"'])(?:e\.g|i\.e|etc|vs|aka|cf|resp|approx|a\.k\.a|w\.r\.t|Mr|Dr|no|Fig|incl|[A-Z])\.$", re.IGNORECASE)
_LONGEST = 20000
# Characters of a sentence: what is longer is none, and its beginning tells that as well.
_SENTENCE = 2000


class Sentence(NamedTuple):
    """One sentence: its text in one line, and the first and last line of the mail that it stands on."""

    text: str
    start: int
    end: int

    @property
    def bare(self) -> str:
        """Return the text without the number or the bullet of a list's item."""
        return _ITEM.sub("", self.text)

    @property
    def asks(self) -> bool:
        """Tell whether it ends in a question mark that is its own."""
        bare = self.text.rstrip()
        if bare.endswith(('?"', "?'")):
            return bare[:-1].count(bare[-1]) % 2 == 0
        smiley = _SMILEY.search(bare[-4:])
        said = bare[: -len(smiley[0])] if smiley else bare
        return _OWN.search(said, max(0, len(said.rstrip(_MARKS)) - 1)) is not None or bare == "?"


def smiles(text: str) -> bool:
    """Tell whether a text ends in a smile."""
    return _SMILEY.search(text.rstrip()[-4:]) is not None


def sentences(lines: Sequence[MailLine]) -> Iterator[Sentence]:
    """Split lines of prose into sentences; a paragraph's end ends one.

    Accepted form: prose wrapped at any width; full stops of abbreviations and initials, file names and addresses end nothing.
    """
    text, starts = _joined(lines)
    begin = 0
    for end in _ends(text):
        piece = text[begin:end]
        if piece.strip():
            left = begin + len(piece) - len(piece.lstrip())
            yield Sentence(piece.strip()[:_SENTENCE], _line(starts, left), _line(starts, end - 1))
        begin = end


def _joined(lines: Sequence[MailLine]) -> tuple[str, list[tuple[int, int]]]:
    """Join lines with blanks; `starts` tells at which offset each line begins."""
    pieces: list[str] = []
    starts: list[tuple[int, int]] = []
    offset = 0
    for line in lines:
        piece = line.text.strip()[:_LONGEST]
        if offset > _LONGEST:
            break
        starts.append((offset, line.number))
        pieces.append(piece)
        offset += len(piece) + 1
    return " ".join(pieces), starts


def _ends(text: str) -> Iterator[int]:
    begin = len(text) - len(text.lstrip())
    for found in _END.finditer(text):
        end = found.end()
        before, after = text[max(0, end - 12) : end], text[end : end + 3].lstrip()
        if found.group()[0] == "." and (_SHORT.search(before) or (after[:1].islower() and not found.group().startswith(".."))):
            continue
        if found.group().startswith("..") and after[:1].islower():
            continue
        if found.group()[0] == "?" and after[:1] and (after[0] in "),;" or (")" in found.group() and after[0].islower())):
            continue
        if found.group() == "." and end - begin < 5 and _NUMBER.fullmatch(text, begin, end):
            continue
        yield end
    yield len(text)


def _line(starts: list[tuple[int, int]], offset: int) -> int:
    return starts[max(bisect_right(starts, offset, key=itemgetter(0)) - 1, 0)][1] if starts else 0
