"""Unified diffs as mails carry them: quoted, wrapped, with lost blanks, followed by a signature; judged as far as they go."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from tdxwhy.noun import NamedTuple

_HUNK = re.compile(
    r"(?P<quote>(?:[ \t]?>){0,40}[ \t]{0,80})"
    r"@@ -(?P<old>\d{1,4000})(?:,(?P<olds>\d{1,4000}))? \+(?P<new>\d{1,4000})(?:,(?P<news>\d{1,4000}))? @@ ?(?P<section>.*)"
)
_GIT = re.compile(r"(?:[ \t]?>){0,40}[ \t]{0,80}diff --git (?:a/)?(?P<old>\S{1,4096}) (?:b/)?(?P<new>\S{1,4096})")
_OLD = re.compile(r"(?:[ \t]?>){0,40}[ \t]{0,80}--- (?P<path>\S+)")
_NEW = re.compile(r"(?:[ \t]?>){0,40}[ \t]{0,80}\+\+\+ (?P<path>\S+)")
_SIGNATURE = re.compile(r"-- ?\d[\w.]*|-- ?$")
# No file has so many lines.
_MOST = 999_999_999
_NOWHERE = "/dev/null"


class DiffLine(NamedTuple):
    """One line of a hunk: " ", "+" or "-", its text, its line in the mail, and its number in the new (or for "-" the old) file."""

    kind: str
    text: str
    line: int
    number: int


class Hunk(NamedTuple):
    """A hunk with the function git names behind the @@; `trouble` says in words what is wrong with it."""

    line: int
    old_start: int
    new_start: int
    section: str
    lines: tuple[DiffLine, ...]
    trouble: str = ""

    def after(self) -> tuple[DiffLine, ...]:
        """Return the lines as they stand after the patch."""
        return tuple(line for line in self.lines if line.kind != "-")

    def before(self) -> tuple[DiffLine, ...]:
        """Return the lines as they stood before the patch."""
        return tuple(line for line in self.lines if line.kind != "+")


class FilePatch(NamedTuple):
    """What a patch does to one file; a path is empty where the diff does not say it."""

    old: str
    new: str
    hunks: tuple[Hunk, ...]

    @property
    def path(self) -> str:
        """Return the path after the patch, or before it where the file is removed."""
        return self.new if self.new not in ("", _NOWHERE) else self.old

    @property
    def is_c(self) -> bool:
        """Tell whether the file is C, or may be C because nothing says what it is."""
        return not self.path or self.path.endswith((".c", ".h"))


class _Body(NamedTuple):
    """The lines of a hunk and the index of the first line behind it."""

    lines: list[DiffLine]
    end: int
    trouble: str


def holds_diff(text: str) -> bool:
    """Tell whether there is a hunk in the text; cheap."""
    return "@@ -" in text and _HUNK.search(text) is not None


@lru_cache(maxsize=2)
def parse_diff(text: str) -> tuple[FilePatch, ...]:
    """Read every file patch in a text. Accepted form: unified hunks, at any quote level, with or without file headers."""
    files: list[FilePatch] = []
    lines = text.replace("\r\n", "\n").replace("\xa0", " ").split("\n")
    old = new = ""
    hunks: list[Hunk] = []
    index = 0
    while index < len(lines):
        line = lines[index]
        header = _HUNK.match(line) if "@@" in line else None
        if header:
            hunk, index = _hunk(header, lines, index)
            hunks.append(hunk)
            continue
        paths = _paths(lines, index)
        if paths:
            _close(files, old, new, hunks)
            hunks = []
            old, new = paths
        index += 1
    _close(files, old, new, hunks)
    return tuple(files)


def _close(files: list[FilePatch], old: str, new: str, hunks: list[Hunk]) -> None:
    if hunks:
        files.append(FilePatch(old, new, tuple(hunks)))


def _paths(lines: Sequence[str], index: int) -> tuple[str, str] | None:
    """Return the two paths of a file header that begins at this line."""
    line = lines[index]
    if "diff --git " in line:
        found = _GIT.match(line)
        return (found["old"], found["new"]) if found else None
    if "--- " in line and index + 1 < len(lines) and "+++ " in lines[index + 1]:
        old, new = _OLD.match(line), _NEW.match(lines[index + 1])
        if old and new:
            return _bare(old["path"], "a/"), _bare(new["path"], "b/")
    return None


def _bare(path: str, prefix: str) -> str:
    return path.removeprefix(prefix)


def _hunk(header: re.Match[str], lines: Sequence[str], index: int) -> tuple[Hunk, int]:
    old_start, new_start, *wanted = (min(int(header[name] or 1), _MOST) for name in ("old", "new", "olds", "news"))
    body = _body(lines, index + 1, header["quote"], wanted, (old_start, new_start))
    return Hunk(index + 1, old_start, new_start, header["section"].strip(), tuple(body.lines), body.trouble), body.end


def _body(lines: Sequence[str], index: int, quote: str, left: list[int], start: tuple[int, int]) -> _Body:
    """Read lines until both sides have what the header promises, or something else begins."""
    found: list[DiffLine] = []
    numbers = list(start)
    strip = _Strip(quote)
    while index < len(lines):
        text = strip(lines[index])
        done = left[0] <= 0 and left[1] <= 0
        if text is not None and _ends(text, lines, index, done):
            break
        if text is None:
            if done:
                break
            _rejoin(found, lines[index], open_literal=True)
        elif text[:1] in ("+", "-", " ", "\t", ""):
            _take(found, text, index, left, numbers)
        elif text[0] != "\\":
            if done:
                break
            _rejoin(found, text, open_literal=False)
        index += 1
    trouble = "" if left == [0, 0] else "ends early" if max(left) > 0 else "is longer than its header says"
    return _Body(found, index, trouble)


def _ends(text: str, lines: Sequence[str], index: int, done: bool) -> bool:
    """Tell whether a line cannot belong to the hunk: a header, a signature, or anything after the promised lines but + and -."""
    if text.startswith(("@@ -", "diff --git ", "Index: ")):
        return True
    if text.startswith("--") and (_SIGNATURE.match(text) and (done or index + 1 >= len(lines) or _is_version(lines[index + 1]))):
        return True
    if text.startswith("--- ") and index + 1 < len(lines) and "+++ " in lines[index + 1]:
        return True
    return done and (text[:1] not in ("+", "-") or text.startswith(("---", "-- ")))


def _is_version(line: str) -> bool:
    return bool(re.match(r"[\s>]*+(?:\d+\.[\w.]++)?\s*+$", line))


def _take(found: list[DiffLine], text: str, index: int, left: list[int], numbers: list[int]) -> None:
    kind = text[0] if text[:1] in ("+", "-") else " "
    body = text if text[:1] == "\t" else text[1:]
    if kind == "-":
        found.append(DiffLine(kind, body, index + 1, numbers[0]))
    else:
        found.append(DiffLine(kind, body, index + 1, numbers[1]))
    for side, other in ((0, "+"), (1, "-")):
        if kind != other:
            left[side] -= 1
            numbers[side] += 1


def _rejoin(found: list[DiffLine], text: str, *, open_literal: bool) -> None:
    """Give the rest of a line that a mailer wrapped back to it; with `open_literal`, only where a string was left open."""
    if not found or not text.strip() or len(found[-1].text) > 4096:
        return
    last = found[-1]
    if open_literal and (last.text.count('"') - last.text.count('\\"')) % 2 == 0:
        return
    found[-1] = last._replace(text=f"{last.text.rstrip()} {text.strip()}")


class _Strip:
    """Take the quote marks of a hunk's header off its lines; None for a line that is not quoted so deep."""

    def __init__(self, quote: str) -> None:
        self.depth = quote.count(">")
        self.marks = re.compile(rf"(?:[ \t]?>[ ]?){{{self.depth}}}") if self.depth else None
        self.indent = len(quote) if not self.depth else 0

    def __call__(self, line: str) -> str | None:
        line = line.rstrip("\r")
        if self.marks is None:
            return line[self.indent :] if self.indent and not line[: self.indent].strip() else line
        found = self.marks.match(line)
        return line[found.end() :] if found else None
