"""What each author says in a mail, sentence by sentence: about which quoted words, and to whom."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice

from tdxwhy.noun import NamedTuple
from tdxwhy.records import Evidence, Place
from tdxwhy.review.blocks import Block, is_greeting, own_blocks
from tdxwhy.review.lines import LEVELS, squeeze
from tdxwhy.review.nouns import Message
from tdxwhy.review.people import People
from tdxwhy.review.quotes import REFLOWED, Speakers
from tdxwhy.review.sentences import Sentence, sentences

_CALL = re.compile(r"^(?:Hi|Hello|Hey|Dear|@)?\s*((?:[A-Z][\w.-]+)(?:(?:\s*[/,&]\s*|\s+and\s+)[A-Z][\w.-]+){0,4})\s*+(?:[,:!]\s*+)?$")
_FIRST = re.compile(r"([A-Z][a-z]{2,15}), (?=\S)")
_MENTIONED = re.compile(r"(?:^|\s)@([A-Z]\w{2,15})\b")
_LAST = re.compile(r", ([A-Z][a-z]{2,15})\?$")
# Replies to one mail in which an answer is looked for.
_LOOKED = 500


class Said(NamedTuple):
    """One sentence of an author.

    `about` is the index of the quoted line that it stands under, `called` are the people whom it names as addressees (`direct`: in the
    paragraph itself, not in a greeting further up), `following` the block that it introduces with a colon or "below".
    """

    sentence: Sentence
    block: Block
    about: int | None
    called: tuple[str, ...]
    following: Block | None
    direct: bool = False


class View:
    """A thread as remarks are looked for: messages with their own blocks and sentences, speakers and people."""

    def __init__(self, messages: Sequence[Message]) -> None:
        """Join people and prepare the speakers."""
        self.messages = tuple(messages)
        self.by_id = {message.mail.message_id: message for message in messages}
        self.people = People(message.mail for message in messages)
        self.speakers = Speakers(messages)
        self._blocks: dict[str, list[Block]] = {}
        self._said: dict[str, list[Said]] = {}
        self._spoken: dict[str, dict[int, list[Sentence]]] = {}
        self._above: dict[str, list[int | None]] = {}
        self._calling: dict[str, list[Message]] = {}
        self._quoted: dict[str, dict[tuple[str | None, str], int]] = {}
        self._replies: dict[str, list[Message]] = {}
        self._origin: dict[str, frozenset[str | None]] = {}

    @cached_property
    def children(self) -> dict[str, list[Message]]:
        """Return the direct replies of each mail, in order."""
        found: dict[str, list[Message]] = {}
        for message in self.messages:
            if message.parent is not None:
                found.setdefault(message.parent, []).append(message)
        return found

    @cached_property
    def _roots(self) -> dict[str, str]:
        roots: dict[str, str] = {}
        for message in self.messages:
            path = []
            name: str | None = message.mail.message_id
            while name is not None and name not in roots:
                path.append(name)
                name = self.by_id[name].parent
            top = roots[name] if name is not None else path[-1]
            roots.update(dict.fromkeys(path, top))
        return roots

    def patch_authors(self, message: Message) -> frozenset[str]:
        """Return who wrote the patches above a mail, and the mail that began its thread."""
        path: list[Message] = []
        current: Message | None = self.by_id.get(message.parent or "") or message
        while current is not None and current.mail.message_id not in self._wrote:
            path.append(current)
            current = self.by_id.get(current.parent or "")
        known = self._wrote[current.mail.message_id] if current is not None else frozenset((path[-1].mail.author,))
        for one in reversed(path):
            known = known | {one.mail.author} if one.kind in ("patch", "cover") else known
            self._wrote[one.mail.message_id] = known
        return known

    @cached_property
    def _wrote(self) -> dict[str, frozenset[str]]:
        return {}

    @cached_property
    def _threads(self) -> dict[str, list[Message]]:
        found: dict[str, list[Message]] = {}
        for message in self.messages:
            found.setdefault(self._roots[message.mail.message_id], []).append(message)
        return found

    def thread(self, message: Message) -> list[Message]:
        """Return the mails of a mail's own thread, oldest first."""
        return self._threads[self._roots[message.mail.message_id]]

    def calling(self, message: Message) -> list[Message]:
        """Return the mails of a mail's own thread that call somebody by name, oldest first."""
        root = self._roots[message.mail.message_id]
        if root not in self._calling:
            self._calling[root] = [one for one in self._threads[root] if any(said.called for said in self.said(one))]
        return self._calling[root]

    def replies(self, message: Message) -> list[Message]:
        """Return the mails below a mail that answer it directly or quote its words, nearest first, of very many the nearest."""
        name = message.mail.message_id
        if name not in self._replies:
            self._replies[name] = list(islice(self._quoting(message), _LOOKED))
        return self._replies[name]

    def _quoting(self, message: Message) -> Iterator[Message]:
        name = message.mail.message_id
        waiting = self.children.get(name, ())
        for _ in range(LEVELS):
            yield from (one for one in waiting if one.parent == name or name in self._origins(one))
            waiting = [child for one in waiting for child in self.children.get(one.mail.message_id, ())]

    def _origins(self, message: Message) -> frozenset[str | None]:
        """Return in which mails the words stand that a mail quotes."""
        name = message.mail.message_id
        if name not in self._origin:
            self._origin[name] = frozenset(speaker.origin for speaker in self.speakers.lines(message) if speaker is not None)
        return self._origin[name]

    def quoted_at(self, message: Message) -> dict[tuple[str | None, str], int]:
        """Return where a mail last quotes a line, by the mail that holds it and its words without blanks."""
        name = message.mail.message_id
        if name not in self._quoted:
            found = {}
            for index, (line, speaker) in enumerate(zip(message.lines, self.speakers.lines(message), strict=True)):
                if speaker is not None and line.text.strip():
                    found[speaker.origin, squeeze(line.text)] = index
            self._quoted[name] = found
        return self._quoted[name]

    def blocks(self, message: Message) -> list[Block]:
        """Return a mail's own blocks."""
        name = message.mail.message_id
        if name not in self._blocks:
            self._blocks[name] = own_blocks(message.lines, patch=message.kind in ("patch", "cover"))
        return self._blocks[name]

    def said(self, message: Message) -> list[Said]:
        """Return the sentences of a mail's own prose; sentences that only repeat an ancestor's words are left out."""
        name = message.mail.message_id
        if name not in self._said:
            self._said[name] = self._sentences(message)
        return self._said[name]

    def _sentences(self, message: Message) -> list[Said]:
        blocks = self.blocks(message)
        found: list[Said] = []
        called: tuple[str, ...] = ()
        for index, block in enumerate(blocks):
            greeted = self._called(block.text) if block.kind in ("greeting", "prose") and len(block.lines) == 1 else ()
            if block.kind == "greeting" or greeted:
                called = greeted or called
                continue
            if block.kind not in ("prose", "example"):
                continue
            following = blocks[index + 1] if index + 1 < len(blocks) else None
            direct: tuple[str, ...] = ()
            for sentence in sentences(block.lines):
                direct = self._vocative(sentence.text) or direct
                if not self.repeats(message, sentence.text):
                    about = self.quoted_above(message, sentence.start)
                    found.append(Said(sentence, block, about, direct or called, following, bool(direct)))
        return found

    def _called(self, text: str) -> tuple[str, ...]:
        found = _CALL.match(text.strip())
        words = re.split(r"(?<!\s)(?:\s*+[/,&]\s*+|\s++and\s++)", found.group(1)) if found else []
        return tuple(name for word in words if (name := self.people.find(word.split()[-1] if " " in word else word)))

    def _vocative(self, text: str) -> tuple[str, ...]:
        text = text[:400]
        words = [_FIRST.match(text), *(_MENTIONED.finditer(text) if "@" in text else ())]
        words.append(_LAST.search(text) if text.endswith("?") else None)
        return tuple(name for word in words if word is not None and (name := self.people.find(word[1])))

    def repeats(self, message: Message, text: str) -> bool:
        """Tell whether a text only repeats what stands in a mail above."""
        squeezed = squeeze(text)
        name = message.parent
        steps = 0
        while len(squeezed) >= 20 and name is not None and steps < 50:
            if (squeezed in self.speakers.own[name].whole and self.by_id[name].kind != "patch") or squeezed in self.patch_text(name):
                return True
            name = self.by_id[name].parent
            steps += 1
        return False

    def patch_text(self, name: str) -> str:
        """Return a mail's own text without blanks, plus signs and comment stars, so that quoted comments compare equal."""
        message = self.by_id[name]
        if name not in self._plain:
            bare = (re.sub(r"^[+ ]?\s*\*?\s*", "", line.text) for line in message.lines if not line.level)
            self._plain[name] = squeeze(" ".join(bare))[:REFLOWED]
        return self._plain[name]

    @cached_property
    def _plain(self) -> dict[str, str]:
        return {}

    def spoken(self, message: Message, block: Block) -> list[Sentence]:
        """Return the sentences of one block."""
        name = message.mail.message_id
        if name not in self._spoken:
            found: dict[int, list[Sentence]] = {}
            for said in self.said(message):
                found.setdefault(said.block.lines[0].number, []).append(said.sentence)
            self._spoken[name] = found
        return self._spoken[name].get(block.lines[0].number, [])

    def quoted_above(self, message: Message, number: int) -> int | None:
        """Return the index of the last quoted line with words above line `number`."""
        name = message.mail.message_id
        if name not in self._above:
            self._above[name] = _quoted_above(message)
        return self._above[name][number - 1]

    def addressee(self, message: Message, said: Said) -> str | None:
        """Return whom a sentence asks: the people it calls, else whoever it quotes, else the parent's author."""
        if said.called:
            return said.called[0]
        speaker = self.speakers.lines(message)[said.about] if said.about is not None else None
        if speaker and not self.people.same(speaker.name, message.mail.author):
            return speaker.name
        parent = self.by_id.get(message.parent or "")
        return parent.mail.author if parent and not self.people.same(parent.mail.author, message.mail.author) else None

    def about(self, message: Message, index: int | None, most: int = 3) -> Evidence | None:
        """Return the quoted words above a remark: the last lines of the run, at its speaker's own place where that is known."""
        if index is None:
            return None
        lines = message.lines
        start = index
        while start > 0 and index - start < most - 1 and lines[start - 1].level == lines[index].level and lines[start - 1].text.strip():
            start -= 1
        speaker = self.speakers.lines(message)[index]
        text = "\n".join(line.text for line in lines[start : index + 1])
        return Evidence(Place(message.mail.place.source, None, speaker.origin if speaker else message.mail.message_id), text)


def _quoted_above(message: Message) -> list[int | None]:
    """Return for each line the index of the last quoted line with words above it; signatures and greetings are no such words."""
    found: list[int | None] = []
    last: int | None = None
    signed = 0
    for index, line in enumerate(message.lines):
        found.append(last)
        if signed and line.level < signed:
            signed = 0
        if line.level and not signed and line.text.rstrip() == "--":
            signed = line.level
        elif line.level and line.text.strip() and not signed and not is_greeting(line.text):
            last = index
    return found


def evidence(message: Message, text: str, line: int) -> Evidence:
    """Return a passage of a mail as evidence."""
    return Evidence(Place(message.mail.place.source, line, message.mail.message_id), text)
