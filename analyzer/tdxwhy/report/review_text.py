"""A review for a terminal: open items first, each with its passage and its place."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from tdxwhy.ranges import counted
from tdxwhy.records import Naming
from tdxwhy.report.review_changes import shown_changes
from tdxwhy.report.review_items import Item, open_items, place, settled_items
from tdxwhy.report.review_view import cell_words, columns, current_code, head
from tdxwhy.report.terminal import Painter, safe
from tdxwhy.review.nouns import Review


def review_text(review: Review, paint: Painter, columns_wide: int) -> str:
    """Render a review; nothing in it can drive a terminal."""
    writer = _Writer(paint, max(40, columns_wide))
    writer.head(review)
    writer.items("Open", open_items(review))
    writer.changes(review)
    writer.silent(review)
    writer.messages(review)
    writer.versions(review)
    writer.items("Not open", settled_items(review))
    writer.tags(review)
    return writer.text()


def person_text(person: str, owes: Iterable[Item], owed: Iterable[Item], paint: Painter, columns_wide: int) -> str:
    """Render what one person owes and is owed."""
    writer = _Writer(paint, max(40, columns_wide))
    writer.items(f"{safe(person)} owes", owes)
    writer.items(f"{safe(person)} is owed", owed)
    return writer.text() if writer.written else f"{safe(person)} owes nothing and is owed nothing.\n"


_WHOLE = 40
_PRINTED = {
    "no": "prints nothing",
    "yes": "prints",
    "callee": "the callee prints",
    "debug": "prints only for debugging",
    "unseen": "callee not seen",
}


def _named(names: Naming) -> str:
    said = [word for word, yes in zip(("package", "CPU", "CPU state"), names, strict=True) if yes]
    return ", ".join(said) or "no package, no CPU"


class _Writer:
    def __init__(self, paint: Painter, wide: int) -> None:
        self._paint, self._wide = paint, wide
        self._lines: list[str] = []

    @property
    def written(self) -> bool:
        """Tell whether there is anything."""
        return bool(self._lines)

    def text(self) -> str:
        return "\n".join(self._lines).strip("\n") + "\n"

    def head(self, review: Review) -> None:
        top = head(review)
        self._lines.append(self._paint("strong", safe(top.title)))
        dates = f", {top.span}" if top.span else ""
        rebuilt = f" (and {top.rebuilt} rebuilt from quotes)" if top.rebuilt else ""
        mails = f"{counted(top.mails, 'mail')}{rebuilt} by {counted(top.people, 'person', 'people')}{dates}"
        self._lines.append(self._paint("quiet", mails + (f"; {', '.join(top.versions)}" if top.versions else "")))
        self._lines.append(self._paint("quiet", ", ".join(f"{count} {name}" for count, name in top.counts)))

    def items(self, title: str, items: Iterable[Item]) -> None:
        shown = list(items)
        if not shown:
            return
        self._title(f"{title} ({len(shown)})")
        for item in shown:
            self._lines.append(f"  {self._paint(item.mood, item.kind)}  {safe(item.who)}: {self._paint(item.mood, safe(item.note))}")
            self._wrapped(item.text, "    ", lines=_WHOLE)
            if item.about:
                self._wrapped(f"on {item.about}", "      ", quiet=True, lines=3)
            if item.answer and title != "Open":
                self._wrapped(f"{item.answered_by}: {item.answer}", "      ", quiet=True, lines=3)
            self._lines.append(self._paint("quiet", f"      {safe(item.place)}"))

    def changes(self, review: Review) -> None:
        if review.changes:
            self._title("Next version")
        for change in shown_changes(review):
            self._wrapped(f"{change.title}: {change.told}", "  ")
            for hunk in change.hunks:
                self._wrapped(hunk.where, "    ", quiet=True)
                self._lines.extend(f"      {safe(line.expandtabs(8))}"[: self._wide] for line in hunk.lines)
            for kind, text in change.notes:
                self._wrapped(f"{kind}: {text}", "    ", lines=6)

    def silent(self, review: Review) -> None:
        if review.silent:
            self._title("Asked, and silent since")
        for one in review.silent:
            self._wrapped(f"{one.who}, by {one.asked_by}: {one.evidence.quote} ({place(one.evidence)})", "  ", lines=3)

    def messages(self, review: Review) -> None:
        prints, paths = current_code(review)
        if not (prints or review.init_messages or paths):
            return
        self._title("Messages")
        for name, site in prints:
            mood = "bad" if site.is_failure and not (site.names.package or site.names.cpu) else "quiet"
            self._wrapped(f"{site.call} {site.format}", "  ")
            self._lines.append(f"      {self._paint(mood, 'names ' + _named(site.names))}" + self._paint("quiet", f"  <{safe(name)}>"))
        for mailed in review.init_messages:
            self._wrapped(f"{mailed.kind}, {mailed.author}: {mailed.evidence.quote}", "  ")
        for _, path in paths:
            mood = "bad" if path.printed == "no" else "quiet"
            condition = " ".join(path.condition.partition(' "')[0].split())
            said = f"  {safe(path.function)}() on {safe(condition)}"
            room = self._wide - len(_PRINTED[path.printed]) - 2
            said = said if len(said) <= room else f"{said[: room - 4]} ..."
            self._lines.append(f"{said}: {self._paint(mood, _PRINTED[path.printed])}")

    def versions(self, review: Review) -> None:
        if len(review.versions) < 2:
            return
        self._title("Versions")
        for title, cells in columns(review):
            self._wrapped(title, "  ")
            for cell in cells:
                if cell is not None:
                    self._lines.append(f"    v{safe(cell.version)}: {'; '.join(cell_words(cell))}")

    def tags(self, review: Review) -> None:
        given = [tag for tag in review.tags if tag.tag != "Signed-off-by"]
        if not given:
            return
        self._title("Tags")
        for tag in given:
            self._lines.append(f"  {safe(tag.tag)}: {safe(tag.by)}")
            if tag.conditional:
                self._lines.append(f"    {self._paint('unsure', 'on condition: ' + safe(tag.condition or ''))}")

    def _title(self, text: str) -> None:
        self._lines += ["", self._paint("strong", text)]

    def _wrapped(self, text: str, indent: str, *, quiet: bool = False, lines: int = 12) -> None:
        wrapped = textwrap.wrap(safe(" ".join(text.split())), self._wide, initial_indent=indent, subsequent_indent=indent)
        for line in wrapped[:lines]:
            self._lines.append(self._paint("quiet", line) if quiet else line)
        if len(wrapped) > lines:
            self._lines.append(f"{indent}...")
