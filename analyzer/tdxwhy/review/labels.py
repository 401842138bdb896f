"""What sort of remark or answer a passage is. Its place made it one; a wrong label still shows the passage."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from tdxwhy.review.learnt import promise, promising
from tdxwhy.review.nouns import RemarkKind, ResponseKind
from tdxwhy.review.phrases import phrases, word_class
from tdxwhy.review.sentences import Sentence

# Kinds of promises that only the author of the patch can make.
OF_AUTHOR = ("admission", "preference")
_FEW = 60
# A reported change opens an answer; what others than the author promise stands where it opens or ends.
_OPENS = 3
_BARE = 4
_CLOSES = 2


def asks(sentence: Sentence) -> bool:
    """Tell whether a sentence is a question, with or without its mark."""
    if sentence.asks:
        return any(letter.isalpha() for letter in sentence.text) and not _is(sentence, "interjection")
    return _is(sentence, "question")


def wants(sentence: Sentence) -> bool:
    """Tell whether a sentence asks for a change or refuses one."""
    return any(_is(sentence, group) for group in ("nak", "order", "request", "refusal", "object", "verdict"))


def refutes(sentence: Sentence) -> bool:
    """Tell whether a sentence speaks against what it answers."""
    return _is(sentence, "disagrees")


def yields(sentence: Sentence) -> bool:
    """Tell whether a sentence begins with assent."""
    first = sentence.bare.lower().split(maxsplit=1)[:1]
    return _is(sentence, "agree") or (bool(first) and first[0].strip(".,!") in word_class("assent"))


def strictly(sentence: Sentence) -> bool:
    """Tell whether a sentence orders, asks for or refuses something in so many words."""
    return any(_is(sentence, group) for group in ("nak", "order", "request", "refusal", "object"))


def demands(sentence: Sentence, *, on_patch: bool) -> bool:
    """Tell whether a sentence says what is to be done; under lines of a patch also what is to be otherwise.

    A bare `s/a/b/` is too small.
    """
    if (
        sentence.asks
        or (_is(sentence, "agree") and not pleads(sentence))
        or (sentence.text.startswith("s/") and len(sentence.text.split()) <= _BARE)
    ):
        return False
    groups = ("order", "request", "verdict", "nak", "refusal") if on_patch else ("order", "nak", "refusal")
    return any(_is(sentence, group) for group in groups)


def assents(spoken: Sequence[Sentence]) -> bool:
    """Tell whether a text begins by agreeing."""
    return bool(spoken) and _is(spoken[0], "agree")


def earnest(spoken: Sequence[Sentence]) -> list[Sentence]:
    """Return the sentences without questions that their author answers at once."""
    return [one for at, one in enumerate(spoken) if not (one.asks and at + 1 < len(spoken) and _is(spoken[at + 1], "self-answer"))]


def pleads(sentence: Sentence) -> bool:
    """Tell whether a sentence asks in so many words."""
    return _is(sentence, "pleads")


def remark_kind(spoken: Sequence[Sentence], *, own: bool, wants: bool) -> RemarkKind:
    """Label a remark by its first sentence that wants something; a NAK anywhere counts first.

    What a patch's author asks of readers (`own`) is a question whatever stands beside it. `wants`: where it stands, under lines of a
    patch or under its author's argument, a mere statement wants it otherwise, unless it approves.
    """
    shown = earnest(spoken[:_FEW])
    if own and (asked := {wanted(one) for one in shown if asks(one)}):
        return "question" if "question" in asked else "request"
    if any(_is(one, "nak") for one in shown if not one.asks):
        return "objection"
    kinds = [kind for one in shown if (kind := wanted(one)) is not None and not _weak(one)]
    kinds = kinds or [kind for one in shown if (kind := wanted(one)) is not None]
    if kinds:
        return "request" if kinds[0] == "objection" and "request" in kinds else kinds[0]
    if shown and all(_is(one, "approval") or _is(one, "courtesy") for one in shown):
        return "approval"
    return "request" if wants or not shown else "comment"


def wanted(sentence: Sentence) -> RemarkKind | None:
    """Return what sort of remark a sentence alone makes, None if it wants nothing."""
    if asks(sentence):
        return "request" if _is(sentence, "work") else "question"
    if _is(sentence, "order") or _is(sentence, "request"):
        return "request"
    if _is(sentence, "refusal") or _is(sentence, "object"):
        return "objection"
    return "request" if _is(sentence, "verdict") else None


def _weak(sentence: Sentence) -> bool:
    """Tell whether a sentence only says how something should be: what is asked beside it in so many words counts before it."""
    if asks(sentence):
        return _echoes(sentence)
    return not any(_is(sentence, group) for group in ("order", "request", "refusal", "object"))


def _echoes(sentence: Sentence) -> bool:
    """Tell whether a question is a statement with a question mark behind it: no question word, no auxiliary before its subject."""
    words = [word.strip(",.?!()") for word in sentence.bare.lower().split()]
    if not sentence.asks or not words or not word_class("wh").isdisjoint(words):
        return False
    return not any(one in word_class("aux") and other in word_class("subject") for one, other in pairwise(words))


def response_kind(spoken: Sequence[Sentence], remark: RemarkKind, *, own: bool) -> ResponseKind:
    """Label an answer. Assent to a question is an answer; to anything else it says that it will be done, if the patch is their `own`."""
    told = [one for one in spoken if not asks(one)][:_FEW]
    if own and any(_is(one, "reported") for one in told[:_OPENS]):
        return "done"
    if any(commits(one, own=own) for one in (told if own else [*told[:_OPENS], *told[_OPENS:][-_CLOSES:]])):
        return "agrees"
    if own and promised(spoken, remark) is not None:
        return "agrees"
    if spoken and (not told or (len(told) == 1 < len(spoken) and not _is(told[0], "disagrees"))):
        return "asks"
    return _without_a_promise(told, remark, own=own)


def promised(spoken: Sequence[Sentence], remark: RemarkKind, least: float | None = None) -> Sentence | None:
    """Return the sentence of an answer by the patch's author that promises by all that is seen of it, None if none does.

    `least` are the odds from which it does, as a logarithm; without it those from which an answer is taken for an agreement.
    """
    shown = spoken[:_FEW]
    if not shown:
        return None
    best, odds = promising([one.text for one in shown], remark)
    enough = odds > (promise().threshold if least is None else least)
    return shown[best] if enough and not shown[best].asks and not refutes(shown[best]) else None


def commits(sentence: Sentence, *, own: bool) -> bool:
    """Tell whether a sentence promises; what is forgotten or preferred promises a fix only if the patch is their own."""
    phrase = phrases("commitment").search(sentence.bare)
    return phrase is not None and phrase.kind != "third-person" and (own or phrase.kind not in OF_AUTHOR)


def _without_a_promise(told: Sequence[Sentence], remark: RemarkKind, *, own: bool) -> ResponseKind:
    if own and told and all(_is(one, "acknowledges") for one in told):
        return "agrees"
    if own and told and remark == "request" and _is(told[0], "checked"):
        return "done"
    if (
        own
        and told
        and _is(told[0], "assent")
        and not (_is(told[0], "disagrees") or _is(told[0], "looks-into"))
        and remark not in ("question", "approval", "comment")
    ):
        return "agrees"
    if told and all(_is(one, "deflection") or _is(one, "looks-into") or _is(one, "courtesy") for one in told):
        return "defers"
    return "disagrees" if any(_is(one, "disagrees") for one in told[:2]) else "explains"


def _is(sentence: Sentence, group: str) -> bool:
    return phrases(group).search(sentence.bare) is not None
