"""What a scan of a big log looks for: the literals of a kernel's lines, and behind them those of what other programs say of a TD."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from tdxwhy import compiled, shipped
from tdxwhy.incident import tables
from tdxwhy.know import stored

# A shorter text stands in ordinary lines, and says nothing without the line of its own program beside it.
_LONG = 8


def _sources() -> Iterable[compiled.Source]:
    yield compiled.text(tables.INCIDENT, "message").encode()
    yield compiled.text(stored.ANCHORS, "ANCHORS").encode()
    know = [f"know/{name}.py" for name in ("cover", "buckets", "ordinary", "printf", "rows", "load", "stored")]
    yield from compiled.files(
        ("knowledge",), "ordinary".__eq__, ("digits.py", "strict.py", "toml.py", "incident/tables.py", "incident/anchors.py", *know)
    )


def _make() -> dict[str, Any]:
    from tdxwhy.know.cover import cover
    from tdxwhy.know.load import ordinary

    return {"SPOKEN": cover(_left(), ordinary(shipped.folder("rules/knowledge")), ())}


def _left() -> Sequence[tuple[str, ...]]:
    """Return the constant texts of each message that the kernel's anchors do not find."""
    from tdxwhy.know.cover import uncovered
    from tdxwhy.know.printf import Text, pieces

    had = [literal.decode() for literal in stored.anchors()]
    texts = [(row.prefix, *(part.text for part in pieces(row.format) if isinstance(part, Text))) for row in tables.messages()]
    long = ([text for text in each if len(text) >= _LONG] for each in texts if not any(one in text for one in had for text in each))
    return uncovered(tuple(each) for each in long)


SPOKEN = compiled.Piece("spoken", _sources, _make)


@cache
def anchors() -> tuple[bytes, ...]:
    """Return the kernel's anchors, padded to what the library finds at once, and the others behind them."""
    from tdxwhy.read.windows import LITERALS

    kernel = stored.anchors()
    return (*kernel, *kernel[:1] * (LITERALS - len(kernel)), *(literal.encode() for literal in compiled.table(SPOKEN, "SPOKEN")))
