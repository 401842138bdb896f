"""The knowledge of rules/knowledge as rows of plain values, each table read when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from tdxwhy import compiled, shipped
from tdxwhy.know.rows import is_table

_CODE = ("printf", "rows", "knowledge", "load", "modelled", "sound", "cover", "compile", "stored")
_COVER = ("cover", "buckets", "ordinary", "rows", "load", "stored")


def _sources() -> Iterable[bytes]:
    yield from compiled.files(("knowledge",), is_table, ("records.py", "strict.py", "toml.py", *(f"know/{name}.py" for name in _CODE)))
    yield from compiled.files(("model",), bool, ())


def _tables() -> dict[str, Any]:
    from tdxwhy.know.compile import tables

    return tables(shipped.folder("rules/knowledge"))


KNOWLEDGE = compiled.Piece("knowledge", _sources, _tables)


def _texts() -> Iterable[bytes]:
    yield compiled.text(KNOWLEDGE, "CONSTANTS").encode()
    yield from compiled.files(("knowledge",), "ordinary".__eq__, [f"know/{name}.py" for name in _COVER])


def _anchors() -> dict[str, Any]:
    from tdxwhy.know.cover import cover
    from tdxwhy.know.load import ordinary

    return {"ANCHORS": cover(compiled.table(KNOWLEDGE, "CONSTANTS"), ordinary(shipped.folder("rules/knowledge")))}


# To choose them takes longer than all the rest, and few new forms ask for another choice.
ANCHORS = compiled.Piece("anchors", _texts, _anchors)


@cache
def table(name: str) -> Any:  # noqa: ANN401 - lists, or what is looked up by a key
    """Return a table of the knowledge, as JSON holds it."""
    return compiled.table(KNOWLEDGE, name)
