"""Failing paths of the functions that a patch touches, from the patch alone: who fails, on what, and is it printed.

What lies outside the patch is "unseen" where its own code decides what users see, never silently "no".
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from tdxwhy.noun import NamedTuple
from tdxwhy.records import Place
from tdxwhy.source.calls import calls
from tdxwhy.source.code import Fragment
from tdxwhy.source.ctree import macro, parse_unit
from tdxwhy.source.diff import DiffLine, FilePatch, holds_diff, parse_diff
from tdxwhy.source.exits import Exit, Exits
from tdxwhy.source.grammar import fragment_sites
from tdxwhy.source.loops import silent_loops
from tdxwhy.source.nouns import FailingPath, PrintSite
from tdxwhy.source.pieces import ShownFile, shown, whole
from tdxwhy.source.syntax import Expression, Function, Statement, callee, calls_in, walk, written

_WORD = re.compile(r"\w+")
_LONGEST_CONDITION = 200
_LONGEST_EFFECT = 80


class _Seen(NamedTuple):
    """All that a patch (or file) shows: its functions, the print calls by function and row, and the functions that print a failure."""

    functions: dict[str, Function]
    sites: dict[str, dict[int, list[PrintSite]]]
    loud: set[str]


def failing_paths(text: str, name: str, tree: Mapping[str, str] = MappingProxyType({})) -> tuple[FailingPath, ...]:
    """Return the conditions on which functions that the patch (or C file) touches fail or give up, and what they print there.

    With the files of a tree (by path) callees outside the patch are looked up there.
    """
    if holds_diff(text):
        patches = [patch for patch in parse_diff(text) if patch.is_c]
        pieces = [(patch.path, shown(patch)) for patch in patches]
        before = _exits_before(patches)
    elif name.endswith((".c", ".h")):
        pieces, before = [(name, whole(text))], {}
    else:
        return ()
    units = [(path, piece, parse_unit(piece.text).functions) for path, piece in pieces]
    seen = _Seen({function.name: function for _, _, functions in units for function in functions}, {}, set())
    for path, piece, functions in units:
        _place_sites(seen, path, piece, functions, name)
    for path, content in tree.items():
        _add_outside(seen, path, content)
    found: list[FailingPath] = []
    for path, piece, functions in units:
        for function in functions:
            found.extend(each for each in _of_function(function, path, piece, seen, name) if not _is_renamed(each, before))
    return tuple(_merged(found))


def _exits_before(patches: Sequence[FilePatch]) -> dict[str, list[list[str]]]:
    """Return by function the words of each failing exit as it was before the patches, where lines were taken out."""
    found: dict[str, list[list[str]]] = {}
    for patch in patches:
        if any(line.kind == "-" for hunk in patch.hunks for line in hunk.lines):
            for function in parse_unit(shown(patch, "-").text).functions:
                words = [_WORD.findall(f"{each.condition}: {each.effect}") for each in Exits(function).collect()]
                found.setdefault(function.name, []).extend(words)
    return found


def _is_renamed(path: FailingPath, before: Mapping[str, list[list[str]]]) -> bool:
    """Tell whether a path was there before and differs in one word only: a renamed constant makes no new failing path."""
    words = _WORD.findall(path.condition.partition(' "')[0])
    for old in before.get(path.function, ()):
        if len(old) == len(words) and sum(one != other for one, other in zip(old, words, strict=True)) == 1:
            return not any(site.added for site in path.prints)
    return False


def _place_sites(seen: _Seen, path: str, piece: ShownFile, functions: Sequence[Function], name: str) -> None:
    """Note the print calls of a file by the function in which they stand."""
    fragment = _as_fragment(path, piece)
    numbers = {(line.number, line.line): row for row, line in enumerate(piece.rows) if line is not None}
    ordered = sorted(functions, key=lambda function: function.first)
    starts = [function.first for function in ordered]
    for site in fragment_sites(fragment, name):
        row = numbers.get((site.file_line or 0, site.place.line or 0))
        index = bisect_right(starts, row) - 1 if row is not None else -1
        if row is not None and index >= 0 and row <= ordered[index].last:
            function = ordered[index].name
            seen.sites.setdefault(function, {}).setdefault(row, []).append(site)
            if site.is_failure and site.level != "debug":
                seen.loud.add(function)


def _add_outside(seen: _Seen, path: str, content: str) -> None:
    """Add the functions and macros of a file of the tree, with their print calls; what the patch shows itself stays."""
    unit, piece = parse_unit(content), whole(content)
    macros = [macro(define) for define in unit.defines if define.parameters is not None]
    outside = [function for function in (*unit.functions, *macros) if function.name not in seen.functions]
    seen.functions.update((function.name, function) for function in outside)
    _place_sites(seen, path, piece, [function for function in outside if not function.macro], path)


def _as_fragment(path: str, piece: ShownFile) -> Fragment:
    starts, offset = [], 0
    for row in piece.text.split("\n"):
        starts.append(offset)
        offset += len(row) + 1
    lines = tuple(line or DiffLine(" ", "", 0, 0) for line in piece.rows)
    return Fragment(path, "", lines, piece.touched, piece.text, tuple(starts), True)


def _of_function(function: Function, path: str, piece: ShownFile, seen: _Seen, name: str) -> list[FailingPath]:
    found = []
    torn = piece.rows[function.last] is None or piece.has_gap(function.first, function.last)
    for each in Exits(function, torn=torn).collect():
        if any(_touched(piece, *rows) for rows in each.rows):
            printed, sites = _printed(function, each, seen)
            if each.effect == "goes on" and not any(site.is_failure for site in sites):
                continue
            found.append(_path(function, each, (path, piece, name), printed, sites))
    found.extend(_path(function, each, (path, piece, name), "callee", ()) for each in _ends_in_call(function, piece, seen))
    if _touched(piece, function.first + 1, function.last - 1):
        found.extend(_passed_over(function, (path, piece, name), seen))
    return found


def _ends_in_call(function: Function, piece: ShownFile, seen: _Seen) -> list[Exit]:
    """Return the exit of a function that ends by returning what a helper in view answers, if that helper prints its failures."""
    last = function.body[-1] if function.body else None
    value = last.expression if last is not None and last.kind == "return" else None
    if last is None or value is None or value.kind != "call" or not _touched(piece, last.first, last.last):
        return []
    if callee(value) not in seen.functions or not _prints_when_failing(callee(value), seen, set()):
        return []
    return [Exit(f"{written(value)} fails", "its result is returned", None, value, True, ((last.first, last.last),), (), "", last)]


def _path(function: Function, each: Exit, where: tuple[str, ShownFile, str], printed: str, sites: tuple[PrintSite, ...]) -> FailingPath:
    path, piece, name = where
    line = piece.rows[min(each.rows[0][0], len(piece.rows) - 1)]
    said = next((f' "{site.format.removesuffix(chr(92) + "n")}"' for site in sites if site.format), "")
    about = each.condition if len(each.condition) <= _LONGEST_CONDITION else f"{each.condition[: _LONGEST_CONDITION - 4]} ..."
    condition = f"{about}: {each.effect[:_LONGEST_EFFECT]}{said[:_LONGEST_EFFECT]}"
    place = Place(name, line.line if line else None)
    return FailingPath(place, function.name, condition, printed, each.errno, sites, path, line.number if line else None)  # type: ignore[arg-type]


def _touched(piece: ShownFile, first: int, last: int) -> bool:
    return any(piece.touched[first : last + 1])


def _printed(function: Function, each: Exit, seen: _Seen) -> tuple[str, tuple[PrintSite, ...]]:
    """Say whether a failing exit is printed: on the way out, by a helper in view, by one out of view, or not at all."""
    rows = _rows_on_the_way(function, each)
    by_row = seen.sites.get(function.name, {})
    sites = tuple(site for row in sorted(rows) for site in by_row.get(row, ()))
    loud = [site for site in sites if site.level != "debug"]
    if loud:
        return "yes", tuple(loud)
    if sites:
        return "debug", sites
    return (_callee_prints(each.call, seen, hands_on=each.hands_on) if each.call is not None else "no"), ()


def _rows_on_the_way(function: Function, each: Exit) -> set[int]:
    """Return the rows that run when a function fails this way: the condition, the branch, and what follows the jump."""
    found = {row for first, last in each.rows[:1] for row in range(first, last + 1)}
    for statement in each.branch:
        if statement.kind not in ("if", "loop", "switch"):
            found.update(range(statement.first, statement.last + 1))
    exit_ = each.exit
    if exit_ is None:
        return found
    if exit_.kind == "goto":
        found |= _after_label(function, exit_.name, each.variable)
    elif exit_.kind == "break":
        found |= _after_loop(function, exit_, each.variable)
    return found


def _after_label(function: Function, label: str, variable: str) -> set[int]:
    """Return the rows that run from a label to the return."""
    body = _flat(function.body)
    for index, statement in enumerate(body):
        if statement.kind == "label" and statement.name == label:
            return _run(body[index:], variable)
    return set()


def _after_loop(function: Function, exit_: Statement, variable: str) -> set[int]:
    body = _flat(function.body)
    for index, statement in enumerate(body):
        if statement.kind == "loop" and statement.first <= exit_.first <= statement.last:
            return _run(body[index + 1 :], variable)
    return set()


def _flat(statements: Sequence[Statement]) -> list[Statement]:
    """Lay the statements of an #if and of bare blocks in a row."""
    found: list[Statement] = []
    for statement in statements:
        if statement.kind == "either":
            found.extend(_flat(statement.body + statement.orelse))
        else:
            found.append(statement)
    return found


