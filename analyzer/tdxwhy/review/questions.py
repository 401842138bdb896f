"""Questions, with or without a question mark, and requests that ask for a change."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from tdxwhy.noun import NamedTuple
from tdxwhy.review.answers import find_answer
from tdxwhy.review.blocks import Block
from tdxwhy.review.labels import demands, pleads, yields
from tdxwhy.review.nouns import Message, Question, Remark, Request, Status
from tdxwhy.review.phrases import phrases
from tdxwhy.review.sentences import Sentence
from tdxwhy.review.view import Said, View, evidence

_LONGEST = 380
_SUBJECT = 200
_MOST = 60
_FEW = 20
_PLAIN = re.compile(r"[A-Za-z]?[a-z'-]{1,40}[.,;:!]?")


class Asked(NamedTuple):
    """A question as it stands: its text over all its parts, and where it ends."""

    said: Said
    text: str
    end: int


def find_questions(view: View, message: Message) -> list[Question]:
    """Return the questions of one mail, with their answers."""
    found = []
    for asked in _asked(view, message):
        said = asked.said
        answer = find_answer(view, message, said, asked.end)
        found.append(
            Question(
                evidence=evidence(message, asked.text, said.sentence.start),
                asked_by=message.mail.author,
                addressee=view.addressee(message, said),
                status=answer.status,
                answer=answer.evidence,
                answered_by=answer.by,
                about=view.about(message, said.about),
            )
        )
    return found


def asked_without_mark(view: View, message: Message, remarks: Sequence[Remark], questions: Sequence[Question]) -> list[Question]:
    """Return what a mail's remarks ask for without a question.

    Of each remark it is the first sentence that says what is to be done, or to be otherwise, if a piece begins with it; further down only
    one that says please; else, under lines of a patch, the remark itself where it is one short sentence: there it wants something.
    """
    taken = sorted(question.evidence.place.line or 0 for question in questions)
    sayings = view.said(message)
    found = []
    for remark in remarks:
        start = remark.evidence.place.line or 0
        at = bisect_left(taken, start)
        if remark.kind not in ("request", "objection") or (at < len(taken) and taken[at] <= remark.end):
            continue
        first = bisect_left(sayings, start, key=lambda said: said.sentence.start)
        told = [said for said in sayings[first : first + _MOST] if said.sentence.end <= remark.end]
        if not told:
            continue
        on_patch = remark.on is None or remark.on.file is not None
        opens = _opening(told) if first == 0 or sayings[first - 1].about != told[0].about else []
        said = next((one for one in told if demands(one.sentence, on_patch=on_patch) and (one in opens or pleads(one.sentence))), None)
        if said is None and len(told) == 1 and remark.on is not None and on_patch and _short(told[0].sentence):
            said = told[0]
        if said is not None:
            found.append(_demand(view, message, said, remark))
    return found


def _opening(told: Sequence[Said]) -> Sequence[Said]:
    """Return the sentences of a remark up to the first one that neither thanks nor only assents, and that one."""
    polite = (at for at, said in enumerate(told) if not (phrases("courtesy").search(said.sentence.text) or yields(said.sentence)))
    return told[: next(polite, len(told)) + 1]


def _short(sentence: Sentence) -> bool:
    """Tell whether a remark's only sentence says in a few words what is wrong: prose, no mere code, no assent, no replacement of words."""
    words = sentence.text.split()
    plain = [word for word in words if _PLAIN.fullmatch(word)]
    return 2 * len(plain) > len(words) and len(words) <= _FEW and not sentence.text.startswith("s/") and not yields(sentence)


def _demand(view: View, message: Message, said: Said, remark: Remark) -> Question:
    last = remark.responses[-1] if remark.responses else None
    return Question(
        evidence=evidence(message, said.sentence.bare[:_LONGEST], said.sentence.start),
        asked_by=remark.author,
        addressee=view.addressee(message, said),
        status=_status(remark),
        answer=last.evidence if last else None,
        answered_by=last.author if last else None,
        about=view.about(message, said.about),
    )


def _status(remark: Remark) -> Status:
    kinds = {response.kind for response in remark.responses}
    if remark.status == "open" and not kinds & {"agrees", "done", "explains", "disagrees"}:
        return "unanswered"
    return "deflected" if kinds == {"defers"} else "answered"


def find_requests(view: View, message: Message, questions: list[Question]) -> list[Request]:
    """Return what a reply asks to be changed; what is a question already is left out."""
    if message.kind != "reply":
        return []
    taken = {(question.evidence.place.line, question.evidence.quote[:40]) for question in questions}
    found = []
    for said in view.said(message):
        text = said.sentence.text
        if said.sentence.asks or (said.sentence.start, text[:40]) in taken or said.block.kind != "prose":
            continue
        if said.about is not None and phrases("request").search(text) and not phrases("commitment").search(text):
            answer = find_answer(view, message, said, said.sentence.end)
            found.append(
                Request(evidence(message, text, said.sentence.start), message.mail.author, view.about(message, said.about), answer.evidence)
            )
    return found


