"""JSON that people may also see on a terminal: letters of any script as they are, what drives or turns text escaped."""

from __future__ import annotations

import json
from typing import Any


def json_text(value: Any, indent: int | None = None) -> str:  # noqa: ANN401 - whatever JSON can hold
    """Return a value as JSON with a line end; no control character, bidirectional mark or half surrogate stands in it as such."""
    return neutral(json.dumps(value, indent=indent, ensure_ascii=False)) + "\n"


def neutral(text: str) -> str:
    """Return a JSON text with all escaped in it that cannot be printed, but for its line ends."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1].replace("\x7f", "\\u007f") for one in text)
