"""Strict schemas of what users write, derived from the nouns that it becomes: an unknown key is an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_type_hints


def strict(
    noun: type, special: Mapping[str, object], rename: Literal["kebab"] | None = None, optional: Mapping[str, object] | None = None
) -> type:
    """Return the schema of a NamedTuple by its own annotations and defaults.

    `special` gives other types for some fields, `optional` defaults to fields that have none.
    """
    import msgspec

    named: Any = noun
    defaults = {**named._field_defaults, **(optional or {})}
    hints = {**get_type_hints(noun), **special}
    rows = [(name, hints[name], *((defaults[name],) if name in defaults else ())) for name in named._fields]
    return msgspec.defstruct(noun.__name__, rows, forbid_unknown_fields=True, kw_only=True, rename=rename)
