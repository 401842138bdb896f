"""HTML to the text that a reader sees, with `>` marks for block quotes. Nothing is fetched, nothing is run."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

HTML_CHARS = 8 << 20
# Characters of a tag with all its attributes; a mail has none that is longer.
_TAG_CHARS = 1 << 13
_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9]{0,40})")
_QUOTE_OR_END = re.compile(r"[\"'<>]")
_RAW_END = {tag: re.compile(rf"</{tag}\b", re.IGNORECASE) for tag in ("script", "style")}
# Python converts no number of more than 4,300 digits, and no character has one of more than seven.
_NO_CHARACTER = re.compile(r"&#(?:[0-9]{9,}|[xX][0-9A-Fa-f]{9,});?")
_BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "ul", "ol", "pre", "blockquote", "hr", "dd", "dt"})
_SILENT = frozenset({"script", "style", "head", "title", "template", "noscript"})


def html_text(page: str) -> str:
    r"""Return the text of an HTML page or mail part, cut at 8 Mi characters.

    >>> html_text("<div>Why <b>not</b>?<br>&gt; quoted</div>")
    'Why not?\n> quoted\n'
    """
    reader = _Reader()
    for text, tag in _pieces(page[:HTML_CHARS]):
        reader.text(text)
        name = _NAME.match(tag)
        if name is None:
            continue
        if not tag.startswith("</"):
            reader.begin(name[1].lower())
        if tag.startswith("</") or tag.endswith("/>"):
            reader.end(name[1].lower())
    return reader.finish()


def unescaped(text: str) -> str:
    """Return text with its character references replaced."""
    return html.unescape(_NO_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", text))


def _pieces(page: str) -> Iterator[tuple[str, str]]:
    """Part a page into text and the tag that follows it; comments are left out, and a `<` that begins no tag is text."""
    begin = at = 0
    while (at := page.find("<", at)) >= 0:
        if page.startswith("<!--", at):
            end = page.find("-->", at + 4) + 3
            end = end if end > 2 else len(page)
        else:
            end = _tag_end(page, at)
        if not end:
            at += 1
            continue
        yield page[begin:at], page[at:end]
        begin = at = _content_end(page, at, end)
    yield page[begin:], ""


def _tag_end(page: str, at: int) -> int:
    """Return where the tag or declaration ends that begins here, 0 if none does: a `<` outside quotes ends it before its time."""
    if _NAME.match(page, at) is None and not page.startswith(("<!", "<?"), at):
        return 0
    stop, next_at = min(len(page), at + _TAG_CHARS), at + 1
    while found := _QUOTE_OR_END.search(page, next_at, stop):
        if found[0] in "<>":
            return found.end() if found[0] == ">" else 0
        closing = page.find(found[0], found.end(), stop)
        next_at = closing + 1 if closing >= 0 else found.end()
    return 0


def _content_end(page: str, at: int, end: int) -> int:
    """Return where text goes on behind a tag: behind scripts and styles what they hold is none."""
    name = _NAME.match(page, at)
    raw = _RAW_END.get(name[1].lower()) if name is not None and page[at + 1] != "/" else None
    if raw is None:
        return end
    closing = raw.search(page, end)
    return closing.start() if closing else len(page)


class _Reader:
    """Collects text lines; `pre` keeps its blanks, everything else is wrapped text."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._line: list[str] = []
        self._pre = self._quote = self._silent = 0

    def begin(self, tag: str) -> None:
        """Break the line where a block begins and count the containers."""
        if tag in _SILENT:
            self._silent += 1
        if tag in _BREAKS:
            self._end_line(always=tag == "br")
        if tag == "pre":
            self._pre += 1
        elif tag == "blockquote":
            self._quote = min(self._quote + 1, 50)

    def end(self, tag: str) -> None:
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

    def text(self, raw: str) -> None:
        """Take text: as it stands in `pre`, with its blanks folded elsewhere."""
        if self._silent or not raw:
            return
        data = unescaped(raw)
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