def _asked(view: View, message: Message) -> Iterator[Asked]:
    if message.kind == "bot":
        return
    sayings = [
        said for said in view.said(message) if said.block.kind == "prose" or said.sentence.text == "?" or _stands_alone(view, message, said)
    ]
    skip = 0
    for index, said in enumerate(sayings):
        if index < skip:
            continue
        text = said.sentence.text
        if text.strip(" .!") == "?" or not _is_question(said) or _rhetorical(sayings, index):
            continue
        if text.endswith(":"):
            asked, skip = _with_alternatives(view, message, sayings, index)
            yield asked
        elif phrases("indirect").search(text) and index + 1 < len(sayings) and _prompts(sayings[index + 1], said):
            after = sayings[index + 1].sentence
            yield Asked(sayings[index + 1], f"{text} {after.text}"[-_LONGEST:], after.end)
            skip = index + 2
        else:
            yield Asked(said, _with_subject(view, message, sayings, index)[-_LONGEST:], said.sentence.end)


def _stands_alone(view: View, message: Message, said: Said) -> bool:
    """Tell whether an indented line is the author's own question: right below a quote, where nothing introduces it as an example."""
    number = said.sentence.start
    return (
        message.kind == "reply"
        and said.sentence.asks
        and len(said.block.lines) <= 2
        and view.quoted_above(message, number) in range(number - 4, number)
    )


def _is_question(said: Said) -> bool:
    text = said.sentence.bare
    if said.sentence.asks:
        return any(letter.isalpha() for letter in text) and not phrases("interjection").search(text)
    return phrases("question").search(text) is not None


def _rhetorical(sayings: list[Said], index: int) -> bool:
    """Tell whether the author answers at once: "Would it be nice?  Of course not!"."""
    said, after = sayings[index], sayings[index + 1] if index + 1 < len(sayings) else None
    return after is not None and after.block is said.block and phrases("self-answer").search(after.sentence.text) is not None


def _with_subject(view: View, message: Message, sayings: list[Said], index: int) -> str:
    """Return a question's text; one of a word or two is given the sentence before it, and the block that it closes."""
    text = sayings[index].sentence.bare
    before = sayings[index - 1] if index else None
    if len(text.split()) > 2 or before is None:
        return text
    if not before.sentence.text.endswith(":"):
        subject = before.block is sayings[index].block and not before.sentence.asks and len(before.sentence.text) <= _SUBJECT
        return f"{before.sentence.text} {text}" if subject else text
    between = [block for block in view.blocks(message) if before.sentence.end < block.lines[0].number < sayings[index].sentence.start]
    return " ".join([before.sentence.text, *(" ".join(block.text.split()) for block in between), text])


def _prompts(after: Said, said: Said) -> bool:
    same = after.block is said.block
    return same and after.sentence.asks and phrases("prompt").search(after.sentence.text) is not None


def _with_alternatives(view: View, message: Message, sayings: list[Said], index: int) -> tuple[Asked, int]:
    """Take a question that ends in a colon with the blocks and the further alternatives that belong to it."""
    first = sayings[index]
    pieces = [first.sentence.text]
    end = first.sentence.end
    position = index
    while True:
        block = _block_after(view.blocks(message), end)
        if block is None or block.kind in ("diff", "attribution", "greeting", "signature"):
            break
        if len(" ".join(pieces)) + len(block.text) > _LONGEST:
            break
        pieces.append(" ".join(block.text.split()))
        end = block.lines[-1].number
        position = _position_after(sayings, position, end)
        following = sayings[position] if position < len(sayings) else None
        if following is None or not following.sentence.text.lower().startswith("or") or not following.sentence.text.endswith(":"):
            break
        pieces.append(following.sentence.text)
        end = following.sentence.end
    position = _position_after(sayings, index, end)
    if position < len(sayings) and _closes(sayings[position], pieces):
        pieces.append(sayings[position].sentence.text)
        end = sayings[position].sentence.end
        position += 1
    return Asked(first, " ".join(pieces), end), max(position, index + 1)


def _closes(said: Said, pieces: list[str]) -> bool:
    """Tell whether a sentence brings the question mark that the pieces have not had yet."""
    text = said.sentence.text
    return said.sentence.asks and not any("?" in piece for piece in pieces) and len(" ".join(pieces)) + len(text) <= _LONGEST


def _position_after(sayings: list[Said], position: int, end: int) -> int:
    while position < len(sayings) and sayings[position].sentence.end <= end:
        position += 1
    return position


def _block_after(blocks: list[Block], number: int) -> Block | None:
    return next((block for block in blocks if block.lines[0].number > number), None)
