"""Proposed changes to print calls, as a patch: the message with what it leaves out. A proposal, to be read before it is applied."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tdxwhy.check.rules import Rule
from tdxwhy.check.scope import scope
from tdxwhy.check.subjects.patch import unended
from tdxwhy.records import Finding, Naming

if TYPE_CHECKING:
    from tdxwhy.source.code import Fragment

_CONTEXT = 3
_COLUMNS = 100
_INFO = re.compile(r"^(?P<head>pr|dev|kvm|vcpu)_(?:info|notice|dbg|debug)\b")
_LOUD = re.compile(r"^(?P<head>pr|dev|kvm|vcpu)_(?:emerg|alert|crit|err|warn|notice|info)(?:_once|_ratelimited)?$")


class WrittenCall(NamedTuple):
    """A print call as it stands: its name, what comes before the format, the format, the arguments, and what it names."""

    name: str
    before: tuple[str, ...]
    format: str
    args: tuple[str, ...]
    names: Naming
    has_cpu: bool
    on_cpu: bool


def proposals(text: str, name: str, findings: Iterable[Finding], rules: Sequence[Rule]) -> str:
    """Return a patch on the files as they stand after `text`; empty where no finding has a remedy."""
    remedies = {rule.id: rule.remedy for rule in rules if rule.remedy}
    wanted: dict[int, list[str]] = {}
    for found in findings:
        line, remedy = found.evidence[0].place.line, remedies.get(found.rule)
        if found.evidence[0].place.source == name and line is not None and remedy is not None:
            wanted.setdefault(line, []).append(remedy)
    if not wanted:
        return ""
    from tdxwhy.source.code import fragments

    hunks: dict[str, list[str]] = {}
    for fragment in fragments(text, name):
        hunks.setdefault(fragment.file, []).extend(_hunks(fragment, wanted))
    patch = "".join(f"--- a/{path}\n+++ b/{path}\n{''.join(found)}" for path, found in hunks.items() if found)
    return f"{NOTE}\n\n{patch}" if patch else ""


NOTE = "Proposed messages. Read them before you apply them: `package` and `offline_cpus` stand for what the code has to find out."


def _hunks(fragment: Fragment, wanted: dict[int, list[str]]) -> Iterator[str]:
    grown = 0
    reached = -1
    for index, line in enumerate(fragment.lines):
        if line.line not in wanted or index <= reached:
            continue
        changed = _changed(fragment, index, wanted[line.line])
        if changed is None:
            continue
        last, new = changed
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


def _changed(fragment: Fragment, index: int, remedies: Sequence[str]) -> tuple[int, list[str]] | None:
    """Return the last line of the call and the lines that replace it."""
    from tdxwhy.know.names import named
    from tdxwhy.source.calls import print_call, print_pattern
    from tdxwhy.source.code import functions
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
    has_cpu = re.search(r"\bint\s+(?:\w+,\s*)*cpu\b", fragment.text[max(0, start - 3000) : start]) is not None
    on_cpu = scope().matches("cpu", "functions", functions(fragment)[index])
    written = WrittenCall(call.name, call.arguments[: known.format], read[1], args, named(read[1], args), has_cpu, on_cpu)
    for remedy in remedies:
        written = _REMEDIES[remedy](written)
    last = fragment.line_at(call.end - 1)
    head = fragment.lines[index].text[: call.start - start]
    tail = fragment.text[call.end : fragment.starts[last] + len(fragment.lines[last].text)]
    return last, _laid_out(head, written, tail)


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
    """Name the CPU that runs the code where it runs on many; elsewhere that CPU is not the one at fault, and the package must be found."""
    body = unended(written.format)
    if not written.on_cpu:
        args = (*written.args, "package", "cpumask_pr_args(offline_cpus)")
        return written._replace(format=f"{body}: no online CPUs in package %u: CPUs %*pbl offline\\n", args=args)
    cpu = "cpu" if written.has_cpu else "raw_smp_processor_id()"
    lacks = [
        (written.names.package, "package %u,", f"topology_physical_package_id({cpu})"),
        (written.names.cpu, "CPU %u", cpu),
        (written.names.cpu_state, "CPU %s" if written.names.cpu else "%s", f'cpu_online({cpu}) ? "online" : "offline"'),
    ]
    said = " ".join(words for known, words, _ in lacks if not known).rstrip(",")
    return written._replace(format=f"{body}: {said}\\n", args=(*written.args, *(argument for known, _, argument in lacks if not known)))


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
