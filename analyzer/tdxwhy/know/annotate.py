"""Write the names of leaves, statuses and errnos beside their numbers, and leave the rest of a line as it is."""

from __future__ import annotations

from tdxwhy.know import decode
from tdxwhy.know.partial import NamedCode, marks
from tdxwhy.know.stems import may_look_like_tdx


def annotate(text: str) -> str:
    """Return the line with each number explained in brackets behind it, if the line has to do with TDX."""
    if not may_look_like_tdx(text):
        return text
    found = marks(text)
    loader = any(mark.kind == "leaf" and mark.value >> 63 for mark in found)
    for mark in sorted(found, key=lambda mark: -mark.end):
        text = f"{text[: mark.end]} [{_name(mark, loader)}]{text[mark.end :]}"
    return text


def _name(mark: NamedCode, loader: bool) -> str:
    if mark.kind == "errno":
        return decode.errno_name(mark.value) or ""
    if mark.kind == "leaf":
        leaf = decode.decode_leaf(mark.value)
        return leaf.name if leaf else ""
    status = decode.decode_status(mark.value, loader)
    return f"{status.name}, {status.detail}" if status.detail else status.name
