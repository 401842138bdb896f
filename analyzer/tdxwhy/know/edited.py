"""Lines that a person touched: quotes and table borders around them, notes behind them, slips of the pen in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cache
from typing import Any

from tdxwhy.know.match import Matcher, index, match, matchers
from tdxwhy.know.partial import certain
from tdxwhy.know.printf import Text, pieces
from tdxwhy.know.truncated import TDX_KINDS
from tdxwhy.lazy import lazy
from tdxwhy.noun import NamedTuple

# Markup, the number of a list, a tag, and what a shell or a program says before the line.
_LEADING = lazy(
    r"(?:[\s\"'`*_|]{1,16}|\d{1,3}[.)] {1,4}|\[\w{1,16}\] |KERN_[A-Z]{3,8} {1,4}|(?:[\w.-]{1,64} )?kernel: |(?i:dmesg|error): {1,4}){0,6}"
)
_TRAILING = " \t\"'`*_|,"
_BLANKED = lazy(r"\b(R[A-Z0-9]{1,2}):? (?:0x)?(?:[xX*#?.…]{2,32}|[xX*#?…]|<[\w ]{1,32}>|\[[\w ]{1,32}\])(?=[ ,;]|$)")
# What a note begins with. A single blank and a small letter may be how a vendor's line goes on.
_NOTE = lazy(r"\s{2,}\S|\s*(?:[<>#|/*\\\"'`(!?=;~^]|--|[^\x00-\x7f])|\s+[A-Z][a-z']")
_SENTENCE = lazy(r"\s*[A-Z]")
# Scanners of photos and people read 0 as O and 1 as l or I.
_DIGITS = lazy(r"\b[0Oo]x[0-9A-Fa-fOoIl]{4,16}\b")
_DIGIT_OF = str.maketrans("OoIl", "0011")
_TOKEN = lazy(r"[^\W_]+")
_CONVERSION = lazy(r"(?:0x)?%[#0-9.lhzjt]{0,8}[a-zA-Z]")
# What printk's format prefix may put before a line that other kernels print bare.
_SUBSYSTEM = lazy(r"(?:x86/|virt/){0,4}(?:kvm(?:_intel)?|tdx): ")
_LIKE = 0.79
_LONG_ENOUGH = 4
# By so many characters constant texts are looked up.
_HEAD = 8
_READ = 512


class Touched(NamedTuple):
    """The form that a line has but for what a person did to it, its values, and its text without what was added."""

    matcher: Matcher
    values: dict[str, Any]
    text: str


def touched(text: str) -> Touched | None:
    """Return what a line was before a person touched it, where only one form fits."""
    text = text[:_READ]
    bare = without_lead(text)
    bare = bare.rstrip(_TRAILING) if text[:1] in "\"'`*_|" else bare
    bare = with_digits(bare)
    for one in (bare, _SUBSYSTEM.sub("", bare, count=1)):
        known = match(one) if one != text else None
        if known is not None and not known[0].format.endswith("%s") and known[0].forms[0].kind in TDX_KINDS:
            return Touched(*known, one)
    return _noted(bare) or _misspelt(bare)


def has_words_of_another(matcher: Matcher, text: str) -> bool:
    """Tell whether a reason that any line may give has the words of a line of its own, with its values hidden or in other letters."""
    said = set(_TOKEN.findall(text.lower()))
    return any(words <= said for words in _words_behind(matcher.format.removesuffix("%s")))


@cache
def _words_behind(head: str) -> tuple[frozenset[str], ...]:
    """Return the words, two or more of each, of the forms with fields that begin so."""
    formats = [one.format for one in matchers() if one.format.startswith(head) and one.fields and not one.format.endswith(": %s")]
    words = [frozenset(_TOKEN.findall(_CONVERSION.sub(" ", one[len(head) :]).lower())) for one in formats]
    return tuple(one for one in words if len(one) > 1)


def with_registers(text: str) -> str:
    """Return a text with zeroes for registers that a reporter blanked: RCX 0xXXXXXXXX, R8 0x******, RDX <redacted>."""
    return _BLANKED.sub(r"\1 0x0000000000000000", text)


def with_digits(text: str) -> str:
    """Return the text with the letters in its hexadecimal numbers that a scanner, or a person, took for digits."""
    return _DIGITS.sub(lambda found: "0x" + found[0][2:].translate(_DIGIT_OF), text)


def without_lead(text: str) -> str:
    """Return the line without what stands before it in a list, in quotes or behind a program's name."""
    return _LEADING.sub("", text, count=1)


