"""What sort of remark or answer a passage is. Its place made it one; a wrong label still shows the passage."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tdxwhy.review.nouns import RemarkKind, ResponseKind
from tdxwhy.review.sentences import Sentence
from tdxwhy.review.words import phrases

_FEW = 60
_ITEM = re.compile(r"^(?:[-*•]|\(?\d{1,2}[.)]|\(?[a-z]\))\s+")


def asks(sentence: Sentence) -> bool:
    """Tell whether a sentence is a question, with or without its mark."""
    if sentence.asks:
        return any(letter.isalpha() for letter in sentence.text) and not _is(sentence, "interjection")
    return _is(sentence, "question")


def wants(sentence: Sentence) -> bool:
    """Tell whether a sentence asks for a change or refuses one."""
    return any(_is(sentence, group) for group in ("nak", "order", "request", "refusal", "object", "verdict"))


def demands(sentence: Sentence, *, on_patch: bool) -> bool:
    """Tell whether a sentence says what is to be done; under lines of a patch also what is to be otherwise. Replacements are too small."""
    if sentence.asks or sentence.text.startswith("s/"):
        return False
    groups = ("order", "request", "verdict") if on_patch else ("order",)
    return any(_is(sentence, group) for group in groups)


def remark_kind(spoken: Sequence[Sentence], *, on_patch: bool) -> RemarkKind:
    """Label a remark by its first sentence that wants something; a NAK anywhere counts first.

    Under lines of a patch a mere statement wants a change as well, unless it approves.
    """
    shown = spoken[:_FEW]
    if any(_is(one, "nak") for one in shown if not one.asks):
        return "objection"
    kinds = [kind for one in shown if (kind := wanted(one)) is not None]
    if kinds:
        return "request" if kinds[0] == "objection" and "request" in kinds else kinds[0]
    if shown and all(_is(one, "approval") or _is(one, "courtesy") for one in shown):
        return "approval"
    return "request" if on_patch or not shown else "comment"


def wanted(sentence: Sentence) -> RemarkKind | None:
    """Return what sort of remark a sentence alone makes, None if it wants nothing."""
    if asks(sentence):
        return "request" if _is(sentence, "work") else "question"
    if _is(sentence, "order") or _is(sentence, "request"):
        return "request"
    if _is(sentence, "refusal") or _is(sentence, "object"):
        return "objection"
    return "request" if _is(sentence, "verdict") else None


def response_kind(spoken: Sequence[Sentence], remark: RemarkKind) -> ResponseKind:
    """Label an answer. Assent to a question is an answer; to anything else it says that it will be done."""
    told = [one for one in spoken if not asks(one)][:_FEW]
    if any(_is(one, "reported") for one in told):
        return "done"
    if any(_is(one, "commitment") for one in told):
        return "agrees"
    if spoken and (not told or (len(told) == 1 < len(spoken) and not _is(told[0], "disagrees"))):
        return "asks"
    return _without_a_promise(told, remark)


def _without_a_promise(told: Sequence[Sentence], remark: RemarkKind) -> ResponseKind:
    if told and _is(told[0], "assent") and not _is(told[0], "disagrees") and remark not in ("question", "approval", "comment"):
        return "agrees"
    if told and all(_is(one, "deflection") or _is(one, "looks-into") or _is(one, "courtesy") for one in told):
        return "defers"
    return "disagrees" if any(_is(one, "disagrees") for one in told[:2]) else "explains"


def _is(sentence: Sentence, group: str) -> bool:
    return phrases(group).search(_ITEM.sub("", sentence.text)) is not None
