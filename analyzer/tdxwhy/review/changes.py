"""What became of lines of a patch in its next version: two mails side by side, and the change notes between them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from tdxwhy.noun import NamedTuple
from tdxwhy.records import Evidence, Place
from tdxwhy.review.alignment import aligned
from tdxwhy.review.lines import squeeze
from tdxwhy.review.nouns import MailLine, Message
from tdxwhy.review.phrases import word_class
from tdxwhy.review.threads import version_key

_TELLING = re.compile(r"\w{2}")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{3,60}")
_NOTES = re.compile(
    r"(?:[-*][ \t]*+)?(?:changes?|changelog|changed|history|delta|diff|what's new)?+[ \t]*+(?:log[ \t]*+)?+"
    r"(?:since|from|in|for|to|compared to|against|of)?+[ \t]*+:?+[ \t]*+\(?+(?:(?:RFC|PATCH)[ \t]*+)?+v(?P<first>\d{1,3}(?:\.\d{1,2})?)\)?+"
    r"(?:[ \t]*+(?:-+>|=+>|→|to)[ \t]*+\(?v(?P<second>\d{1,3}(?:\.\d{1,2})?)\)?+)?[ \t]*+(?:[:：(]|$)",
    re.IGNORECASE,
)
_SINCE = re.compile(r"\b(?:since|from|compared|against)\b", re.IGNORECASE)
_NEAR = 2
_FAR = 40
_LONGEST = 400


class ChangeNote(NamedTuple):
    """One change note of a later version."""

    message: Message
    number: int
    text: str


class Pair:
    """A patch and its next version, line by line; marks of the diff and blanks are left out of the comparison."""

    def __init__(self, old: Message, new: Message) -> None:
        """Match the lines of both mails."""
        self.old, self.new = old, new
        self._old = [line for line in old.lines if not line.level]
        self._new = [line for line in new.lines if not line.level]
        self._at = {line.number: index for index, line in enumerate(self._old)}
        self._match = aligned([_key(line) for line in self._old], [_key(line) for line in self._new])
        self._taken = {index for index in self._match if index is not None}
        self._places: dict[str, list[int]] = {}
        for index, line in enumerate(self._new):
            self._places.setdefault(_key(line), []).append(index)

    def matched(self, number: int) -> MailLine | None:
        """Return the line of the next version that a line of the old mail became unchanged."""
        index = self._at.get(number)
        place = self._match[index] if index is not None else None
        return self._new[place] if place is not None else None

    def elsewhere(self, number: int) -> MailLine | None:
        """Return an equal line that stands at another place of the next version."""
        index = self._at.get(number)
        places = self._places.get(_key(self._old[index]), []) if index is not None else []
        return self._new[places[0]] if places else None

    def span(self, numbers: Sequence[int]) -> tuple[int, int] | None:
        """Return the place of lines in the next version: the indices between their matched neighbours."""
        held = [self._at[number] for number in numbers if number in self._at]
        if not held:
            return None
        first, last = min(held), max(held)
        before, after = first - 1, last + 1
        while before >= 0 and self._match[before] is None:
            before -= 1
        while after < len(self._old) and self._match[after] is None:
            after += 1
        start = (self._match[before] or 0) + 1 if before >= 0 else 0
        end = self._match[after] if after < len(self._old) else len(self._new)
        return start, end if end is not None else len(self._new)

    def fresh(self, start: int, end: int) -> Iterator[MailLine]:
        """Yield the lines of the next version between two indices that the old one does not have."""
        for index in range(max(start, 0), min(end, len(self._new))):
            line = self._new[index]
            if index not in self._taken and telling(line.text) and not line.text.startswith(("@@", "index ", "diff ", "---", "+++")):
                yield line

    def lost(self, start: int, end: int) -> list[MailLine]:
        """Return the old lines that are no longer there, between what stands just outside two indices of the next version."""
        before = next((number for number, place in enumerate(self._match) if place == start - 1), -1) if start else -1
        found = []
        for index in range(before + 1, len(self._old)):
            if self._match[index] is not None:
                if self._match[index] == end:
                    break
                continue
            if telling(self._old[index].text):
                found.append(self._old[index])
        return found

    def around(self, numbers: Sequence[int]) -> MailLine | None:
        """Return what is new beside lines that stayed, or that stand elsewhere now: the nearest line with words."""
        places = [place for number in numbers if (place := self._place(number)) is not None]
        if not places:
            return None
        first, last = min(places), max(places)
        if last - first > 4 * len(numbers) + _NEAR:
            first = last
        found = [*self._fresh_from(last, 1), *self._fresh_from(first, -1), *self.fresh(first, last)]
        return found[0] if found else None

    def _place(self, number: int) -> int | None:
        index = self._at.get(number)
        if index is None:
            return None
        places = self._places.get(_key(self._old[index]), [])
        return self._match[index] if self._match[index] is not None else places[0] if places else None

    def _fresh_from(self, place: int, step: int) -> Iterator[MailLine]:
        """Yield new lines on one side of a place: not farther than two lines that stayed, as far as the new ones go."""
        stayed, index = 0, place + step
        while stayed <= _NEAR and 0 <= index < len(self._new) and abs(index - place) <= _FAR:
            if index in self._taken:
                stayed += 1
            else:
                yield from self.fresh(index, index + 1)
            index += step

    def at(self, index: int) -> MailLine | None:
        """Return a line of the next version."""
        return self._new[index] if 0 <= index < len(self._new) else None


def telling(text: str) -> bool:
    """Tell whether a line has words at all, unlike a brace."""
    return _TELLING.search(text) is not None


def _key(line: MailLine) -> str:
    text = line.text
    mark = "-" if text.startswith("-") and not text.startswith("--") else ""
    return mark + squeeze(text[1:] if text[:1] in "+- " else text)


def proof(message: Message, line: MailLine) -> Evidence:
    """Return a line of a mail as evidence."""
    return Evidence(Place(message.mail.place.source, line.number, message.mail.message_id), line.text.strip()[:_LONGEST])


def notes(message: Message, old: str | None) -> Iterator[ChangeNote]:
    """Yield the change notes of a patch or a cover letter that tell what changed since version `old`.

    Accepted form: a list under a line that names a version (`Changes since v2:`, `v2 -> v3:`, `v3: (Ann)`, `In v3:`); lists under other
    versions are left out; where no line names one, every item below the first `---`.
    """
    heads = [found for line in message.lines if not line.level and (found := _NOTES.match(line.text[:200].strip()))]
    below = within = False
    held: list[MailLine] = []
    for line in message.lines:
        if line.level or line.text.startswith(("diff --git ", "@@ -")):
            break
        head = _NOTES.match(line.text[:200].strip())
        if head or not line.text.strip() or line.text.startswith("---"):
            yield from _note(message, held)
            held = []
            below |= line.text.startswith("---")
            within = _meant(head, message.version, old) if head else within
        elif (within if heads else below) and not re.match(r"^ \S.{0,120}\|\s+\d", line.text):
            if re.match(r"^\s*(?:[-*•o+]|\d{1,2}[.)])\s", line.text):
                yield from _note(message, held)
                held = []
            held.append(line)
    yield from _note(message, held)


def _meant(head: re.Match[str], new: str | None, old: str | None) -> bool:
    """Tell whether a heading stands above what changed between two versions."""
    first, second = head.group("first"), head.group("second")
    if second:
        return version_key(old) < version_key(second) <= version_key(new)
    if _SINCE.search(head.group().split("v")[0]):
        return version_key(old) <= version_key(first) < version_key(new)
    return version_key(old) < version_key(first) <= version_key(new)


def _note(message: Message, lines: Sequence[MailLine]) -> Iterator[ChangeNote]:
    if lines:
        yield ChangeNote(message, lines[0].number, " ".join(line.text.strip() for line in lines)[:_LONGEST])


def content(text: str) -> frozenset[str]:
    """Return the words of a text that carry a subject, in lower case and without a plural's s."""
    words = (word.lower() for word in _WORD.findall(text[:4000]))
    return frozenset(word.rstrip("s") if len(word) > 4 else word for word in words) - word_class("common") - _verbs()


