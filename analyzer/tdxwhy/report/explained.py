"""A page that explains one name."""

from __future__ import annotations

from tdxwhy.noun import NamedTuple
from tdxwhy.report.log_text import wrap
from tdxwhy.report.terminal import safe

_COLUMNS = 100


class Page(NamedTuple):
    """What is known of a name: `shows` is how a log shows it, `near` are names that go with it, `apart` tells it from them.

    `text` stands for all where it is given.
    """

    kind: str
    name: str
    meaning: str = ""
    shows: str = ""
    near: tuple[str, ...] = ()
    todo: str = ""
    source: str = ""
    text: str = ""
    apart: str = ""


def render(page: Page) -> str:
    """Return the page as text; commands stand on lines of their own."""
    if page.text:
        return page.text
    lines = [f"{page.kind} {page.name}"]
    near = {"step": "causes met here", "status": "leads to", "leaf": "is the step"}.get(page.kind, "its neighbours")
    parts = {
        "meaning": page.meaning,
        "in a log": page.shows,
        near: ", ".join(dict.fromkeys(page.near)),
        "told apart by": page.apart,
        "what to do": page.todo,
    }
    for label, value in (*parts.items(), ("source", page.source)):
        if value:
            lines.append(f"  {label}:")
            for line in safe(value).split("\n"):
                lines += [f"    {line}"] if line.startswith("$ ") else wrap(f"    {line}", _COLUMNS, "    ")
    return "\n".join(lines) + "\n"
