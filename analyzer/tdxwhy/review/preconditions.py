"""What the code needs from elsewhere, in changelogs, comments and replies, and who is said to provide it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tdxwhy.noun import NamedTuple
from tdxwhy.review.blocks import Block
from tdxwhy.review.lines import squeeze
from tdxwhy.review.nouns import MailLine, Message, NeedStatus, Precondition
from tdxwhy.review.phrases import Phrase, phrases
from tdxwhy.review.sentences import Sentence, sentences
from tdxwhy.review.view import View, evidence

_NAMED = re.compile(r"[Cc]allers?'?s?\s*\((?:aka\.?|such as|e\.g\.?,?|i\.e\.?,?|like|namely)?\s*([A-Z][\w.-]*(?:\s+[A-Z]\w*)?)\)")
_MET = re.compile(
    r"^(?:The |An? )?(\S.{1,40}?) (?:already |always )?"
    r"(?:fulfil?ls|satisfies|guarantees|ensures|meets|does|takes care of) (?:that|this|it|so|both)\b"
)
_LEANS = re.compile(r"\b(?:requires?|expects?|needs) (?:the |an? )?(?P<who>(?:[\w.-]{1,30} ){0,2}[\w.-]{1,30}) to (?!be\b)\w")
_BY = re.compile(r"\bbe \w{2,20}(?:ed|en|t|d) by (?:the (?P<the>[\w-]{1,30})|(?P<who>[A-Z][\w-]{0,30}))\b")
_COMMENT = re.compile(r"^\s*(?:/\*+|\*+/?)(?:\s|$)|^\s*//\s")
_KERNEL_DOC = re.compile(r"^\s*/\*\*(?:\s|$)|\* @\w+:|\* Returns?:? |^\s*\* \w+(?:\(\))? - \S")
_STARS = re.compile(r"^\s*(?:/\*+|\*+/|\*|//)\s?|(?<!\s)\s*+\*/\s*+$")
_INSIDE = re.compile(r"^[+ ](?:\t|  )")
_LONGEST = 380
_NEAR = 6


class _Text(NamedTuple):
    """Lines of one paragraph or one paragraph of a comment, and the whole that it belongs to."""

    where: str
    lines: tuple[MailLine, ...]
    whole: int


def find_preconditions(view: View, message: Message) -> list[Precondition]:
    """Return the preconditions that a mail states, each once; a sentence that says who provides one belongs to it.

    The kernel's own duty in a comment is left out: the comment stands above the code that does it.
    """
    if message.kind == "bot":
        return []
    found: list[Precondition] = []
    seen: set[str] = set()
    last_whole = -1
    for text in _texts(view, message):
        spoken = [sentence for sentence in sentences(text.lines) if not sentence.asks]
        for sentence in spoken:
            phrase = _need(sentence.text, text.where)
            key = squeeze(re.sub(r"\([^()]{0,200}\)", "", sentence.text.lower()))
            if phrase is None or (phrase.kind == "kernel" and text.where == "comment") or _repeated(view, message, sentence, text.where):
                continue
            provider = _provider(message, text, phrase, sentence, spoken)
            if phrase.id == "caller-can-ensure" and found and last_whole == text.whole:
                found[-1] = found[-1]._replace(provider=found[-1].provider or provider)
                continue
            if key in seen:
                continue
            seen.add(key)
            last_whole = text.whole
            found.append(_stated(message, text, phrase, sentence, provider))
    return found


def _stated(message: Message, text: _Text, phrase: Phrase, sentence: Sentence, provider: str | None) -> Precondition:
    """Return a need with its status, and whether it binds callers."""
    inside = text.where in ("comment", "proposed-comment") and _INSIDE.match(message.lines[text.lines[0].number - 1].text) is not None
    added = any(line.text.startswith("+") for line in message.lines[sentence.start - 1 : sentence.end])
    of_caller = phrase.kind == "caller"
    status: NeedStatus = "patch" if provider == "this patch" else "named" if provider else "nobody"
    if status == "nobody" and inside and not of_caller and _done_below(message, text.lines[-1].number):
        status = "met"
    binds = of_caller if text.where == "changelog" else added and (of_caller or not inside)
    return Precondition(
        evidence(message, sentence.text[:_LONGEST], sentence.start), message.mail.author, text.where, provider, status, binds
    )


def _done_below(message: Message, number: int) -> bool:
    """Tell whether a comment stands directly above a statement that the patch adds."""
    for line in message.lines[number : number + _NEAR]:
        bare = line.text[1:].strip()
        if not _STARS.match(line.text[1:]) or (bare and not bare.startswith(("*", "/*", "//"))):
            return line.text.startswith("+") and bare[:1] not in ("", "}")
    return False


def _need(text: str, where: str) -> Phrase | None:
    """Return the phrase that states a need. A changelog or a comment tells facts; what a reply says must be may be an opinion."""
    bare = re.sub(r"\([^()]{0,200}\)", " ", text)
    found = phrases("precondition").search(bare)
    if found or where == "reply":
        return found
    found = phrases("precondition-in-patch").search(bare)
    return found if found or where == "changelog" else phrases("precondition-in-comment").search(bare)


def _repeated(view: View, message: Message, sentence: Sentence, where: str) -> bool:
    """A reply that writes down an ancestor's sentence once more states nothing new."""
    return where == "reply" and sentence.text not in {said.sentence.text for said in view.said(message)}


