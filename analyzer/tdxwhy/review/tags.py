"""Tags (`Reviewed-by:` and its like) that a mail's author gives or carries, and what they hang on."""

from __future__ import annotations

import re

from tdxwhy.review.nouns import MailLine, Message, Tag
from tdxwhy.review.phrases import phrases
from tdxwhy.review.regions import TAGGED
from tdxwhy.review.view import Said, View, evidence

_TAG = re.compile(r"^\s{0,8}([A-Z][A-Za-z]+(?:-[A-Za-z]+)*-by):\s*+(\S.*)$")
_BY = re.compile(r"^(.*?<[^<>\s]*>|[^<>#\[(]+@\S+|[^<>#\[(]+)\s*(.*)$")


def find_tags(view: View, message: Message) -> list[Tag]:
    """Return the tags on a mail's own lines, above the signature of a patch or anywhere in a reply."""
    found = []
    for block in view.blocks(message):
        if block.kind not in ("trailer", "prose", "example"):
            continue
        for index, line in enumerate(block.lines):
            match = _TAG.match(line.text.rstrip()) or _led_to(view, message, line)
            if not match or (message.kind == "reply" and view.repeats(message, line.text)):
                continue
            by, rest = _by(match.group(2), block.lines, index)
            if message.kind == "bot" and not _gives(message, by):
                continue
            lead = line.text[: line.text.rfind(match.group(1))].strip(" :")
            condition = _condition(view, message, line.number, rest or lead) if message.kind != "patch" else None
            text = " ".join(line.text.split())
            for tag in _spelt(match.group(1)):
                found.append(Tag(evidence(message, text, line.number), tag, by, condition is not None, condition))
    return found


def _led_to(view: View, message: Message, line: MailLine) -> re.Match[str] | None:
    """Match the author's own tag at the end of a line of a reply that leads to it."""
    found = TAGGED.search(line.text) if message.kind == "reply" else None
    match = _TAG.match(found["tag"]) if found is not None else None
    return match if match is not None and view.people.same(match.group(2), message.mail.author) else None


def _gives(message: Message, by: str) -> bool:
    """Tell whether a robot gives a tag itself; of what a commit carries it only tells."""
    address = re.search(r"[^\s<>@]{1,80}(?=@)", by)
    return address is not None and message.mail.author.lower().startswith(address[0].split("+")[0].lower())


def _by(text: str, lines: tuple[MailLine, ...], index: int) -> tuple[str, str]:
    """Split the person from what follows; an address wrapped to the next line is fetched."""
    if "<" not in text and index + 1 < len(lines) and re.match(r"^\s*<[^\s@<>]+@[^\s<>]+>", lines[index + 1].text):
        text = f"{text} {lines[index + 1].text.strip()}"
    found = _BY.match(text)
    return (found.group(1).strip(), found.group(2).strip()) if found else (text, "")


def _spelt(tag: str) -> list[str]:
    """Return the tags that a line gives: `Reported-and-tested-by` is two."""
    kinds = tag.lower().removesuffix("-by").split("-and-")
    return [f"{kind[:1].upper()}{kind[1:]}-by" for kind in kinds]


def _condition(view: View, message: Message, number: int, rest: str) -> str | None:
    """Return the sentence that makes a tag conditional: beside it, or in the paragraph around it."""
    if rest and phrases("condition").search(rest):
        return rest
    near = [said for said in view.said(message) if _near(view, message, said, number)]
    return next((said.sentence.text for said in near if phrases("condition").search(said.sentence.text)), None)


def _near(view: View, message: Message, said: Said, number: int) -> bool:
    """Tell whether a sentence stands in the last paragraph above the tag or the first below it, with no quote between."""
    first, last = sorted((said.sentence.end, number))
    between = message.lines[first : last - 1]
    blanks = sum(not line.text.strip() for line in between)
    return last - first <= 4 and blanks <= 1 and not any(line.level for line in between)
