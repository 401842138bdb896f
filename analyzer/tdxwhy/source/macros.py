"""Macros that must be written out as text before they can be read as C: they paste names, make strings of them, or take any number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from tdxwhy.source.ctree import parse_unit
from tdxwhy.source.syntax import Define, Statement

_WORD = re.compile(r'"(?:[^"\\]++|\\.){0,128}"|\'(?:[^\'\\]++|\\.){0,128}\'|##|#|[A-Za-z_]\w*|\s+|.', re.DOTALL)
_LEAVES = re.compile(r"\b(?:return|goto|break|continue)\b")
_LARGEST = 8_192


def is_textual(define: Define) -> bool:
    """Tell whether a macro pastes, makes strings, or takes any number of arguments, so that handing it values is not enough."""
    names = define.parameters or ()
    if "#" in define.body or any("..." in name for name in names):
        return True
    return any(re.search(rf'"\s*{re.escape(name)}\b|\b{re.escape(name)}\s*"', define.body) for name in names if name)


def leaves(define: Define) -> bool:
    """Tell whether a macro leaves the function, or the loop, in which it stands: it is no function by itself then."""
    return define.parameters is not None and _LEAVES.search(define.body) is not None


def written_out(define: Define, arguments: Sequence[str]) -> str:
    """Return the text of a macro with its arguments in place, as the preprocessor makes it."""
    given = _by_name(define.parameters or (), arguments)
    words = _WORD.findall(define.body.replace("\\\n", " "))
    out: list[str] = []
    index = 0
    while index < len(words):
        word = words[index]
        if word == "##":
            while out and out[-1].isspace():
                out.pop()
            index += 1
            while index < len(words) and words[index].isspace():
                index += 1
            following = words[index] if index < len(words) else ""
            pasted = given.get(following, following)
            if not pasted and out and out[-1] == ",":
                out.pop()
            out.append(pasted)
        elif word == "#" and index + 1 < len(words) and words[index + 1] in given:
            index += 1
            text = given[words[index]].replace("\\", "\\\\").replace('"', '\\"')
            out.append(f'"{text}"')
        else:
            out.append(given.get(word, word))
        index += 1
    return "".join(out)


def _by_name(names: Sequence[str], arguments: Sequence[str]) -> dict[str, str]:
    """Return what each parameter stands for; the last one may take the rest."""
    given: dict[str, str] = {}
    for place, name in enumerate(names):
        if name.endswith("..."):
            given[name.removesuffix("...").strip() or "__VA_ARGS__"] = ", ".join(arguments[place:])
        else:
            given[name] = arguments[place] if place < len(arguments) else ""
    return given


@lru_cache(maxsize=512)
def statements_of(define: Define, arguments: tuple[str, ...], row: int | None = None) -> tuple[Statement, ...]:
    """Return a call of a macro as the statements of a block, the last one its value; none where it cannot be read.

    They stand where the macro does, or in a row.
    """
    body = written_out(define, arguments).strip()
    if len(body) > _LARGEST:
        return ()
    body = re.sub(r"\}\s*while\s*\(\s*0\s*\)\s*$", "}", re.sub(r"^do\b", "", body)).strip()
    if body.startswith("({") and body.endswith("})"):
        body = body[1:-1]
    found = parse_unit(f"int {define.name}(void) {{\n{body};\n}}").functions
    if not found:
        return ()
    inside = found[0].body
    return tuple(_moved(statement, define.row if row is None else row) for statement in inside)


def _moved(statement: Statement, row: int) -> Statement:
    return statement._replace(
        first=row,
        last=row,
        body=tuple(_moved(each, row) for each in statement.body),
        orelse=tuple(_moved(each, row) for each in statement.orelse),
    )
