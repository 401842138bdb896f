"""Who said each quoted line: whoever wrote those words; where words do not tell, whoever stands that deep."""

from __future__ import annotations

from collections.abc import Sequence

from tdxwhy.hints import Literal
from tdxwhy.noun import NamedTuple
from tdxwhy.review.lines import own_lines, program_heads, squeeze
from tdxwhy.review.nouns import MailLine, Message, Quote
from tdxwhy.review.threads import chain

_TELLING = 8
_LONG = 20
# Characters of a mail's own words in which a quote that was wrapped anew is looked for; beyond them only whole lines are found.
REFLOWED = 1 << 15


class OwnText(NamedTuple):
    """What an author wrote in one mail, without blanks: line by line, and in one piece for quotes that were wrapped anew."""

    lines: frozenset[str]
    whole: str

    def has(self, squeezed: str) -> bool:
        """Tell whether these words are the author's."""
        return squeezed in self.lines or (len(squeezed) >= _TELLING and squeezed in self.whole)


class Speaker(NamedTuple):
    """Who said a line, and how we know."""

    name: str
    origin: str | None
    basis: Literal["text", "depth", "attribution"]


def own_text(message: Message) -> OwnText:
    """Return a mail's own words in the form in which quotes are looked up."""
    squeezed = [squeeze(line.text) for line in own_lines(message.lines)]
    return OwnText(frozenset(squeezed), "".join(squeezed)[:REFLOWED])


class Speakers:
    """Attributes the quoted lines of a thread's mails."""

    def __init__(self, messages: Sequence[Message]) -> None:
        """Prepare the own words of every mail."""
        self.by_id = {message.mail.message_id: message for message in messages}
        self.own = {name: own_text(message) for name, message in self.by_id.items()}
        self._lines: dict[str, list[Speaker | None]] = {}
        self._first_said = {line: name for name, own in reversed(self.own.items()) for line in own.lines if len(line) >= _LONG}

    def lines(self, message: Message) -> list[Speaker | None]:
        """Return the speaker of each line of a mail, None for its own and for blank lines that nothing claims."""
        name = message.mail.message_id
        if name not in self._lines:
            above = chain(message, self.by_id)
            said = _filled(message, [self._by_words(line, above) for line in message.lines], above)
            for index in program_heads(message.lines):
                said[index] = None
            self._lines[name] = said
        return self._lines[name]

    def _by_words(self, line: MailLine, above: list[Message | None]) -> Speaker | None:
        """Find the ancestor whose own words a line is; the one at the line's depth is asked first."""
        squeezed = squeeze(line.text)
        if not line.level or len(squeezed) < _TELLING:
            return None
        expected = above[line.level - 1] if line.level <= len(above) else None
        order = [expected, *(message for message in above if message is not expected)]
        for message in order:
            if message is not None and self.own[message.mail.message_id].has(squeezed):
                return Speaker(message.mail.author, message.mail.message_id, "text")
        origin = self._first_said.get(squeezed) if len(squeezed) >= _LONG else None
        return Speaker(self.by_id[origin].mail.author, origin, "text") if origin else None

    def quotes(self, message: Message) -> list[Quote]:
        """Return the runs of quoted lines, each by one speaker."""
        said = self.lines(message)
        runs: list[tuple[Speaker, list[MailLine]]] = []
        for line, speaker in zip(message.lines, said, strict=True):
            if speaker is None:
                continue
            last = runs[-1] if runs else None
            if last and last[0][:2] == speaker[:2] and last[1][-1].level == line.level and last[1][-1].number == line.number - 1:
                last[1].append(line)
            else:
                runs.append((speaker, [line]))
        found = []
        for speaker, lines in runs:
            first = next((line.text for line in lines if line.text.strip()), "")
            if first:
                start, end = lines[0].number, lines[-1].number
                found.append(
                    Quote(message.mail.message_id, lines[0].level, start, end, first.strip(), speaker.name, speaker.origin, speaker.basis)
                )
        return found


def _filled(message: Message, said: list[Speaker | None], above: list[Message | None]) -> list[Speaker | None]:
    """Give lines too short or too changed to be found to their neighbours' speaker, else to whoever stands at their depth."""
    lines = message.lines
    start = 0
    while start < len(lines):
        end = start
        while end < len(lines) and lines[end].level == lines[start].level:
            end += 1
        if lines[start].level:
            _fill_run(said, start, end, _by_depth(lines[start].level, above))
        start = end
    return said


def _fill_run(said: list[Speaker | None], start: int, end: int, depth: Speaker | None) -> None:
    known = [index for index in range(start, end) if said[index] is not None]
    if not known:
        said[start:end] = [depth] * (end - start)
        return
    said[start : known[0]] = [said[known[0]]] * (known[0] - start)
    for index in range(known[0], end):
        if said[index] is None:
            said[index] = said[index - 1]


def _by_depth(level: int, above: list[Message | None]) -> Speaker | None:
    message = above[level - 1] if level <= len(above) else None
    if message is not None:
        return Speaker(message.mail.author, message.mail.message_id, "depth")
    last = next((item for item in reversed(above) if item is not None), None)
    return Speaker(last.mail.author, last.mail.message_id, "depth") if last is not None and level > len(above) else None
