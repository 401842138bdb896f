"""HTML to the text that a reader sees, with `>` marks for block quotes. Nothing is fetched, nothing is run."""

from __future__ import annotations

import re
from html.parser import HTMLParser

HTML_CHARS = 8 << 20
_BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "ul", "ol", "pre", "blockquote", "hr", "dd", "dt"})
_SILENT = frozenset({"script", "style", "head", "title", "template", "noscript"})


class _Reader(HTMLParser):
    """Collects text lines; `pre` keeps its blanks, everything else is wrapped text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self._line: list[str] = []
        self._pre = self._quote = self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Break the line where a block begins and count the containers."""
        if tag in _SILENT:
            self._silent += 1
        if tag in _BREAKS:
            self._end_line(always=tag == "br")
        if tag == "pre":
            self._pre += 1
        elif tag == "blockquote":
            self._quote = min(self._quote + 1, 50)

    def handle_endtag(self, tag: str) -> None:
        """Break the line where a block ends and count the containers down."""
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        if tag in _BREAKS and tag != "br":
            self._end_line(always=False)
            if tag == "p":
                self._end_line(always=True)
        if tag == "pre":
            self._pre = max(0, self._pre - 1)
        elif tag == "blockquote":
            self._quote = max(0, self._quote - 1)

    def handle_data(self, data: str) -> None:
        """Take text: as it stands in `pre`, with its blanks folded elsewhere."""
        if self._silent:
            return
        if not self._pre:
            self._line.append(re.sub(r"\s+", " ", data))
            return
        first, *rest = data.split("\n")
        self._line.append(first)
        for piece in rest:
            self._end_line(always=True)
            self._line.append(piece)

    def finish(self) -> str:
        """Return the text."""
        self._end_line(always=False)
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self.lines)).strip("\n") + "\n"

    def _end_line(self, *, always: bool) -> None:
        text = "".join(self._line)
        text = text.rstrip() if self._pre else text.strip()
        self._line.clear()
        if text or always:
            marks = "> " * self._quote
            self.lines.append((marks + text) if text else marks.rstrip())


def html_text(html: str) -> str:
    """Return the text of an HTML page or mail part, cut at 8 Mi characters."""
    reader = _Reader()
    for start in range(0, min(len(html), HTML_CHARS), 1 << 16):
        reader.feed(html[start : min(start + (1 << 16), HTML_CHARS)])
        if len(reader.rawdata) > 1 << 18:  # an endless tag: give it up instead of scanning it again and again
            reader.rawdata = ""
    reader.close()
    return reader.finish()