def _run(statements: Sequence[Statement], variable: str) -> set[int]:
    """Return the rows that run, a test of the failed result taken as it then holds."""
    found: set[int] = set()
    for statement in statements:
        if statement.kind == "return":
            break
        if statement.kind == "if":
            tested = written(statement.expression)
            failed = tested in (variable, f"{variable} < 0", f"{variable} != 0") or (not variable and tested in ("ret", "err", "rc", "r"))
            if failed:
                found |= _run(statement.body, variable)
            elif tested in (f"!{variable}", f"{variable} == 0"):
                found |= _run(statement.orelse, variable)
        elif statement.kind == "expression":
            found.update(range(statement.first, statement.last + 1))
    return found


def _callee_prints(call: Expression, seen: _Seen, *, hands_on: bool) -> str:
    """Say what the callee of a failing call does about it, as far as the patch shows."""
    name = callee(call)
    known = calls()
    if known.printing.fullmatch(name) or _is_handed_printer(name):
        return "callee"
    given = [name, *(argument.text for argument in call.parts[1:] if argument.kind == "name")]
    inside = [each for each in given if each in seen.functions]
    if any(_prints_when_failing(each, seen, set()) for each in inside):
        return "callee"
    if inside:
        return "unseen" if any(_passes_through(seen.functions[each]) for each in inside) else "no"
    if known.firmware.fullmatch(name):
        return "unseen"
    return "unseen" if hands_on and not known.silent.fullmatch(name) and name else "no"