def _texts(view: View, message: Message) -> Iterator[_Text]:
    """Yield the paragraphs in which a mail can state a precondition."""
    patch = message.kind in ("patch", "cover")
    for number, block in enumerate(view.blocks(message)):
        if block.kind == "prose":
            yield _Text("changelog" if patch else "reply", block.lines, number)
        elif block.kind == "comment":
            yield from _paragraphs("comment" if patch else "proposed-comment", block.lines, number)
        elif block.kind == "diff":
            for offset, lines in enumerate(_comments(block)):
                kernel_doc = any(_KERNEL_DOC.search(line.text) for line in lines)
                where = "proposed-comment" if not patch else "kerneldoc" if kernel_doc else "comment"
                yield from _paragraphs(where, lines, 1000 * (number + 1) + offset)


def _comments(block: Block) -> Iterator[tuple[MailLine, ...]]:
    """Yield the comments of a diff: added or context lines, without the diff's own first column."""
    held: list[MailLine] = []
    for line in block.lines:
        bare = line._replace(text=line.text[1:]) if line.text[:1] in "+ -" else line
        if line.text[:1] in ("+", " ") and _COMMENT.match(bare.text):
            held.append(bare)
            continue
        if held and not line.text.startswith("-"):
            yield tuple(held)
            held = []
    if held:
        yield tuple(held)


def _paragraphs(where: str, lines: Sequence[MailLine], whole: int) -> Iterator[_Text]:
    held: list[MailLine] = []
    for line in lines:
        bare = line._replace(text=_STARS.sub("", line.text))
        if bare.text.strip():
            held.append(bare)
        elif held:
            yield _Text(where, tuple(held), whole)
            held = []
    if held:
        yield _Text(where, tuple(held), whole)


def _provider(message: Message, text: _Text, phrase: Phrase, sentence: Sentence, spoken: Sequence[Sentence]) -> str | None:
    """Name who provides it: somebody named beside the caller, the subject itself, or this patch where it says that it does it."""
    around = " ".join(item.text for item in spoken)
    named = _NAMED.search(sentence.text) or _NAMED.search(around)
    if named:
        return named.group(1)
    if phrase.kind == "actor":
        return _actor("actor", sentence.text) or _actor("agent", sentence.text)
    if phrase.kind == "kernel":
        return "this patch" if message.kind == "patch" else "the kernel"
    return _doer(text.where, phrase, sentence, spoken)


def _doer(where: str, phrase: Phrase, sentence: Sentence, spoken: Sequence[Sentence]) -> str | None:
    """Name who does what a passive sentence or one about code demands: an agent, this patch, or in a reply somebody said to act."""
    if phrase.kind not in ("code", "done"):
        return None
    if agent := _actor("agent", sentence.text) or _agent(sentence.text):
        return agent
    near = _after(sentence, spoken)
    acts = spoken if phrase.kind == "done" else near
    if where == "changelog" and (
        phrases("therefore").search(sentence.text) or any(phrases("patch-does").search(item.text) for item in acts)
    ):
        return "this patch"
    if where == "reply" and phrase.kind == "done":
        return None
    told = [item.text for item in (spoken if where == "reply" else near) if item is not sentence]
    met = next((found.group(1) for text in told if (found := _MET.match(text))), None)
    return met or next((name for text in told if (name := _actor("acting", text))), None)


def _agent(text: str) -> str | None:
    """Name who is required to do it or by whom it has to be done; the caller is nobody in particular."""
    found = _LEANS.search(text) or _BY.search(text)
    who = next((part for part in reversed(found.groups()) if part), None) if found else None
    return who if who is not None and "caller" not in who.lower() else None


def _after(sentence: Sentence, spoken: Sequence[Sentence]) -> Sequence[Sentence]:
    """Return the sentence that follows: in a changelog it says who meets the need, others may be about something else."""
    number = spoken.index(sentence) + 1
    return spoken[number : number + 1]


def _actor(group: str, text: str) -> str | None:
    """Return the one whom a phrase of a group names: who is bound, who acts ("KVM needs similar handling"), by whom it is done."""
    found = next((match for phrase in phrases(group).phrases if (match := phrase.match(text))), None)
    return _spelt(found.group("actor")) if found else None


def _spelt(name: str) -> str:
    bare = name.strip().removeprefix("the ").removesuffix("'s").replace("~", "")
    return bare.upper() if bare in ("kvm", "bios", "vmm", "qemu", "ovmf", "os", "acpi", "mm") else bare
