"""Agreement and objection, sentence by sentence."""

from __future__ import annotations

from tdxwhy.review.nouns import Message, Stance
from tdxwhy.review.phrases import phrases
from tdxwhy.review.view import View, evidence


def find_stances(view: View, message: Message) -> list[Stance]:
    """Return where a reply agrees, agrees in part, or objects; the first sentence of a kind under each quote speaks for the rest."""
    if message.kind != "reply":
        return []
    found: list[Stance] = []
    seen: set[tuple[int | None, str]] = set()
    for said in view.said(message):
        text = said.sentence.text
        if said.sentence.asks or said.block.kind != "prose":
            continue
        for kind in ("partly", "agree", "object"):
            if phrases(kind).search(text):
                if (said.about, kind) not in seen:
                    seen.add((said.about, kind))
                    found.append(
                        Stance(
                            evidence(message, text[:380], said.sentence.start), message.mail.author, kind, view.about(message, said.about)
                        )
                    )
                break
    return found
