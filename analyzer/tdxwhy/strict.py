"""What users write, read strictly into the nouns that it becomes: an unknown key is an error."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import GenericAlias

from tdxwhy.hints import Any, Literal, meaning

# The noun that each schema was derived from.
_NOUNS: dict[type, type] = {}


def strict(noun: type, rename: Literal["kebab"] | None = None, optional: Mapping[str, object] | None = None) -> type:
    """Return the schema of a NamedTuple by its own annotations and defaults, and of the NamedTuples in it.

    `optional` gives defaults to fields that have none.
    """
    import msgspec

    named: Any = noun
    defaults = {**named._field_defaults, **(optional or {})}
    hints = kinds_of(noun)
    rows = [(name, _rows(hints[name], rename), *((defaults[name],) if name in defaults else ())) for name in named._fields]
    schema = msgspec.defstruct(noun.__name__, rows, forbid_unknown_fields=True, kw_only=True, rename=rename)
    _NOUNS[schema] = noun
    return schema


@cache
def settled(noun: type) -> type:
    """Return a NamedTuple with annotations that are types, as are those of the NamedTuples in it: msgspec reads it as it stands."""
    from typing import get_args

    waiting: list[Any] = [noun]
    seen: set[Any] = {noun}
    while waiting:
        one = waiting.pop()
        inside = set(get_args(one))
        if hasattr(one, "_fields"):
            one.__annotations__ = kinds_of(one)
            inside |= set(one.__annotations__.values())
        waiting += inside - seen
        seen |= inside
    return noun


def kinds_of(noun: type) -> dict[str, Any]:
    """Return the types of a NamedTuple's fields, by their names."""
    import sys
    from typing import get_type_hints

    return get_type_hints(noun, meaning(vars(sys.modules[noun.__module__])))


def _rows(hint: Any, rename: Literal["kebab"] | None) -> Any:  # noqa: ANN401 - types made at run time
    if isinstance(hint, GenericAlias) and hint.__origin__ is tuple and hasattr(hint.__args__[0], "_fields"):
        return GenericAlias(tuple, (strict(hint.__args__[0], rename), ...))
    return hint


def typed(document: Mapping[str, Any], schema: type) -> Any:  # noqa: ANN401 - the noun of the schema
    """Return what a document says as the noun of its schema; ValueError where it is not of that."""
    import msgspec

    try:
        return _noun(msgspec.convert(document, schema))
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None


def _noun(value: Any) -> Any:  # noqa: ANN401 - what a schema holds
    if isinstance(value, tuple):
        return tuple(map(_noun, value))
    noun = _NOUNS.get(type(value))
    return noun(*(_noun(getattr(value, name)) for name in value.__struct_fields__)) if noun is not None else value
