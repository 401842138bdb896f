"""C code to look at: a whole file, or what a hunk leaves behind, without its comments and with every line's place."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from tdxwhy.noun import NamedTuple
from tdxwhy.source.diff import DiffLine, Hunk, holds_diff, parse_diff

# A possessive group with choices is wrong before Python 3.11.5 (gh-106052); the bound keeps time linear where no quote ends.
_SKIP = re.compile(r'"(?:[^"\\\n]++|\\.){0,128}"|\'(?:[^\'\\\n]++|\\.){0,128}\'|/\*.*?(?:\*/|\Z)|//[^\n]*|\\\n', re.DOTALL)
_COMMENT_END = re.compile(r"\*/")
_NAME = re.compile(r"\b(?P<name>[A-Za-z_]\w*)\s*\(")
_DEFINE = re.compile(r"#\s*define\s+(?P<name>\w+)\(")
_NOT_A_NAME = frozenset(
    {"__attribute__", "__printf", "__aligned", "__section", "__acquires", "__releases", "__must_hold", "__init_or_module"}
)
_SYSCALL = re.compile(r"(?:COMPAT_)?SYSCALL_DEFINE\d\s*\(\s*(?P<name>\w+)")
_LABEL = re.compile(r"\w+\s*:(?!:)")
_HEADER_LINES = 12


class Fragment(NamedTuple):
    """A piece of C: its file, its lines as they stand after the patch, and the text that they make, comments blanked.

    `touched` tells of each line whether the patch added it or removed something right before it.
    """

    file: str
    section: str
    lines: tuple[DiffLine, ...]
    touched: tuple[bool, ...]
    text: str
    starts: tuple[int, ...]
    whole: bool

    def line_at(self, offset: int) -> int:
        """Return the index of the line in which an offset of the text lies."""
        return bisect_right(self.starts, offset) - 1


def fragments(text: str, name: str) -> Iterator[Fragment]:
    """Yield every hunk of C in a patch or mail, or the one whole file where the name says that it is C."""
    if holds_diff(text):
        for patch in parse_diff(text):
            if patch.is_c:
                for hunk in patch.hunks:
                    yield of_hunk(hunk, patch.path)
    elif name.endswith((".c", ".h")):
        yield of_file(text, name)


def of_hunk(hunk: Hunk, path: str, *, side: str = "+") -> Fragment:
    """Make a fragment of the lines after the patch, or with side "-" before it."""
    other = "-" if side == "+" else "+"
    lines: list[DiffLine] = []
    touched: list[bool] = []
    removed = False
    for line in hunk.lines:
        if line.kind == other:
            removed = True
            continue
        lines.append(line)
        touched.append(line.kind == side or removed)
        removed = False
    return _fragment(path, hunk.section, lines, touched, whole=False)


def of_file(text: str, name: str) -> Fragment:
    """Make a fragment of a whole C file; nothing in it counts as touched."""
    rows = text.replace("\r\n", "\n").split("\n")
    lines = [DiffLine(" ", row, number, number) for number, row in enumerate(rows, 1)]
    return _fragment(name, "", lines, [False] * len(lines), whole=True)


def _fragment(path: str, section: str, lines: Sequence[DiffLine], touched: Sequence[bool], *, whole: bool) -> Fragment:
    starts, offset = [], 0
    for line in lines:
        starts.append(offset)
        offset += len(line.text) + 1
    text = blank_comments("\n".join(line.text for line in lines), torn=not whole)
    return Fragment(path, section, tuple(lines), tuple(touched), text, tuple(starts), whole)


def blank_comments(text: str, *, torn: bool = False, keep_continued: bool = False) -> str:
    """Put blanks where comments and line continuations stand; in a torn text, also before a comment end that has no begin."""
    if torn:
        end = _COMMENT_END.search(text)
        if end and text.find("/*", 0, end.start()) < 0:
            text = _blank(text[: end.end()]) + text[end.end() :]
        elif not end and _is_comment(text):
            return _blank(text)
    kept = "\"'\\" if keep_continued else "\"'"
    return _SKIP.sub(lambda found: found[0] if found[0][0] in kept else _blank(found[0]), text)


def _is_comment(text: str) -> bool:
    """Tell whether a hunk lies wholly inside a comment: every line that says anything begins with a star."""
    rows = [row.lstrip() for row in text.split("\n") if row.strip()]
    return bool(rows) and all(row.startswith("*") and not row.startswith("*(") for row in rows)


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def functions(fragment: Fragment) -> tuple[str | None, ...]:
    """Return for each line the function (or function-like macro) in which it stands."""
    rows = fragment.text.split("\n")
    current = section_name(fragment.section)
    found: list[str | None] = []
    macro = opened = False
    for index, row in enumerate(rows):
        define = _DEFINE.match(row)
        if define:
            current, macro = define["name"], True
        elif macro and not fragment.lines[index - 1].text.rstrip().endswith("\\"):
            current, macro = None, False
        if not (macro or opened) and (row[:1].isalpha() or row[:1] == "_") and not _LABEL.match(row):
            current = _defined(rows, index)
        found.append(current)
        opened = not macro and (opened or row.startswith("{") or row.rstrip().endswith("{")) and not row.startswith("}")
        if row.startswith("}"):
            current = None
    return tuple(found)


def section_name(section: str) -> str | None:
    """Return the function that git names behind the @@, if it is one."""
    data = section.startswith(("struct ", "enum ", "union ")) and "(" not in section
    if data or not section[:1].strip() or section.rstrip().endswith(";"):
        return None
    return _name(section)


def _defined(rows: Sequence[str], index: int) -> str | None:
    """Return the function whose definition begins at a line, or None for a declaration or data."""
    head = ""
    for row in rows[index : index + _HEADER_LINES]:
        end = re.search(r"[;{=]", row)
        head += row[: end.start()] if end else row + " "
        if end:
            return _name(head) if end[0] == "{" else None
    return _name(head)


def _name(head: str) -> str | None:
    syscall = _SYSCALL.match(head)
    if syscall:
        return syscall["name"]
    names = [found["name"] for found in _NAME.finditer(head) if found["name"] not in _NOT_A_NAME]
    return names[0] if names else None