@cache
def _verbs() -> frozenset[str]:
    """Return the words that change notes and promises are made of whatever they are about."""
    return word_class("talk") | word_class("did") | word_class("order") | {word.rstrip("*") for word in word_class("do")}


def identifiers(text: str) -> frozenset[str]:
    """Return the names of code in a text: with an underscore, a call's parentheses, capitals within."""
    found = re.findall(r"[A-Za-z_][A-Za-z0-9_]{2,60}(?:\(\))?", text[:4000])
    coded = (word for word in found if "_" in word.strip("_") or word.endswith(")") or re.search(r"[a-z0-9][A-Z]", word))
    return frozenset(word.removesuffix("()") for word in coded)


def named_in(wanted: Iterable[ChangeNote], text: str, function: str | None = None) -> ChangeNote | None:
    """Return the change note that names what a text is about: a name of code, or two of its words, and not by the way.

    The function's own name counts as one word.
    """
    words, names = content(text), identifiers(text)
    best: tuple[int, ChangeNote] | None = None
    for note in wanted:
        told, coded = content(note.text), identifiers(note.text)
        score = len(words & told) + len((names & coded) - {function}) + (function in coded)
        if score >= 2 and 4 * score >= len(told) and (best is None or score > best[0]):
            best = score, note
    return best[1] if best else None
