"""Whether a passage got an answer: what stands in the replies directly under its quote."""

from __future__ import annotations

import re

from tdxwhy.noun import NamedTuple
from tdxwhy.records import Evidence
from tdxwhy.review.lines import squeeze
from tdxwhy.review.nouns import Message, Status
from tdxwhy.review.phrases import phrases, word_class
from tdxwhy.review.view import Said, View, evidence

_SCANNED = 600
_TELLING = 8
_WORD = re.compile(r"[a-z_][a-z0-9_]{3,}")


class Reply(NamedTuple):
    """What a passage got for an answer."""

    status: Status
    evidence: Evidence | None
    by: str | None


NONE = Reply("unanswered", None, None)


def find_answer(view: View, message: Message, said: Said, last_line: int) -> Reply:
    """Return the answer to a question that ends on `last_line` of its mail.

    An answer stands in a reply by somebody else, under a quote of the question. A prompt ("Any comments?") is answered by whoever was
    asked, quoted or not. The last resort is a later mail in which the person asked turns to the one who asked, on the same subject.
    """
    prompt = phrases("prompt").search(said.sentence.text) is not None
    replied = False
    asked = said.called or ((name,) if (name := view.addressee(message, said)) else ())
    for reply in view.replies(message):
        if view.people.same(reply.mail.author, message.mail.author) or reply.kind == "bot":
            continue
        by_asked = any(view.people.same(reply.mail.author, name) for name in asked)
        replied |= by_asked and reply.parent == message.mail.message_id
        if (prompt or said.direct) and asked and not by_asked:
            continue
        answer = _under_quote(view, message, reply, said, last_line)
        if answer is None and prompt and reply.parent == message.mail.message_id:
            answer = _any_words(view, reply, said)
        if answer is not None:
            return answer
    return NONE if replied else _later(view, message, said, asked)


def _under_quote(view: View, message: Message, reply: Message, said: Said, last_line: int) -> Reply | None:
    """Return what a reply says under its quote of the question, None if it does not quote it or says nothing there."""
    end = _quoted_end(view, message, reply, said, last_line)
    if end is None:
        return _under_block(view, message, reply, said)
    own: list[Said] = []
    for item in view.said(reply):
        if item.about is None or item.about < end:
            continue
        if own and item.about != own[0].about:
            break
        if _same_run(view, reply, end, item.about):
            own.append(item)
    if own or not [item for item in view.said(reply) if item.about is not None]:
        return _judged(reply, own or view.said(reply), said.sentence.text) if own or view.said(reply) else None
    bare = [
        block
        for block in view.blocks(reply)
        if block.kind in ("code", "diff", "example", "comment", "log") and _directly(view, reply, end, block.lines[0].number)
    ]
    return Reply("answered", evidence(reply, bare[0].text[:400], bare[0].lines[0].number), reply.mail.author) if bare else None


def _quoted_end(view: View, message: Message, reply: Message, said: Said, last_line: int) -> int | None:
    """Return the index of the last line with which a reply quotes the question."""
    speakers = view.speakers.lines(reply)
    whole = squeeze(said.sentence.text)
    last = squeeze(message.lines[last_line - 1].text)
    if len(reply.lines) > _SCANNED:
        return view.quoted_at(reply).get((message.mail.message_id, last)) if len(last) >= _TELLING else None
    found = None
    for index, (line, speaker) in enumerate(zip(reply.lines, speakers, strict=True)):
        if speaker is None or speaker.origin != message.mail.message_id:
            continue
        words = squeeze(line.text)
        if len(words) >= 4 and (words in whole or whole in words or (len(words) >= 8 and words in last) or (last and last in words)):
            found = index
    return found


def _under_block(view: View, message: Message, reply: Message, said: Said) -> Reply | None:
    """Return what a reply says under a quote of the text or code that the question introduced."""
    if said.following is None or said.following.kind not in ("diff", "code", "comment", "example"):
        return None
    offered = {squeeze(line.text) for line in said.following.lines if len(squeeze(line.text)) >= 8}
    speakers = view.speakers.lines(reply)
    own = []
    for item in view.said(reply):
        speaker = speakers[item.about] if item.about is not None else None
        if item.about is None or speaker is None or speaker.origin != message.mail.message_id:
            continue
        if any(squeeze(line.text) in offered for line in reply.lines[max(0, item.about - 5) : item.about + 1]):
            own.append(item)
    return _judged(reply, own, said.sentence.text) if own else None


def _same_run(view: View, reply: Message, end: int, about: int) -> bool:
    """Tell whether the quoted lines from the question to the answer are one piece: nobody else's words stand between."""
    speakers = view.speakers.lines(reply)
    for index in range(end, about + 1):
        line, speaker = reply.lines[index], speakers[index]
        if line.text.strip() and (speaker is None or speaker.origin != (speakers[end] or speaker).origin):
            return False
    return True


def _directly(view: View, reply: Message, end: int, number: int) -> bool:
    above = view.quoted_above(reply, number)
    return above is not None and above >= end and _same_run(view, reply, end, above)


def _any_words(view: View, reply: Message, said: Said) -> Reply | None:
    own = view.said(reply)
    return _judged(reply, own, said.sentence.text) if own else None


def _judged(reply: Message, own: list[Said], question: str) -> Reply:
    """Tell an answer from a deflection: nothing but thanks, questions back, or putting it off."""
    told = [item for item in own if not phrases("courtesy").search(item.sentence.text)] or own[:1]
    passage = evidence(reply, " ".join(item.sentence.text for item in told[:2])[:400], told[0].sentence.start)
    put_off = [_puts_off(item, question) for item in told]
    deflected = all(put_off) if len(told) < 3 else put_off[0] and any(item.sentence.asks for item in told)
    return Reply("deflected" if deflected else "answered", passage, reply.mail.author)


def _puts_off(said: Said, question: str) -> bool:
    """Tell whether a sentence leaves the question open; to a request for work, looking into it is an answer."""
    text = said.sentence.text
    if said.sentence.asks:
        return phrases("request").search(text) is None and phrases("tag-question").search(text) is None
    if phrases("deflection").search(text):
        return True
    return phrases("looks-into").search(text) is not None and phrases("asks-for-work").search(question) is None


def _later(view: View, message: Message, said: Said, asked: tuple[str, ...]) -> Reply:
    """Look for a later mail in which the person asked turns to the asker by name."""
    if message.mail.date is None:
        return NONE
    for other in view.calling(message):
        if other.mail.date is None or other.mail.date <= message.mail.date or other.kind == "bot":
            continue
        if not any(view.people.same(other.mail.author, name) for name in asked):
            continue
        called = [item for item in view.said(other) if any(view.people.same(name, message.mail.author) for name in item.called)]
        if called:
            text = " ".join(item.sentence.text for item in called)
            passage = evidence(other, called[0].sentence.text, called[0].sentence.start)
            on_it = len(_content(said.sentence.text) & _content(text)) >= 2
            return Reply("answered" if on_it else "deflected", passage, other.mail.author)
    return NONE


def _content(text: str) -> set[str]:
    return set(_WORD.findall(text.lower())) - word_class("common")
