"""What a remark stands on: the quoted words, and of patch lines their file, line and function."""

from __future__ import annotations

import re
from pathlib import Path

from tdxwhy.noun import NamedTuple
from tdxwhy.review.lines import squeeze
from tdxwhy.review.nouns import Anchor, Message
from tdxwhy.review.origins import Origins
from tdxwhy.review.versions import patch_text
from tdxwhy.review.view import View
from tdxwhy.source.diff import FilePatch, Hunk, parse_diff
from tdxwhy.source.tree import read_file

_SHOWN = 3
_FUNCTION = re.compile(r"^[A-Za-z_][\w\s*]{0,120}?\b(\w{1,80})\s?\([^;]{0,400}$")


class PatchSpot(NamedTuple):
    """Where a line of a patch stands: the file, the line there, and the function around it."""

    file: str
    line: int
    function: str | None


def patch_spots(message: Message) -> dict[int, PatchSpot]:
    """Return where each line of a mail's diffs stands, by the line's number in the mail."""
    found: dict[int, PatchSpot] = {}
    for patch in parse_diff(patch_text(message)):
        for hunk in patch.hunks:
            found.update(_hunk_spots(patch, hunk))
    return found


def _hunk_spots(patch: FilePatch, hunk: Hunk) -> dict[int, PatchSpot]:
    found: dict[int, PatchSpot] = {}
    function = _named(hunk.section)
    for line in hunk.lines:
        if line.text[:1].isalpha() or line.text[:1] == "_":
            function = _named(line.text) or function
        found[line.line] = PatchSpot(patch.path, line.number, function)
        if line.text.startswith("}"):
            function = None
    return found


def _named(text: str) -> str | None:
    found = _FUNCTION.match(text[:600])
    return found.group(1) if found else None


class TreeLines:
    """Finds in a tree the lines of a patch on which remarks stand."""

    def __init__(self, root: Path) -> None:
        """Take the top of a tree; a file is read when the first remark stands on it."""
        self._root = root
        self._files: dict[str, dict[str, list[int]]] = {}

    def find(self, on: Anchor) -> Anchor:
        """Return where a remark stands with the nearest line of the tree's file that has the last quoted words."""
        words = squeeze(on.quote.rsplit("\n", 1)[-1].lstrip("+- "))
        if on.file is None or on.line is None or not words:
            return on
        line = on.line
        near = min(self._lines(on.file).get(words, ()), key=lambda number: abs(number - line), default=None)
        return on._replace(tree_line=near)

    def _lines(self, name: str) -> dict[str, list[int]]:
        if name not in self._files:
            found: dict[str, list[int]] = {}
            for number, text in enumerate((read_file(self._root, name) or "").split("\n"), 1):
                found.setdefault(squeeze(text), []).append(number)
            self._files[name] = found
        return self._files[name]


class Anchors:
    """Finds what the remarks of a thread stand on."""

    def __init__(self, view: View, origins: Origins) -> None:
        """Keep the thread; the diffs of a patch are read when the first remark on it is found."""
        self._view, self._origins = view, origins
        self._spots: dict[str, dict[int, PatchSpot]] = {}

    def anchor(self, message: Message, about: int | None) -> Anchor | None:
        """Return what a text stands on whose last quoted line above is `about`."""
        if about is None:
            return None
        quote = self._view.about(message, about, _SHOWN)
        text = quote.quote if quote else ""
        run = self._origins.run(message, about)
        if run is None:
            return Anchor(None, text)
        name, numbers = run
        spot = None
        if self._view.by_id[name].kind in ("patch", "bot"):
            spots = self.spots(name)
            spot = next((spots[number] for number in reversed(numbers) if number in spots), None)
        lines = tuple(dict.fromkeys(numbers))
        if spot is None:
            return Anchor(name, text, lines=lines, changelog=self._view.by_id[name].kind in ("patch", "cover"))
        return Anchor(name, text, spot.file, spot.line, spot.function, lines)

    def spots(self, name: str) -> dict[int, PatchSpot]:
        """Return where the lines of a mail's diffs stand."""
        if name not in self._spots:
            self._spots[name] = patch_spots(self._view.by_id[name])
        return self._spots[name]
