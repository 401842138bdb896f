"""Texts and code that somebody offers in a reply, and whether a later version took them up."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tdxwhy.hints import Literal
from tdxwhy.review.blocks import Block
from tdxwhy.review.lines import squeeze
from tdxwhy.review.nouns import Message, Proposal
from tdxwhy.review.phrases import phrases
from tdxwhy.review.view import View, evidence

Form = Literal["text", "comment", "diff"]
_FORMS: dict[str, Form] = {"example": "text", "comment": "comment", "diff": "diff", "code": "diff"}


def find_proposals(view: View, message: Message, later: Sequence[Message]) -> list[Proposal]:
    """Return the blocks that a reply offers instead of what it quotes; `later` are the patches of later versions."""
    if message.kind != "reply":
        return []
    found: list[Proposal] = []
    blocks = view.blocks(message)
    for index, block in enumerate(blocks):
        form = _FORMS.get(block.kind)
        if form is None or len(squeeze(block.text)) < 20 or (form != "text" and len(block.lines) < 2):
            continue
        if form == "text" and not _offered(view, message, blocks, index):
            continue
        if view.repeats(message, block.text):
            continue
        adopted, where = _adopted(block, form, later)
        text = evidence(message, block.lines[0].text.strip()[:200], block.lines[0].number)
        found.append(Proposal(text, message.mail.author, form, block.text, adopted, where))
    return found


def _offered(view: View, message: Message, blocks: list[Block], index: int) -> bool:
    """Tell whether an indented text is offered: it stands under a quote, or a sentence introduces it as a proposal."""
    previous = blocks[index - 1] if index else None
    if previous is not None and previous.lines[-1].number > (view.quoted_above(message, blocks[index].lines[0].number) or 0) + 1:
        return previous.kind == "example" or phrases("proposes").search(previous.text[-300:]) is not None
    return True


def _adopted(block: Block, form: Form, later: Sequence[Message]) -> tuple[Literal["yes", "partly", "no", "unknown"], str | None]:
    """Compare what is offered, of a diff the lines that it adds, with the later patches, line breaks and diff marks aside."""
    if not later:
        return "unknown", None
    added = [line for line in block.lines if line.text.startswith("+")] if form == "diff" else []
    pieces = [piece for line in added or block.lines if (piece := _bare(line.text, form)) and len(piece) >= 8]
    if not pieces:
        return "unknown", None
    best, where = 0.0, None
    for message in later:
        whole = squeeze("".join(_bare(line.text, "comment") for line in message.lines if not line.level and not line.text.startswith("-")))
        share = sum(len(piece) for piece in pieces if piece in whole) / sum(len(piece) for piece in pieces)
        if share > best:
            best, where = share, message.mail.message_id
    if best >= 0.8:
        return "yes", where
    return ("partly", where) if best >= 0.4 else ("no", None)


def _bare(text: str, form: Form) -> str:
    if form == "diff":
        if text.startswith(("-", "@@", "diff ", "index ", "+++")):
            return ""
        return squeeze(text.lstrip("+"))
    return squeeze(re.sub(r"^[+ ]?\s*(?:/\*+|\*+/?)?", "", text))
