"""Read rules/incident/*.toml strictly, and derive from each format how its lines are found in a longer text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tdxwhy import toml
from tdxwhy.errors import RulesError
from tdxwhy.incident import rows
from tdxwhy.strict import strict

# Quotation marks come as a program escapes them, or as a form or a word processor curls them.
_MARKS = {"'": "['\u2018\u2019]", '"': '\\\\{0,3}["\u201c\u201d]'}
_NUMBER = {"int": r"(-?[0-9]{1,20})", "hex": r"(?:0x)?([0-9a-fA-F]{1,16})"}


def load(folder: Path, nouns: Mapping[str, type], forms: Mapping[str, str]) -> dict[str, Any]:
    """Return the rows of every file by table; RulesError names the row that is wrong. `forms` are the catalogue's formats by their ids."""
    found = toml.rows(folder, {name: strict(noun) for name, noun in nouns.items()})
    for complaint in _of_forms(found["message"], forms):
        raise RulesError(f"{folder.name}: {complaint}")
    found["message"] = [_with_pattern(_with_format(row, forms)) for row in found["message"]]
    for complaint in _complaints(found):
        raise RulesError(f"{folder.name}: {complaint}")
    return found


def _of_forms(messages: list[rows.ProgramMessage], forms: Mapping[str, str]) -> Iterator[str]:
    """Yield the messages that have no format, or two: their own, or that of a form of the catalogue."""
    for row in messages:
        if bool(row.form) == bool(row.format):
            yield f"message {row.id}: wants a format, or the form that has it"
        elif row.form and row.form not in forms:
            yield f"message {row.id}: no form {row.form!r} in rules/knowledge"


def _with_format(row: rows.ProgramMessage, forms: Mapping[str, str]) -> rows.ProgramMessage:
    return row._replace(format=forms[row.form].removeprefix(row.prefix)) if row.form else row


def _with_pattern(row: rows.ProgramMessage) -> rows.ProgramMessage:
    from tdxwhy.know.printf import Text, pieces

    parts = pieces(row.format)
    pattern = row.pattern or "".join(_part(part, last=number + 1 == len(parts)) for number, part in enumerate(parts))
    words = (word for part in parts if isinstance(part, Text) for word in re.split("  |['\"]", part.text))
    return row._replace(pattern=pattern, needle=max(words, key=len, default=""))


def _part(part: Any, last: bool) -> str:  # noqa: ANN401 - a piece of a format
    if hasattr(part, "text"):
        text = re.sub(r"(?:\\ )+", r"\\s+", re.escape(part.text))
        return "".join(_MARKS.get(one, one) for one in text)
    return _NUMBER.get(part.kind, r"(.+)" if last else r"(.{0,200}?)")


def _complaints(found: Mapping[str, list[Any]]) -> Iterator[str]:
    """Yield what does not hold across rows."""
    causes = {row.id for row in found["cause"]}
    stages = {row.id for row in found["stage"]}
    ids = [row.id for row in found["message"]]
    yield from (f"message {one} stands twice" for one in sorted(set(ids)) if ids.count(one) > 1)
    for name in ("message", "call", "seamcall", "answer", "quote_code", "curl"):
        for row in found[name]:
            label = next(getattr(row, field) for field in ("id", "call", "leaf", "status", "code") if hasattr(row, field))
            yield from (f"{name} {label}: no cause {one!r}" for one in row.causes if one not in causes)
            if getattr(row, "stage", None) is not None and row.stage not in stages:
                yield f"{name} {label}: no stage {row.stage!r}"
    yield from _of_messages(found["message"])
    for row in found["cause"]:
        if row.arises and row.arises not in stages:
            yield f"cause {row.id}: no stage {row.arises!r}"
        for form in (form for condition in row.when for form in condition.forms):
            if not any(one.startswith(form) for one in ids):
                yield f"cause {row.id}: no message begins with {form!r}"


def _of_messages(messages: list[Any]) -> Iterator[str]:
    for row in messages:
        groups = re.compile(row.pattern).groups
        if groups != len(row.args) and row.args:
            yield f"message {row.id}: {groups} fields in the format, {len(row.args)} names in args"
        if len(row.needle) < 2:
            yield f"message {row.id}: no constant text to look for"
