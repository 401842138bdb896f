"""A mail's text as lines with their quote level. What stands below a mail program's "Original Message" head counts as quoted."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tdxwhy.review.nouns import MailLine

LEVELS = 40
_MARKS = re.compile(r"^(?:>[ ]?){1,200}")
_INITIALS = re.compile(r"^[A-Z][A-Za-z]{0,3}> ?")
_ORIGINAL = re.compile(
    r"^\s*(?:-{3,}\s*(?:Original Message|Ursprüngliche Nachricht|Message d'origine|原始邮件)\s*-{3,}|_{20,})\s*$", re.IGNORECASE
)
_FORWARDED = re.compile(r"^(?:From|Sent|To|Cc|Subject|Date|Von|Gesendet|An|De|Envoyé|Objet|发件人|发送时间|收件人|主题)\s?[:：]\s*\S")


def parse_lines(body: str) -> tuple[MailLine, ...]:
    """Return the lines of a text.

    Accepted form: `>` marks with or without blanks between them, glued or apart; initials before the mark (`KH> text`); everything below
    an "Original Message" head, which is one level deeper.
    """
    lines: list[MailLine] = []
    below = 0
    raws = body.split("\n")
    for number, raw in enumerate(raws, 1):
        if not raw.startswith(">") and _original(raws, number - 1):
            below = min(below + 1, LEVELS)
            lines.append(MailLine(number, below, raw))
            continue
        level, text = _level(raw)
        lines.append(MailLine(number, min(level + below, LEVELS), text))
    return tuple(lines)


def _level(raw: str) -> tuple[int, str]:
    found = _MARKS.match(raw)
    if found:
        return found.group().count(">"), raw[found.end() :]
    named = _INITIALS.match(raw)
    if named:
        return 1, raw[named.end() :]
    return 0, raw


def _original(raws: list[str], index: int) -> bool:
    """Tell whether a mail program's head begins here: a rule and header lines below it, or three header lines at once."""
    line = raws[index]
    if _ORIGINAL.match(line):
        return any(_FORWARDED.match(raw) for raw in raws[index + 1 : index + 4])
    if not line.startswith(("From:", "Von:", "De:", "发件人")) or not _FORWARDED.match(line):
        return False
    following = raws[index + 1 : index + 5]
    return sum(bool(_FORWARDED.match(raw)) for raw in following) >= 2 and any(
        raw.startswith(("Sent:", "Gesendet:", "Envoyé", "发送时间")) for raw in following
    )


def program_heads(lines: tuple[MailLine, ...]) -> set[int]:
    """Return the indices of the lines that a mail program puts above a text it quotes without marks: its rule, `From:`, `Sent:` ..."""
    found: set[int] = set()
    raws = [line.text for line in lines]
    for index, line in enumerate(lines):
        if not line.level or not _original(raws, index):
            continue
        end = index + 1
        while end < len(lines) and lines[end].level == line.level and _FORWARDED.match(raws[end]):
            end += 1
        found.update(range(index, end))
    return found


def squeeze(text: str) -> str:
    """Return a text without any blanks, so that wrapped lines and mangled tabs compare equal."""
    return "".join(text.split())


def own_lines(lines: tuple[MailLine, ...]) -> Iterator[MailLine]:
    """Yield the lines that a mail's author wrote, without hand-made quotes (` > text`)."""
    return (line for line in lines if line.level == 0 and not re.match(r"^\s{1,3}>", line.text))


def render_quoted(lines: tuple[MailLine, ...], level: int) -> str:
    """Return what a quoted mail looked like, as far as `lines` show it: its own lines at `level`, deeper ones quoted."""
    kept = (line for line in lines if line.level >= level)
    return "\n".join("> " * (line.level - level) + line.text if line.level > level else line.text for line in kept) + "\n"
