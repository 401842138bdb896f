"""Kernel messages in mails: pasted from a log, wanted, unwanted, or in code that a reply offers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tdxwhy.know.names import named
from tdxwhy.know.recognise import recognise
from tdxwhy.know.stems import has_kernel_prefix, looks_like_tdx
from tdxwhy.records import Event, LogRecord, Place
from tdxwhy.review.blocks import Block
from tdxwhy.review.nouns import MailedMessage, Message, MessageKind
from tdxwhy.review.phrases import phrases
from tdxwhy.review.view import Said, View, evidence
from tdxwhy.source.prints import print_sites

_STAMP = re.compile(r"^\s*(?:<\d>)?\[\s*\d+\.\d+\]\s*(?:\[\s*[TC]\d+\]\s*)?")
_STAMPED = re.compile(r"^\s*(?:<\d>)?\[\s*\d+\.\d+\]")
_MARKED = re.compile(r"\"([^\"\n]{10,200})\"|“([^”\n]{10,200})”")
_SUBSYSTEM = re.compile(r"(?:x86/)?(?:virt/)?tdx: |TDX: |seam(?:ldr)?: |kvm(?:[-_]intel)?: ", re.IGNORECASE)
_LONGEST = 300


def find_mailed(view: View, message: Message) -> list[MailedMessage]:
    """Return the kernel messages that stand in a mail's own prose, examples and logs, and in code that a reply offers."""
    found: list[MailedMessage] = []
    blocks = view.blocks(message)
    for index, block in enumerate(blocks):
        if block.kind == "log":
            found.extend(_pasted(message, block))
        elif block.kind in ("example", "code") or (block.kind == "prose" and len(block.lines) <= 2):
            found.extend(_talked(message, blocks, index))
        if block.kind in ("diff", "code") and message.kind == "reply":
            found.extend(_offered(message, block))
    return found + [made for said in view.said(message) for made in _quoted(message, said)]


def _quoted(message: Message, said: Said) -> Iterator[MailedMessage]:
    """Take what a sentence puts in quotation marks if it is about printing or if a kernel is known to print that.

    Accepted form: `it says "TDX is broken" in dmesg`.
    """
    text = said.sentence.text
    if message.kind == "bot" or said.block.kind != "prose":
        return
    prints = phrases("prints").search(text) is not None
    for found in _MARKED.finditer(text):
        inner = next(part for part in found.groups() if part)
        if len(inner.split()) >= 3 and not inner.endswith("?") and (prints or _recognised(inner)):
            yield _made(message, said.sentence.start, inner, _wish(text.replace(inner, "")) or "pasted")


def _pasted(message: Message, block: Block) -> Iterator[MailedMessage]:
    """Take the lines of a log that mean something to TDX; a line wrapped by the mail program is joined to its stamp."""
    joined: list[tuple[int, str]] = []
    for line in block.lines:
        if _STAMPED.match(line.text) or not joined:
            joined.append((line.number, line.text))
        else:
            joined[-1] = (joined[-1][0], f"{joined[-1][1].rstrip()} {line.text.strip()}")
    faulty = False
    for number, text in joined:
        event = _recognised(text)
        fault = event is not None and event.form is not None and event.form.kind == "fault"
        if event is not None and not (fault and faulty and "Kernel panic" not in text):  # of an oops its first line and its end are enough
            yield _made(message, number, text.strip(), "pasted")
        faulty |= fault


def _recognised(text: str) -> Event | None:
    bare = _STAMP.sub("", text).strip()
    return recognise(LogRecord(Place("mail"), text[:4096], bare[:4096])) if bare else None


def _talked(message: Message, blocks: list[Block], index: int) -> Iterator[MailedMessage]:
    """Take what a sentence with a colon introduces as something that users see, and what reads like a kernel message anyway."""
    block = blocks[index]
    before = " ".join(blocks[index - 1].text.split()) if index and blocks[index - 1].kind == "prose" else ""
    last = re.split(r"(?<=[.?!])\s+", before)[-1]
    talked = before.endswith(":") and (phrases("message").search(last) or phrases("question").search(last)) is not None
    for line in block.lines if block.kind != "prose" else block.lines[:1]:
        text = line.text.strip()
        if len(text) < 8 or not (has_kernel_prefix(text) or _STAMPED.match(text) or text.startswith("SEAMCALL")):
            continue
        near = index > 0 and _within(blocks, index)
        wish = _wish(last) if talked and near else None
        if wish is not None:
            yield _made(message, line.number, text, wish)
        elif (block.kind != "prose" or line.text[:1] == " " or before.endswith(":")) and looks_like_tdx(text) and _shaped(text):
            yield _made(message, line.number, text, (_wish(last) if near else None) or "pasted")


def _shaped(text: str) -> bool:
    """Tell whether a line reads like a message of the kernel: one that is known, or a subsystem and a colon before it."""
    return _recognised(text) is not None or _SUBSYSTEM.match(text) is not None


def _wish(sentence: str) -> MessageKind | None:
    """Tell whether the sentence before a message wishes for it or dreads it."""
    if phrases("unwanted").search(sentence):
        return "unwanted"
    return "wanted" if phrases("wanted").search(sentence) else None


def _within(blocks: list[Block], index: int) -> bool:
    """Tell whether a block follows the sentence before it with at most two blank lines between."""
    return blocks[index].lines[0].number - blocks[index - 1].lines[-1].number <= 3


def _offered(message: Message, block: Block) -> Iterator[MailedMessage]:
    """Take the formats of the print calls in offered code; the diff may be wrapped by the mail program."""
    sites = print_sites(block.text, message.mail.place.source)
    bare = not sites and block.kind == "diff"
    if bare:  # lines with a plus and no hunk header: a sketch
        sites = print_sites("\n".join(line.text.removeprefix("+") for line in block.lines), "sketch.c")
    for site in sites:
        if site.format and (site.added or bare or block.kind == "code"):
            number = block.lines[0].number + (site.place.line or 1) - 1
            made = _made(message, number, site.format, "added")
            yield made._replace(names=site.names)


def _made(message: Message, number: int, text: str, kind: MessageKind) -> MailedMessage:
    return MailedMessage(evidence(message, text[:_LONGEST], number), message.mail.author, kind, named(text))
