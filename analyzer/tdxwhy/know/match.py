"""Find the form of a line: constant text by one dictionary, formats with fields by their constant head and then a regular expression."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache

from tdxwhy.digits import number
from tdxwhy.hints import Any
from tdxwhy.know import decode, tables
from tdxwhy.know.stored import table
from tdxwhy.levels import LEVELS
from tdxwhy.noun import NamedTuple
from tdxwhy.ranges import numbers
from tdxwhy.records import MessageForm


def _cpus(text: str) -> tuple[int, ...]:
    return tuple(number(one) for one in text.replace("#", " ").split())


_CONVERT: dict[str, Callable[[str], Any]] = {
    "int": number,
    "hex": lambda digits: number(digits, 16),
    "cpus": _cpus,
    "list": numbers,
    "str": str.strip,
    "frame": lambda text: text.strip(" ?"),
}


class Matcher(NamedTuple):
    """One format: its rows, and how its fields are read. `search` is empty for constant text."""

    format: str
    forms: tuple[MessageForm, ...]
    needle: str
    fields: tuple[tuple[str, Callable[[str], Any]], ...]
    source: str | None
    compiled: list[Any]

    def values(self, text: str) -> dict[str, Any] | None:
        """Return the typed values of a line of this format, or None if it is not one."""
        if not self.compiled:
            self.compiled.append(self._compile())
        found = self.compiled[0](text)
        if found is None:
            return None
        parts = tuple(zip(self.fields, found.groups(), strict=True))
        if not all(decode.is_whole_status(part) for (name, _), part in parts if name == "status"):
            return None  # it was cut in the number, which is another one then
        try:
            return {name: convert(part) for (name, convert), part in parts}
        except ValueError:  # of thousands of digits, which no kernel prints
            return None

    def _compile(self) -> Callable[[str], Any]:
        return re.compile(f"{self.source or re.escape(self.format)} *").fullmatch

    def row(self, level: int | None) -> MessageForm:
        """Return the row of this level, or the first one."""
        if level is not None and len(self.forms) > 1:
            name = LEVELS[level] if 0 <= level < len(LEVELS) else ""
            return next((form for form in self.forms if form.level == name), self.forms[0])
        return self.forms[0]


@cache
def matchers() -> tuple[Matcher, ...]:
    """Return a matcher for each format, the more specific first."""
    found, forms = [], tables.forms_by_id()
    for format, source, kinds, args, ids, needle in table("MATCHERS"):
        fields = tuple([(name, _CONVERT.get(kind, str)) for name, kind in zip(args, kinds, strict=True)])
        found.append(Matcher(format, tuple(map(forms.__getitem__, ids)), needle, fields, source, []))
    return tuple(found)


class Index(NamedTuple):
    """Where a line's candidates are: by its whole text, or by its head, of each length that is in use for its first character."""

    exact: dict[str, Matcher]
    heads: dict[str, tuple[Matcher, ...]]
    lengths: dict[str, tuple[int, ...]]

    def lengths_of(self, text: str) -> tuple[int, ...]:
        """Return the lengths of the heads that a text can have, the longest first."""
        return self.lengths.get(text[:1], self.lengths[""])


@cache
def index() -> Index:
    """Build the dictionaries once."""
    known = {matcher.format: matcher for matcher in matchers()}
    heads = {head: tuple(map(known.__getitem__, formats)) for head, formats in table("HEADS").items()}
    lengths: dict[str, set[int]] = {"": set()}
    for head in heads:
        lengths.setdefault(head[:1], set()).add(len(head))
    exact = {text: known[text] for text in table("EXACT")}
    # Pastes narrow runs of blanks; a form that has the narrow text of its own keeps it.
    narrow = {" ".join(text.split()): matcher for text, matcher in exact.items()}
    longest_first = {first: tuple(sorted(some | lengths[""], reverse=True)) for first, some in lengths.items()}
    return Index(narrow | exact, heads, longest_first)


def match(text: str) -> tuple[Matcher, dict[str, Any]] | None:
    """Return the most specific form that the whole text matches, with its values."""
    known = index()
    constant = known.exact.get(text)
    if constant is not None:
        return constant, {}
    for length in known.lengths_of(text):
        for matcher in known.heads.get(text[:length], ()):
            if matcher.needle in text:
                values = matcher.values(text)
                if values is not None:
                    return matcher, values
    if text.isprintable() and "  " not in text and text == text.strip():
        return None
    narrow = " ".join(text.split())
    return match(narrow) if narrow != text else None


def literals(forms: Iterable[MessageForm]) -> tuple[str, ...]:
    """Return literals such that every line of these forms holds one, sorted, and none that another one makes needless."""
    wanted = {form.format for form in forms}
    found = {matcher.needle.strip() for matcher in matchers() if matcher.forms[0].format in wanted}
    found.discard("")
    return tuple(sorted(one for one in found if not any(other != one and other in one for other in found)))
