"""Proposed changes to print calls: the message with what it leaves out, as far as the code has it; to be read before it is applied."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from tdxwhy.check.has import Has, has_of
from tdxwhy.check.rules import Rule
from tdxwhy.check.scope import scope
from tdxwhy.check.subjects.patch import unended
from tdxwhy.noun import NamedTuple
from tdxwhy.records import Finding, Naming

if TYPE_CHECKING:
    from tdxwhy.source.code import Fragment

_CONTEXT = 3
_COLUMNS = 100
_INFO = re.compile(r"^(?P<head>pr|dev|kvm|vcpu)_(?:info|notice|dbg|debug)\b")
_LOUD = re.compile(r"^(?P<head>pr|dev|kvm|vcpu)_(?:emerg|alert|crit|err|warn|notice|info)(?:_once|_ratelimited)?$")


class WrittenCall(NamedTuple):
    """A print call as it stands: its name, what comes before the format, the format, the arguments, what it names, and what it could."""

    name: str
    before: tuple[str, ...]
    format: str
    args: tuple[str, ...]
    names: Naming
    has: Has


class NewLines(NamedTuple):
    """New lines in the place of some: their first and last index in the fragment."""

    first: int
    last: int
    lines: tuple[str, ...]


class Suggestion(NamedTuple):
    """A new text for whole lines of an input, from the first to the last; `width` is the length of the last as it stands."""

    first: int
    last: int
    width: int
    text: str


def suggestions(text: str, name: str, findings: Iterable[Finding], rules: Sequence[Rule]) -> dict[int, Suggestion]:
    """Return by their first line what is proposed for a C file; one for all findings on it, as they would be in each other's way."""
    wanted = _wanted(name, findings, rules)
    if not wanted:
        return {}
    from tdxwhy.source.code import of_file

    fragment = of_file(text, name)
    return {
        change.first + 1: Suggestion(change.first + 1, change.last + 1, len(fragment.lines[change.last].text), "\n".join(change.lines))
        for change in _changes(fragment, wanted)
    }


def _wanted(name: str, findings: Iterable[Finding], rules: Sequence[Rule]) -> dict[int, list[str]]:
    """Return the remedies for the findings of an input, by line."""
    remedies = {rule.id: rule.remedy for rule in rules if rule.remedy}
    wanted: dict[int, list[str]] = {}
    for found in findings:
        line, remedy = found.evidence[0].place.line, remedies.get(found.rule)
        if found.evidence[0].place.source == name and line is not None and remedy is not None:
            wanted.setdefault(line, []).append(remedy)
    return wanted


def proposals(text: str, name: str, findings: Iterable[Finding], rules: Sequence[Rule]) -> str:
    """Return a patch on the files as they stand after `text`; empty where no finding has a remedy."""
    wanted = _wanted(name, findings, rules)
    if not wanted:
        return ""
    from tdxwhy.source.code import fragments

    hunks: dict[str, list[str]] = {}
    for fragment in fragments(text, name):
        hunks.setdefault(fragment.file, []).extend(_hunks(fragment, wanted))
    patch = "".join(f"--- a/{path}\n+++ b/{path}\n{''.join(found)}" for path, found in hunks.items() if found)
    return f"{NOTE}\n\n{patch}" if patch else ""


NOTE = "Proposed messages. Read them before you apply them. Of code that has neither CPU nor package at hand nothing is proposed."


def _changes(fragment: Fragment, wanted: dict[int, list[str]]) -> Iterator[NewLines]:
    from tdxwhy.source.code import functions

    reached = -1
    names = functions(fragment)
    for index, line in enumerate(fragment.lines):
        if line.line in wanted and index > reached:
            change = _changed(fragment, names, index, wanted[line.line])
            if change is not None:
                reached = change.last
                yield change


def _hunks(fragment: Fragment, wanted: dict[int, list[str]]) -> Iterator[str]:
    grown = 0
    reached = -1
    for index, last, new in _changes(fragment, wanted):
        first, end = _around(fragment, index, last, reached)
        reached = end - 1
        old = [row.text for row in fragment.lines[first:end]]
        kept = last + 1 - index
        body = [*(f" {row}" for row in old[: index - first]), *(f"-{row}" for row in old[index - first : index - first + kept])]
        body += [f"+{row}" for row in new] + [f" {row}" for row in old[index - first + kept :]]
        start = fragment.lines[first].number
        yield f"@@ -{start},{len(old)} +{start + grown},{len(old) - kept + len(new)} @@\n" + "".join(f"{row}\n" for row in body)
        grown += len(new) - kept


