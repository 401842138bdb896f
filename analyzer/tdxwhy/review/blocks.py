"""An author's own lines as blocks: prose, code, diffs, examples, trailers, and what is no talk at all (greetings, signatures)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tdxwhy.hints import Literal
from tdxwhy.noun import NamedTuple
from tdxwhy.review.attribution import attribution_at
from tdxwhy.review.nouns import MailLine

BlockKind = Literal[
    "prose", "example", "comment", "code", "diff", "log", "trailer", "greeting", "attribution", "snip", "signature", "history"
]

_DIFF_START = re.compile(r"^(?:diff --git |--- (?:a/|/dev/null)|@@ -\d|Index: )")
_DIFF_LINE = re.compile(
    r"^(?:[-+ @\\\t]|diff |index |new file|deleted file|old mode|new mode|similarity|rename |copy |Binary |GIT binary|$)"
)
_TRAILER = re.compile(
    r"^\s{0,3}([A-Z][A-Za-z]+(?:-[A-Za-z]+)*-by|Fixes|Link|Closes|Cc|CC|Message-I[Dd]|Change-Id|Base-commit|base-commit): \S"
)
_GREETING = re.compile(
    r"^(?:Hi|Hello|Hey|Dear|Hallo|Hi there)\b[^.?!:;]{0,60}[,!]?$|^(?:Best|Kind|Warm)?\s?[Rr]egards,?"
    r"|^(?:Thanks|Thank you|thanks|Cheers|Thx|thx),?$|^-[A-Z][a-z]+$|^[a-z]+ k-h$"
)
_SNIP = re.compile(
    r"^(?:#(?:syz|regzbot)\b|[a-z]{2,20}-?bot: \S|@[\w-]{1,20}bot\b).*$"
    r"|^\s*(?:\.{2,}|…|\[\.\.\.\]|(?:[\[(<{]{1,2}\s*+)?\.{0,3}(?:snip|trimmed|skipped|cut|snipped|sigh)\b[^\])>}]{0,30}[\])>}]{0,2}|-{0,9}8<-+)\s*$",
    re.IGNORECASE,
)
_LOG = re.compile(r"^\s*(?:<\d>\s?)?\[\s*\d+\.\d{3,6}\]")
_CODEY = re.compile(
    r"[;{}]\s*+(?:/\*|$)|^\s*(?:if|for|while|switch|return|goto|struct|static|int|void|u64|bool)\b[^.?!]*[({;]"
    r"|^\s*#(?:include|ifdef|ifndef|if|define|endif|else)\b|^\s*\w+\(.*\);|^\s*/\*|^\s*\*/|->\w+ =|^\s*\}|^\$ "
)
_IN_BODY = re.compile(r"^From: .{1,200}<[^\s@<>]+@[^\s<>]+>\s*$")
_STAT = re.compile(r"^ \S.{0,120}\|\s+(?:\d+ [-+]*|Bin )|^ \d+ files? changed,|^ (?:create|delete|rename) mode ")
_HISTORY = re.compile(
    r"^\s*+(?:[Cc]hange(?:s|log)?\b.*(?:v\d|version|:$)|(?:[-*]\s*+)?(?:RFC\s*+)?(?:\()?[vV]\d+(?:\.\d+)?\)?\s*(?:->|=>|→|:|\()|Changelog.*:$|v\d+:?\s*$)"
)


_PLAIN_KINDS: tuple[tuple[BlockKind, re.Pattern[str]], ...] = (
    ("log", _LOG),
    ("trailer", _TRAILER),
    ("greeting", _GREETING),
    ("snip", _SNIP),
)


def is_greeting(text: str) -> bool:
    """Tell whether a line only greets, thanks or signs."""
    return _GREETING.match(text.strip()) is not None


class Block(NamedTuple):
    """Consecutive own lines of one kind. `lead` is the index, in the mail, of the line before which it stands."""

    kind: BlockKind
    lines: tuple[MailLine, ...]

    @property
    def text(self) -> str:
        """Return the text as it stands."""
        return "\n".join(line.text for line in self.lines)


def own_blocks(lines: Sequence[MailLine], *, patch: bool = False) -> list[Block]:
    """Return the blocks of an author's own lines, in order.

    Accepted form: anything; in a patch the text ends at the first `---`, what follows is history and diff.
    """
    return _Splitter(lines, patch=patch).blocks()


class _Splitter:
    def __init__(self, lines: Sequence[MailLine], *, patch: bool) -> None:
        self._lines = lines
        self._patch = patch
        self._found: list[Block] = []
        self._held: list[MailLine] = []
        self._kind: BlockKind = "prose"
        self._below = self._listing = False
        self._fence = False

    def blocks(self) -> list[Block]:
        index = 0
        while index < len(self._lines):
            line = self._lines[index]
            if line.level or re.match(r"^\s{1,3}>", line.text):
                self._flush()
                index += 1
            elif re.match(r"^-- ?$", line.text):
                self._flush()
                self._signature(index)
                break
            else:
                index = self._own(index)
        self._flush()
        return self._found

    def _own(self, index: int) -> int:
        line = self._lines[index]
        in_body = self._patch and not self._found and not self._held and _IN_BODY.match(line.text)
        end = index if in_body else attribution_at(self._lines, index)
        if end is not None:
            self._single("attribution", self._lines[index : end + 1])
            return end + 1
        if line.text.lstrip().startswith("```"):
            self._flush()
            self._fence = not self._fence
            return index + 1
        if _DIFF_START.match(line.text):
            return self._diff(index)
        if self._patch and line.text.startswith("---") and not line.text.strip("- "):
            self._flush()
            self._below = True
            return index + 1
        if not line.text.strip():
            self._flush()
            return index + 1
        self._add(self._kind_of(line.text), line)
        return index + 1

    def _kind_of(self, text: str) -> BlockKind:
        if self._fence:
            return "log" if _LOG.match(text) or self._kind == "log" else "code"
        talks = bool(self._held) and self._kind == "prose"
        for kind, pattern in _PLAIN_KINDS:
            if pattern.match(text.strip() if kind == "greeting" else text) and not (talks and kind == "greeting"):
                return kind
        if _STAT.match(text) or (self._patch and self._below):
            return "history"
        self._listing = self._patch and self._lists(text)
        return "history" if self._listing else self._shape(text, talks)

    def _lists(self, text: str) -> bool:
        """Tell whether a line belongs to a list of changes: its head, or what stands indented or with a bullet below it."""
        goes_on = bool(self._held) and self._kind == "history"
        return bool(_HISTORY.match(text)) or (self._listing and (goes_on or text[:1] in " \t-*"))

    def _shape(self, text: str, talks: bool) -> BlockKind:
        """Tell comment, diff, code, indented example and prose apart by the line and by what it continues."""
        commented = bool(self._held) and self._kind == "comment"
        if commented and not self._held[-1].text.rstrip().endswith("*/"):
            return "comment"
        if text.lstrip().startswith("/*") or (commented and re.match(r"^\s{0,8}\*(?:/|\s|$)", text)):
            return "comment"
        if (text.startswith("+") and not text.startswith("++")) or (self._held and self._kind == "diff" and text[:1] in "+- "):
            return "diff"
        indented = text.startswith(("\t", "    "))
        if talks and not indented and text[:1].isalpha():
            return "prose"
        if _CODEY.search(text):
            return "code"
        return "example" if indented and not talks else "prose"

    def _add(self, kind: BlockKind, line: MailLine) -> None:
        if kind in ("greeting", "snip") or (self._held and kind != self._kind):
            self._flush()
        if kind == "prose" and self._held and re.match(r"^\s*(?:[-*•]|\(?\d{1,2}[.)]|[a-z]\))\s+\S", line.text):
            self._flush()
        self._kind = kind
        self._held.append(line)

    def _single(self, kind: BlockKind, lines: Sequence[MailLine]) -> None:
        self._flush()
        self._found.append(Block(kind, tuple(lines)))

    def _flush(self) -> None:
        if self._held:
            self._found.append(Block(self._kind, tuple(self._held)))
            self._held = []

    def _diff(self, index: int) -> int:
        """Take a diff, also a wrapped one: a line that begins in column 0 ends it only after a blank line."""
        self._flush()
        start = index
        while index < len(self._lines):
            line = self._lines[index]
            if line.level or re.match(r"^-- ?$", line.text):
                break
            blank = index > start and not self._lines[index - 1].text.strip()
            if not _DIFF_LINE.match(line.text) and blank:
                break
            index += 1
        self._found.append(Block("diff", tuple(self._lines[start:index])))
        return index

    def _signature(self, index: int) -> None:
        rest = [line for line in self._lines[index:] if not line.level]
        self._found.append(Block("signature", tuple(rest)))