def _is_handed_printer(name: str) -> bool:
    """Tell whether a call goes to a function that was handed in to report an error."""
    return bool(re.fullmatch(r"(?:\w{0,80}_)?(?:err|error|prerr|report)_(?:func|fn|handler)", name))


def _prints_when_failing(name: str, seen: _Seen, visited: set[str]) -> bool:
    """Tell whether a function in view, or one that it calls, prints a failure."""
    if name in visited or len(visited) > 50:
        return False
    visited.add(name)
    if name in seen.loud:
        return True
    function = seen.functions[name]
    for statement in walk(function.body):
        for call in calls_in(statement.expression):
            if calls().printing.fullmatch(callee(call)):
                return True
            for each in (callee(call), *(argument.text for argument in call.parts[1:] if argument.kind == "name")):
                if each in seen.functions and _prints_when_failing(each, seen, visited):
                    return True
    return False


def _passes_through(function: Function) -> bool:
    """Tell whether a function does no more than return what the firmware answers; its caller then has the only failing path."""
    last = function.body[-1] if function.body else None
    value = last.expression if last is not None and last.kind == "return" else None
    return value is not None and value.kind == "call" and bool(calls().firmware.fullmatch(callee(value)))


def _passed_over(function: Function, where: tuple[str, ShownFile, str], seen: _Seen) -> list[FailingPath]:
    """Return what loops over online CPUs leave out, of a function that is seen as a whole."""
    path, piece, name = where
    if piece.has_gap(function.first, function.last) or piece.rows[function.first] is None:
        return []
    line = piece.rows[function.first] or piece.rows[min(function.first + 1, len(piece.rows) - 1)]
    place, number = Place(name, line.line if line else None), line.number if line else None
    return [
        FailingPath(place, function.name, text, "no", errno, (), path, number) for text, errno in silent_loops(function, seen.functions)
    ]


def _merged(paths: Sequence[FailingPath]) -> list[FailingPath]:
    """Keep one of several paths of a function that read alike: their conditions are one and the same."""
    return list({(path.file, path.function, path.condition): path for path in reversed(paths)}.values())[::-1]
