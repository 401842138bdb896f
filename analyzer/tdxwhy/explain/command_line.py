"""The kernel's command line: its parameters, whether it asks for TDX, and which of them is misspelt."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from tdxwhy.digits import whole
from tdxwhy.explain.nouns import Note, TdxRequest, Word
from tdxwhy.know import tables
from tdxwhy.know.rows import Parameter
from tdxwhy.lazy import lazy
from tdxwhy.records import Event, Evidence

_WORD = lazy(r'(?:[^\s"]|"[^"]*")+')
_NEAR = 2


def parameters(command_line: str) -> dict[str, str]:
    """Split a command line into parameters, the last of a name winning; "-" and "_" are one.

    Accepted form: words separated by blanks, with `name`, `name=value` or `name="a value"`
    (Linux Documentation/admin-guide/kernel-parameters.rst).
    """
    found: dict[str, str] = {}
    for word in _WORD.findall(command_line):
        name, _, value = word.partition("=")
        found[name.replace("-", "_")] = value.strip('"')
    return found


def request(command_line: str | None, known: Sequence[Parameter], event: Event | None) -> TdxRequest:
    """Tell whether the command line asks for TDX; None where there is no command line, or it says nothing of it."""
    if command_line is None or event is None:
        return TdxRequest(None)
    given = parameters(command_line)
    for parameter in known:
        value = given.get(parameter.name.replace("-", "_"))
        if value is None or not parameter.asks:
            continue
        word = f"{parameter.name}={value}" if value else parameter.name
        return TdxRequest(value in parameter.asks, (Evidence(event.record.place, word),))
    return TdxRequest(None)


def telling_words(command_line: str, known: Sequence[Parameter], event: Event, online: int | None) -> Iterator[Word]:
    """Yield the words that make a fact true. A limit above the `online` CPUs, where they are counted, keeps none away."""
    given = parameters(command_line)
    for parameter in known:
        value = given.get(parameter.name.replace("-", "_"))
        if value is None or not parameter.fact or (parameter.fact_values and value not in parameter.fact_values):
            continue
        if online is not None and (whole(value) or 0) > online:
            continue
        text = f"{parameter.name}={value}" if value else parameter.name
        yield Word(text, parameter.meaning, parameter.fact, parameter.instead, Evidence(event.record.place, text))


def misspelt(command_line: str, known: Sequence[Parameter], event: Event) -> Iterator[Note]:
    """Yield a note for each parameter that is nearly a known one but is not it."""
    names = {parameter.name.replace("-", "_"): parameter.name for parameter in known}
    for given, value in parameters(command_line).items():
        if given in names or not _tells(given):
            continue
        meant = next((name for name in sorted(names) if _resembles(given, name)), None)
        if meant:
            word = f"{given}={value}" if value else given
            text = f"the command line says {word}; no kernel knows it, {names[meant]} was probably meant"
            yield Note(text, (Evidence(event.record.place, word),))


def _resembles(given: str, name: str) -> bool:
    """Tell whether a word differs from a name by a slip: two letters, another separator, or a longer parameter of the same module."""
    if re.sub(r"[._]", "", given) == re.sub(r"[._]", "", name):
        return True
    module, dot, parameter = name.partition(".")
    if dot and given.startswith(f"{module}.") and parameter in given.removeprefix(f"{module}.").split("_"):
        return True
    return abs(len(given) - len(name)) <= _NEAR and len(name) >= 8 and _distance(given, name) <= _NEAR


def _distance(first: str, second: str) -> int:
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(second, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]


def telling(command_line: str) -> tuple[str, ...]:
    """Return the words that a diagnosis can depend on: known parameters and what may be meant to be one."""
    return tuple(word for word in _WORD.findall(command_line) if _tells(word.partition("=")[0].replace("-", "_")))


@lru_cache(maxsize=8192)
def _tells(given: str) -> bool:
    names = {parameter.name.replace("-", "_") for parameter in tables.parameters()}
    return given in names or any(_resembles(given, name) for name in names)