def _around(fragment: Fragment, index: int, last: int, reached: int) -> tuple[int, int]:
    """Return the lines of context: consecutive lines of the file only, and none that an earlier hunk has taken."""
    first, end = index, last + 1
    while first > max(0, reached + 1, index - _CONTEXT) and fragment.lines[first - 1].number == fragment.lines[first].number - 1:
        first -= 1
    while end < min(len(fragment.lines), last + 1 + _CONTEXT) and fragment.lines[end].number == fragment.lines[end - 1].number + 1:
        end += 1
    return first, end


def _changed(fragment: Fragment, names: Sequence[str | None], index: int, remedies: Sequence[str]) -> NewLines | None:
    """Return the lines that replace a call, if any remedy makes it another."""
    from tdxwhy.know.names import named
    from tdxwhy.source.calls import print_call, print_pattern
    from tdxwhy.source.grammar import read_call, read_format

    start = fragment.starts[index]
    found = print_pattern().search(fragment.text, start, start + len(fragment.lines[index].text))
    known = print_call(found["call"]) if found else None
    call = read_call(fragment.text, found.start()) if found else None
    if call is None or known is None or not 0 <= known.format < len(call.arguments):
        return None
    read = read_format(call.arguments[known.format])
    if read is None or read[0]:
        return None
    args = call.arguments[known.format + 1 :]
    before = WrittenCall(call.name, call.arguments[: known.format], read[1], args, named(read[1], args), has_of(fragment, names, index))
    written = before
    for remedy in remedies:
        written = _REMEDIES[remedy](written)
    if written == before:
        return None
    last = fragment.line_at(call.end - 1)
    head = fragment.lines[index].text[: call.start - start]
    tail = fragment.text[call.end : fragment.starts[last] + len(fragment.lines[last].text)]
    return NewLines(index, last, tuple(_laid_out(head, written, tail)))


def _laid_out(head: str, written: WrittenCall, tail: str) -> list[str]:
    """Lay the call out as kernel code: one line where it fits, else the arguments below, aligned to the bracket."""
    parts = [*written.before, f'"{written.format}"', *written.args]
    one = f"{head}{written.name}({', '.join(parts)}){tail}"
    if len(one.expandtabs(8)) <= _COLUMNS or len(parts) == 1:
        return [one]
    column = len(f"{head}{written.name}(".expandtabs(8))
    indent = "\t" * (column // 8) + " " * (column % 8)
    lines = [f"{head}{written.name}({', '.join(parts[: len(written.before) + 1])},"]
    rest = indent
    for number, argument in enumerate(written.args):
        piece = argument + (f"){tail}" if number == len(written.args) - 1 else ",")
        if rest != indent and len(f"{rest} {piece}".expandtabs(8)) > _COLUMNS:
            lines.append(rest)
            rest = indent
        rest += piece if rest == indent else f" {piece}"
    return [*lines, rest]


def _name_the_cpu(written: WrittenCall) -> WrittenCall:
    """Name the CPU, its package and its state, as far as the code has them; what it would have to find out is nobody's to make up."""
    has, names = written.has, written.names
    said, args = [], []
    if has.package and not names.package:
        said.append("package %u,")
        args.append(has.package)
    if has.cpu and not names.cpu:
        said.append(f"CPU {has.conversion}")
        args.append(has.cpu)
    if has.cpu and not names.cpu_state:
        said.append(("CPU " if names.cpu else "") + ("online" if has.online else "%s"))
        args += [] if has.online else [f'cpu_online({has.cpu}) ? "online" : "offline"']
    if not said:
        return written
    return written._replace(format=f"{unended(written.format)}: {' '.join(said).rstrip(',')}\\n", args=(*written.args, *args))


def _each_time(written: WrittenCall) -> WrittenCall:
    return written._replace(name=written.name.replace("_once", "_ratelimited"))


def _raise_level(written: WrittenCall) -> WrittenCall:
    return written._replace(name=_INFO.sub(lambda found: f"{found['head']}_err", written.name))


def _debug(written: WrittenCall) -> WrittenCall:
    found = _LOUD.match(written.name)
    if found is None:
        return written
    return written._replace(name=f"{found['head']}_{'dbg' if found['head'] == 'dev' else 'debug'}")


def _spell_errno(written: WrittenCall) -> WrittenCall:
    """Print the first signed number that is an errno's with %pe."""
    from tdxwhy.know.printf import conversions

    for place, (conversion, argument) in enumerate(zip(conversions(written.format), written.args, strict=False)):
        if conversion[0] == "%d" and scope().matches("shows", "errno", argument):
            text = f"{written.format[: conversion.start()]}%pe{written.format[conversion.end() :]}"
            return written._replace(format=text, args=(*written.args[:place], f"ERR_PTR({argument})", *written.args[place + 1 :]))
    return written


_REMEDIES: dict[str, Callable[[WrittenCall], WrittenCall]] = {
    "name-the-cpu": _name_the_cpu,
    "each-time": _each_time,
    "raise-level": _raise_level,
    "spell-errno": _spell_errno,
    "debug": _debug,
}
