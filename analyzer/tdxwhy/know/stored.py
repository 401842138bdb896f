"""The knowledge of rules/knowledge as rows of plain values, each table read when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from tdxwhy import compiled, shipped
from tdxwhy.hints import Any, TypeVar
from tdxwhy.know.codes import CODE_FILES

Row = TypeVar("Row")
# The modules that make the tables: where one of them is edited, what is kept is made anew as if a row had been.
_CODE = ("printf", "codes", "rows", "load", "modelled", "validate", "cover", "compile", "stored")
_CODES = frozenset({"STATUS", "OPERAND", "MSR", "ERRNO", "LEAF"})
_COVER = ("cover", "buckets", "ordinary", "rows", "load", "stored")


def _sources() -> Iterable[compiled.Source]:
    from tdxwhy.know.rows import is_table

    yield from compiled.files(
        ("knowledge",), is_table, ("records.py", "digits.py", "strict.py", "toml.py", *(f"know/{name}.py" for name in _CODE))
    )
    yield from compiled.files(("model", "model/corrections"), bool, ())


def _tables() -> dict[str, Any]:
    from tdxwhy.know.compile import tables

    return {name: rows for name, rows in tables(shipped.folder("rules/knowledge")).items() if name not in _CODES}


KNOWLEDGE = compiled.Piece("knowledge", _sources, _tables)


def _codes() -> dict[str, Any]:
    from tdxwhy.know.load import codes

    return {name.upper(): rows for name, rows in codes(shipped.folder("rules/knowledge")).items()}


def _code_sources() -> Iterable[compiled.Source]:
    return compiled.files(
        ("knowledge",), CODE_FILES.__contains__, ("strict.py", "toml.py", "know/codes.py", "know/load.py", "know/rows.py", "know/stored.py")
    )


# What numbers mean, apart from the rest: to decode one asks for nothing else.
CODES = compiled.Piece("codes", _code_sources, _codes)


def _texts() -> Iterable[compiled.Source]:
    yield compiled.text(KNOWLEDGE, "CONSTANTS").encode()
    code = ("toml.py", "strict.py", *(f"know/{name}.py" for name in _COVER))
    yield from compiled.files(("knowledge",), "ordinary".__eq__, code)


def _anchors() -> dict[str, Any]:
    from tdxwhy.know.cover import cover
    from tdxwhy.know.load import ordinary

    return {"ANCHORS": cover(compiled.table(KNOWLEDGE, "CONSTANTS"), ordinary(shipped.folder("rules/knowledge")))}


# To choose them takes longer than all the rest, and few new forms ask for another choice.
ANCHORS = compiled.Piece("anchors", _texts, _anchors)


@cache
def table(name: str) -> Any:  # noqa: ANN401 - lists, or what is looked up by a key
    """Return a table of the knowledge, as JSON holds it."""
    return compiled.table(CODES if name in _CODES else KNOWLEDGE, name)


def rows(name: str, noun: type[Row], **parts: type) -> tuple[Row, ...]:
    """Return a table of the knowledge as rows of its noun; `parts` are the nouns of fields that hold rows."""
    return compiled.rows(KNOWLEDGE, name, noun, **parts)


@cache
def anchors() -> tuple[bytes, ...]:
    """Return at most 64 literals of at least four bytes, one of which stands in every line that `recognise` knows."""
    return tuple(literal.encode() for literal in compiled.table(ANCHORS, "ANCHORS"))
