"""Messages that stand in a paste and did not happen on this machine: what a manual promises, an alarm waits for, a test expects."""

from __future__ import annotations

from collections.abc import Sequence

from tdxwhy.incident.nouns import PasteLine, Sign
from tdxwhy.lazy import lazy

# Accepted form: the line before a sample, up to so many lines above it.
_ABOVE = 3
_SAMPLE = lazy(
    r"(?i)\b(?:manual|handbook|runbook|playbook|readme|documentation|docs|faq|wiki|guide|release notes|man page|knowledge base)\b.{0,40}"
    r"\b(?:says?|shows?|lists?|promises?|states?|reads?)\b"
    r"|\b(?:should|would|ought to|expect(?:ed)? to) (?:see|print|say|show|read)\b|\bthe kernel prints$|\bfor example:?$|\bsuch as:$"
    r"|^\W*(?:release notes|changelog|what.s new)\b"
)
# Accepted form: "If QEMU prints ", "should the log have ": it may happen, and did not. The verb is one of the last words.
_IF = lazy(r"(?i)\b(?:if|in case|should|falls)\b(?! (?:i|we)\b)")
_SENTENCE = lazy(r"[.!?] ")
_VERB = lazy(r"(?:print|say|show|answer|report|see|contain|return|fail|log)s?|ha[sd]|have|said")
_LAST_WORDS = 7
# Accepted form: an entry of a change log, a field of an alarm's rule, a test's verdict, before the words.
_ENTRY = lazy(
    r"(?i)^[\s*•-]{0,8}(?:fix(?:ed|es)?|resolved|closes?|workaround for|known issue)\b"
    r"|\b(?:summary|description|expr|regex|pattern|match|annotations?)\b\W{0,3}[:=]|\|= ?\"|\b(?:got |as )?expected\b|^\s*(?:PASS|ok \d+)\b"
)
# Accepted form: what somebody says behind an error that is over.
_OVER = lazy(r"(?i)\b(?:works?|solved|resolved|went away|is gone)\b")
_CLOSED = lazy(r"[\"”`»]")
_YET = lazy(r"(?i)\b(?:but|still|however|until|not|never|no longer|doesn.t|nothing)\b")


def is_sample(lines: Sequence[PasteLine], number: int, here: Sequence[Sign]) -> bool:
    """Tell whether the messages on a line did not happen on this machine, or are over, by the words around them."""
    line = lines[number]
    if line.time_ns is not None or line.command or line.asked:
        return False
    if all(_is_told_otherwise(line.text, sign) for sign in here):
        return True
    return any(_SAMPLE.search(before.text) is not None for before in lines[max(0, number - _ABOVE) : number] if before.time_ns is None)


def _is_told_otherwise(text: str, sign: Sign) -> bool:
    place = text.find(sign.quote)
    if place < 0:
        return False
    head, tail = text[:place], _CLOSED.split(text[place:], maxsplit=1)[-1]
    if _may_happen(head) or _ENTRY.search(head) is not None:
        return True
    told = sign.told or head.rstrip().endswith(('"', "“", "`", "'", "«"))
    return told and _OVER.search(tail) is not None and _YET.search(tail) is None


def _may_happen(head: str) -> bool:
    clause = _SENTENCE.split(head)[-1]
    words = clause.lower().split()[-_LAST_WORDS:]
    return _IF.search(clause) is not None and any(_VERB.fullmatch(word.strip("\"'“`,:")) for word in words)
