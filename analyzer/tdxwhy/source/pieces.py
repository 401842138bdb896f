"""The functions of which a patch shows only pieces, put together as far as the hunks go.

A hunk begins and ends anywhere. Braces that were opened before it, or close after it, are added, so that a parser of C can read it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from tdxwhy.noun import NamedTuple
from tdxwhy.source.code import Fragment, blank_comments, of_hunk, section_name
from tdxwhy.source.diff import DiffLine, FilePatch

# Stands where lines between two hunks of one function are not shown.
GAP = "__lines_not_shown"
_BRACE = re.compile(r'"(?:[^"\\\n]++|\\.){0,128}"|\'(?:[^\'\\\n]++|\\.){0,128}\'|[{}()]')
# Stands for the begin of a call that a hunk shows the end of.
TORN = "__begin_not_shown"
_HEADER_ROWS = 8
_STARTS = re.compile(r"[A-Za-z_]")
_LABEL = re.compile(r"\w+\s*:(?!:)")


class ShownFile(NamedTuple):
    """What a patch shows of a file: the text, and for each row its line in the diff (None where we added it) and whether it is new."""

    text: str
    rows: tuple[DiffLine | None, ...]
    touched: tuple[bool, ...]
    gaps: tuple[int, ...] = ()

    def has_gap(self, first: int, last: int) -> bool:
        """Tell whether lines are not shown somewhere between two rows."""
        return bisect_left(self.gaps, first) != bisect_right(self.gaps, last)


class _Builder:
    """Puts hunks together, closing and opening functions between them."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.rows: list[DiffLine | None] = []
        self.touched: list[bool] = []
        self.gaps: list[int] = []
        self.open = ""
        self.depth = self.parentheses = 0

    def add(self, fragment: Fragment) -> None:
        """Add a hunk: inside the function that is open, inside another one, or between functions."""
        if not fragment.lines:
            return
        name = section_name(fragment.section) or ""
        rows = _without_header(fragment.text.split("\n")) if name else fragment.text.split("\n")
        first = _first_outside(rows)
        inside = bool(name) and (first is None or rows[first].startswith("}") or _ends_function(rows, first))
        missing = -_lowest(rows[: (first + 1 if first is not None else len(rows))] if inside else rows)
        closes = int(first is not None and rows[first].startswith("}"))
        torn = "" if not (inside and _lowest(rows, "()")) else f"{TORN}" + "(" * -_lowest(rows, "()")
        if inside and self.open == name:
            self._line(self._finish("}" * max(0, self.depth - 1)) + f" {GAP}(); " + "{" * max(0, missing - closes) + torn)
        else:
            self.close()
            if inside:
                self._line(f"{_returned(fragment.section, name)} {name}(void) " + "{" * max(1, missing + 1 - closes) + torn)
        self._take(fragment, rows)
        self.parentheses = _depth(rows, "()")
        self.open = "" if not self.depth else _last_function(rows) or (name if inside else "")

    def close(self) -> None:
        """Close what is open."""
        if self.depth > 0 or self.parentheses:
            self._line(self._finish("}" * self.depth))
        last = next((row.rstrip() for row in reversed(self.texts) if row.strip()), ";")
        if not last.endswith((";", "}", ")\\", "\\")) and not last.lstrip().startswith("#"):
            self._line(";")
        self.depth, self.parentheses, self.open = 0, 0, ""

    def _finish(self, braces: str) -> str:
        """End a statement that the end of a hunk has cut, then close braces."""
        return (")" * self.parentheses + ";" if self.parentheses else "") + braces

    def _line(self, text: str) -> None:
        if GAP in text:
            self.gaps.append(len(self.texts))
        self.depth = _depth((text,), start=self.depth)
        self.texts.append(text)
        self.rows.append(None)
        self.touched.append(False)

    def _take(self, fragment: Fragment, rows: Sequence[str]) -> None:
        self.depth = _depth(rows, start=self.depth)
        self.texts.extend(rows)
        self.rows.extend(fragment.lines)
        self.touched.extend(fragment.touched)


def shown(patch: FilePatch, side: str = "+") -> ShownFile:
    """Put together what a patch shows of a file, after it or (side "-") before it."""
    builder = _Builder()
    for hunk in patch.hunks:
        builder.add(of_hunk(hunk, patch.path, side=side))
    builder.close()
    return ShownFile("\n".join(builder.texts), tuple(builder.rows), tuple(builder.touched), tuple(builder.gaps))


def whole(text: str) -> ShownFile:
    """Take a whole file; all of it counts as new."""
    rows = text.replace("\r\n", "\n").split("\n")
    lines = tuple(DiffLine(" ", row, number, number) for number, row in enumerate(rows, 1))
    return ShownFile(blank_comments("\n".join(rows)), lines, (True,) * len(lines))


def _without_header(rows: list[str]) -> list[str]:
    """Blank the rest of a function's header with which a hunk begins, its opening brace too: the function behind the @@ has them."""
    for index, row in enumerate(rows[:_HEADER_ROWS]):
        if row.rstrip() == "{":
            return ["" for _ in rows[: index + 1]] + rows[index + 1 :]
        if row[:1] not in (" ", "\t", "") or row.rstrip().endswith((";", "{", "}")):
            return rows
    return rows


def _returned(section: str, name: str) -> str:
    """Return what the function behind the @@ returns, `void` where its line does not say."""
    before = re.match(rf"(?P<type>[A-Za-z_][\w \t*]*?[ \t*])\b{re.escape(name)}\s*\(", section)
    return before["type"].strip() if before else "void"


def _first_outside(rows: Sequence[str]) -> int | None:
    """Return the first row that stands at the left margin and is no label or preprocessor line."""
    for index, row in enumerate(rows):
        if row.startswith("}") or (_STARTS.match(row) and not _LABEL.match(row)):
            return index
    return None


def _ends_function(rows: Sequence[str], first: int) -> bool:
    """Tell whether code stands before the first definition: the hunk then began inside the function above."""
    return any(row[:1] in " \t" and row.strip() for row in rows[:first]) and not rows[first].startswith("{")


def _lowest(rows: Sequence[str], pair: str = "{}") -> int:
    """Return the lowest depth of brackets that a piece reaches, 0 or less."""
    depth = lowest = 0
    for row in rows:
        for found in _BRACE.finditer(row):
            depth += (found[0] == pair[0]) - (found[0] == pair[1])
            lowest = min(lowest, depth)
    return lowest


def _depth(texts: Sequence[str], pair: str = "{}", start: int = 0) -> int:
    """Return how many brackets are open at the end, if so many were at the start."""
    depth = start
    for row in texts:
        for found in _BRACE.finditer(row):
            depth = max(0, depth + (found[0] == pair[0]) - (found[0] == pair[1]))
    return depth


def _last_function(rows: Sequence[str]) -> str:
    """Return the function whose definition begins last in a piece."""
    for index in range(len(rows) - 1, -1, -1):
        row = rows[index]
        if _STARTS.match(row) and not _LABEL.match(row) and "(" in row and not row.rstrip().endswith(";"):
            return section_name(row) or ""
    return ""
