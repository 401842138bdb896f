"""What sort of remark or answer a passage is. Its place made it one; a wrong label still shows the passage."""

from __future__ import annotations

from collections.abc import Sequence

from tdxwhy.review.nouns import RemarkKind, ResponseKind
from tdxwhy.review.sentences import Sentence
from tdxwhy.review.words import phrases

_FEW = 60


def asks(sentence: Sentence) -> bool:
    """Tell whether a sentence is a question, with or without its mark."""
    if sentence.asks:
        return any(letter.isalpha() for letter in sentence.text) and not _is(sentence, "interjection")
    return _is(sentence, "question")


def wants(sentence: Sentence) -> bool:
    """Tell whether a sentence asks for a change or refuses one."""
    return any(_is(sentence, group) for group in ("refusal", "order", "request", "object", "verdict"))


def remark_kind(spoken: Sequence[Sentence], *, on_patch: bool) -> RemarkKind:
    """Label a remark. Under lines of a patch a mere statement wants a change as well, unless it approves."""
    told = [one for one in spoken if not one.asks][:_FEW]
    if any(_is(one, "refusal") for one in told):
        return "objection"
    if any(_is(one, "order") or _is(one, "request") for one in told) or any(one.asks and _is(one, "work") for one in spoken):
        return "request"
    if any(asks(one) for one in spoken):
        return "question"
    if any(_is(one, "object") for one in told):
        return "objection"
    if any(_is(one, "verdict") for one in told):
        return "request"
    if told and _is(told[0], "approval"):
        return "approval"
    return "request" if on_patch and spoken else "request" if not spoken else "comment"


def response_kind(spoken: Sequence[Sentence], remark: RemarkKind) -> ResponseKind:
    """Label an answer. Assent to a question is an answer; to anything else it says that it will be done."""
    told = [one for one in spoken if not asks(one)][:_FEW]
    if any(_is(one, "reported") for one in told):
        return "done"
    if any(_is(one, "commitment") for one in told):
        return "agrees"
    if not told:
        return "asks" if spoken else "explains"
    if _is(told[0], "disagrees"):
        return "disagrees"
    if _is(told[0], "assent") and remark not in ("question", "approval", "comment"):
        return "agrees"
    if all(_is(one, "deflection") or _is(one, "looks-into") or _is(one, "courtesy") for one in told):
        return "defers"
    if len(told) < len(spoken) and len(told) <= 1:
        return "asks"
    return "disagrees" if any(_is(one, "disagrees") for one in told[:2]) else "explains"


def _is(sentence: Sentence, group: str) -> bool:
    return phrases(group).search(sentence.text) is not None
