"""Texts of rows with values in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tdxwhy.lazy import lazy

_PART = lazy(r"\[([^\[\]{]*\{[^\[\]]*)\]")
_FIELD = lazy(r"\{(\w+)\}")


def filled(template: str, values: Mapping[str, Any]) -> str:
    """Fill a template; a part in [ ] is left out where one of its values is missing, outside of them it is named as unknown."""

    def part(found: Any) -> str:  # noqa: ANN401 - a match
        named = _FIELD.findall(found[1])
        return found[1] if all(name in values for name in named) else ""

    text = _PART.sub(part, template)
    return (
        _FIELD.sub(lambda found: str(values.get(found[1], _UNKNOWN.get(found[1], "something that no line names"))), text)
        .replace("{{", "{")
        .replace("}}", "}")
    )


_UNKNOWN = {
    "packages": "a package that no line names",
    "cpus_that": "a CPU that no line names",
    "errno_text": "the errno is not shown",
    "what": "see the line",
    "section": "",
}