def _noted(text: str) -> Touched | None:
    """Find the longest whole line of a known form that the text begins with, where only a note stands behind it."""
    best: tuple[int, Matcher] | None = None
    for end, matcher in _beginnings(text):
        told = _NOTE.match(text, end) or (text[end - 1 : end] in (".", ")") and _SENTENCE.match(text, end))
        if told and matcher.forms[0].kind in TDX_KINDS and (best is None or end > best[0]):
            best = end, matcher
    if best is None:
        return None
    line = text[: best[0]].rstrip()
    found = match(line)
    return Touched(*found, line) if found is not None else None


def _beginnings(text: str) -> Iterator[tuple[int, Matcher]]:
    for constant, matcher in _constants().get(text[:_HEAD], ()):
        if text.startswith(constant):
            yield len(constant), matcher
    known = index()
    for length in known.lengths_of(text):
        for matcher in known.heads.get(text[:length], ()):
            if matcher.source and matcher.needle in text and not matcher.format.endswith("%s"):
                found = re.match(matcher.source, text)
                if found is not None:
                    yield found.end(), matcher


@cache
def _constants() -> dict[str, list[tuple[str, Matcher]]]:
    """Return the constant texts by how they begin; a shorter one is no line that a note could follow."""
    found: dict[str, list[tuple[str, Matcher]]] = {}
    for constant, matcher in index().exact.items():
        found.setdefault(constant[:_HEAD], []).append((constant, matcher))
    return found


def _misspelt(text: str) -> Touched | None:
    """Find the one form that has the same words in the same order, a few of them misspelt.

    The very words with other commas are how a vendor writes it: that line is not known, and has its nearest form.
    """
    words = _words(text)
    if len(words) < _LONG_ENOUGH:
        return None
    fits = [(slips, matcher) for theirs, matcher in _candidates(words) if (slips := _slips(words, theirs)) is not None]
    fewest = min((slips for slips, _ in fits), default=0)
    best = [matcher for slips, matcher in fits if slips == fewest]
    if not fewest or len({(matcher.forms[0].outcome, matcher.forms[0].step) for matcher in best}) != 1:
        return None
    return Touched(best[0], certain(text), text)


def _candidates(words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Matcher]]:
    """Yield the forms with as many words, of which no more than may be slips stand otherwise at their places."""
    spellings, places = _spellings()
    votes = Counter(number for place in enumerate(words) for number in places.get((len(words), *place), ()))
    for number, same in votes.items():
        if len(words) - same <= _most_slips(len(words)):
            yield spellings[number]


@cache
def _spellings() -> tuple[list[tuple[tuple[str, ...], Matcher]], dict[tuple[int, int, str], list[int]]]:
    """Return the words of each TDX form that takes no text of its own, and which of them have how many words and which one where."""
    found: list[tuple[tuple[str, ...], Matcher]] = []
    places: dict[tuple[int, int, str], list[int]] = {}
    for matcher in matchers():
        if matcher.forms[0].kind in TDX_KINDS and "%s" not in matcher.format:
            words = _words(_with_zeros(matcher.format))
            for place, word in enumerate(words):
                places.setdefault((len(words), place, word), []).append(len(found))
            found.append((words, matcher))
    return found, places


def _most_slips(words: int) -> int:
    """Return how many of so many words may be misspelt."""
    return (words + 1) // 3


def _with_zeros(format: str) -> str:
    return "".join(piece.text if isinstance(piece, Text) else "0" for piece in pieces(format))


def _words(text: str) -> tuple[str, ...]:
    return tuple(token.lower() for token in _TOKEN.findall(text) if len(token) > 1 and not any(c in "0123456789" for c in token))


def _slips(words: tuple[str, ...], theirs: tuple[str, ...]) -> int | None:
    """Count the words that are misspelt, or return None if one is another word."""
    wrong = [(one, other) for one, other in zip(words, theirs, strict=True) if one != other]
    return len(wrong) if all(_is_slip(one, other) for one, other in wrong) else None


def _is_slip(one: str, other: str) -> bool:
    """Tell whether two words are one, misspelt: with the same first letter, for "unsupported" is no slip for "supported"."""
    return one[0] == other[0] and min(len(one), len(other)) >= _LONG_ENOUGH and SequenceMatcher(None, one, other, False).ratio() >= _LIKE
