"""Lines that lost their head or their tail, and the form that a line comes nearest to."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from os.path import commonprefix

from tdxwhy.hints import Any
from tdxwhy.know.decode import is_whole_status
from tdxwhy.know.match import Matcher, matchers
from tdxwhy.know.printf import Text, pieces
from tdxwhy.lazy import lazy
from tdxwhy.noun import NamedTuple
from tdxwhy.records import MessageForm

TDX_KINDS = frozenset({"host", "loader", "kvm", "runtime", "guest"})
# So much constant text must be there before a torn line counts as known, and so like must a nearest form be.
_LEAST = 10
_LIKE = 0.4
_SAME = 0.8
# What the same beginning adds to the likeness at most.
_BEGINNING = 0.02
_REGISTER = 16
_PIECE = 4


class Fit(NamedTuple):
    """How a torn line fits a format: its values, and how much constant text it shares."""

    matcher: Matcher
    values: dict[str, Any]
    shared: int


class Torn(NamedTuple):
    """The form that the rest of a line comes from, and the values that are whole.

    `sure` if no other form has this rest, and half of the form with all its values is there.
    """

    form: MessageForm
    values: dict[str, Any]
    sure: bool


def fit(text: str, cut: str) -> Torn | None:
    """Return the one meaning that the rest of a torn line can only have."""
    if len(text) < _LEAST:
        return None
    beginning, ending = _ends()
    tried: list[Fit | None] = []
    if cut in ("tail", "both"):
        tried += [_fit_head(matcher, text) for length in range(_PIECE + 1) for matcher in beginning.get(text[:length], ())]
    if cut in ("head", "both"):
        tails = {text[start : start + length] for length in range(_PIECE + 1) for start in range(len(text))}
        tried += [_fit_tail(matcher, text) for tail in sorted(ending.keys() & tails) for matcher in ending[tail]]
    fits = [found for found in tried if found is not None and found.shared >= _LEAST]
    best = max((one.shared for one in fits), default=0)
    fits = [one for one in fits if one.shared == best]
    # Two generations that differ in padding alone leave one meaning; the host's own line is the likelier one.
    if len({(tuple(one.values.items()), one.matcher.forms[0].outcome) for one in fits}) != 1:
        return None
    chosen = min(fits, key=lambda one: one.matcher.forms[0].kind != "host")
    constant = sum(len(part) for part in _parts(chosen.matcher) if isinstance(part, str))
    half = 2 * chosen.shared >= constant and len(chosen.values) == len(chosen.matcher.fields)
    sure = half and len({one.matcher.format for one in fits}) == 1
    return Torn(chosen.matcher.forms[0], chosen.values, sure)


@cache
def _ends() -> tuple[dict[str, list[Matcher]], dict[str, list[Matcher]]]:
    """Return formats by how their lines must begin, and by a piece near their end that a line without its head must hold."""
    beginning: dict[str, list[Matcher]] = {}
    ending: dict[str, list[Matcher]] = {}
    for matcher in matchers():
        texts = [part if isinstance(part, str) else "" for part in _parts(matcher)]
        beginning.setdefault(texts[0][:_PIECE], []).append(matcher)
        ending.setdefault(next((text for text in reversed(texts) if text), "")[-_PIECE:], []).append(matcher)
    return beginning, ending


def _fit_head(matcher: Matcher, text: str) -> Fit | None:
    """Match the beginning of a format: text and fields in order until the line ends."""
    position = shared = 0
    raw: list[str] = []
    for part in _parts(matcher):
        rest = len(text) - position
        if isinstance(part, str):
            if not text.startswith(part[:rest], position):
                return None
            shared += min(rest, len(part))
            position += min(rest, len(part))
        else:
            found = part.match(text, position)
            if found is None:
                return None if rest else Fit(matcher, _values(matcher, raw, 0), shared)
            position = found.end()
            raw.append(found[0])
        if position >= len(text):
            # The last field may have lost digits.
            return Fit(matcher, _values(matcher, _whole(raw, part), 0), shared)
    return None


def _whole(raw: list[str], last: str | re.Pattern[str]) -> list[str]:
    """Leave out the field at the tear, which may have lost digits, unless it has all sixteen."""
    return raw if isinstance(last, str) or len(raw[-1]) >= _REGISTER else raw[:-1]


def _fit_tail(matcher: Matcher, text: str) -> Fit | None:
    """Match the end of a format, from its last part back to where the line was torn off."""
    position, shared = len(text), 0
    raw: list[str] = []
    backwards = _parts(matcher)[::-1]
    for number, part in enumerate(backwards):
        if isinstance(part, str):
            here = min(position, len(part))
            if not text.endswith(part[len(part) - here :], 0, position):
                return None
            shared += here
            position -= here
        else:
            before = backwards[number + 1] if number + 1 < len(backwards) else ""
            start = _field_start(part, text, position, before if isinstance(before, str) else "")
            if start is None:
                return None
            raw.append(text[start:position])
            position = start
        if position <= 0:
            whole = _whole(raw, part)
            return Fit(matcher, _values(matcher, whole[::-1], len(matcher.fields) - len(whole)), shared)
    return None


def _field_start(field: re.Pattern[str], text: str, end: int, before: str) -> int | None:
    """Find where a field begins that ends at `end`: after the constant before it, or at the tear."""
    at = text.rfind(before, 0, end) if before else -1
    if at >= 0:
        start = at + len(before)
    else:
        start = next((length for length in range(min(len(before), end), 0, -1) if text.startswith(before[-length:])), 0)
    found = field.match(text, start)
    return start if found and found.end() >= end else None


def _values(matcher: Matcher, raw: list[str], skipped: int) -> dict[str, Any]:
    values = {}
    for (name, convert), part in zip(matcher.fields[skipped:], raw, strict=False):
        if name == "status" and not is_whole_status(part.strip().removeprefix("0x")):
            continue
        try:
            values[name] = convert(part.strip())
        except ValueError:
            continue
    return values


# What is left of a field may be less than the whole.
_FIELDS = {
    "int": r" *-?\d+",
    "hex": r"(?:0x)?[0-9a-fA-F]+",
    "str": r".*?(?=[(\[,;:]|$)",
    "pad": r" *",
    "cpus": r" *#[\d# ]*",
    "empty": "",
}
_POINTER = r"[^\s,]+(?: \[\w*\]?)?"


def _parts(matcher: Matcher) -> tuple[str | re.Pattern[str], ...]:
    return parts(matcher.format) if matcher.fields else (matcher.format,)


@cache
def parts(format: str) -> tuple[str | re.Pattern[str], ...]:
    """Return a format as constant text and patterns of its fields, in order."""
    return tuple(one.text if isinstance(one, Text) else re.compile(_FIELDS.get(one.kind, _POINTER)) for one in pieces(format))


_WORD = lazy(r"[A-Za-z][A-Za-z]+")


def _words(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(text))


class _Known(NamedTuple):
    """A TDX form with the words of its example and its prefix."""

    words: frozenset[str]
    prefix: str
    form: MessageForm


@cache
def _catalogue() -> tuple[list[_Known], dict[str, list[int]]]:
    """Return the TDX forms, and which of them have a word."""
    forms = (matcher.forms[0] for matcher in matchers())
    known = [_Known(_words(form.example), form.format.partition(":")[0], form) for form in forms if form.kind in TDX_KINDS]
    having: dict[str, list[int]] = {}
    for number, one in enumerate(known):
        for word in one.words:
            having.setdefault(word, []).append(number)
    return known, having


def nearest(text: str, values: dict[str, Any]) -> MessageForm | None:
    """Return the TDX form that is most like the text in its words and in what it carries, if any is like it at all."""
    words, prefix = _words(text), text.partition(":")[0]
    carried = {"leaf", "status", "errno", "cpu"} & values.keys()
    known, having = _catalogue()
    common = Counter(number for word in words for number in having.get(word, ()))
    best, found = _LIKE, None
    for number in sorted(common):
        theirs, their_prefix, form = known[number]
        like = common[number] / (len(words) + len(theirs) - common[number])
        like += 0.05 * (prefix == their_prefix) + 0.1 * len(carried & set(form.args))
        if like + _BEGINNING <= best:
            continue
        like += _BEGINNING * _alike(text, form.example)
        like -= 0.3 * (_good(form.outcome) is not None and _good(form.outcome) is (not _good(values.get("outcome"))))
        if like > best:
            best, found = like, form
    return found


def resembles(text: str, form: MessageForm) -> bool:
    """Tell whether a line has hardly a word that the form has not."""
    words, theirs = _words(text), _words(form.example)
    return words <= theirs or len(words & theirs) >= _SAME * len(words | theirs)


def same_words(text: str, form: MessageForm) -> bool:
    """Tell whether a line has the very words of the form."""
    return _words(text) == _words(form.example)


def _alike(one: str, other: str) -> float:
    """Return how much of two texts is the same from their beginning on: it settles which of two equal sets of words is nearer."""
    return len(commonprefix((one.lower(), other.lower()))) / max(len(one), len(other), 1)  # noqa: RUF071 - texts, not paths


def _good(outcome: str | None) -> bool | None:
    return {"success": True, "failure": False, "refusal": False}.get(outcome or "")
