"""The grammar of print calls: a call with its arguments, a format with its literals and macros; and the PrintSite that they make."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from tdxwhy.hints import TYPE_CHECKING
from tdxwhy.know.names import named, tells_failure
from tdxwhy.noun import NamedTuple
from tdxwhy.records import Naming, Place
from tdxwhy.source.calls import PrintCall, calls, print_call, print_pattern
from tdxwhy.source.code import Fragment, functions
from tdxwhy.source.nouns import PrintSite

if TYPE_CHECKING:
    import pyparsing as pp

_LONGEST_CALL = 4096
_LINE = 400
_DEEPEST_CALL = 32
_BRACKETS = re.compile(r'"(?:[^"\\\n]++|\\.){0,128}"|\'(?:[^\'\\\n]++|\\.){0,128}\'|[(){}\[\]]')
_LITERAL_DEFINE = re.compile(r'#[ \t]*define[ \t]+(?P<name>\w+)[ \t]+(?P<body>(?:"(?:[^"\\\n]++|\\.)*+"|\n(?=[ \t]*")|[ \t])+)')
# A format that stands for text defined where we do not see it is known by its name.
_MACRO = re.compile(r"[A-Z][A-Z0-9_]{3,}")
_KERN = {
    "KERN_EMERG": "emerg",
    "KERN_ALERT": "alert",
    "KERN_CRIT": "crit",
    "KERN_ERR": "err",
    "KERN_WARNING": "warn",
    "KERN_NOTICE": "notice",
    "KERN_INFO": "info",
    "KERN_DEBUG": "debug",
    "KERN_CONT": "cont",
}


class _Grammar(NamedTuple):
    call: pp.ParserElement
    format: pp.ParserElement


class Call(NamedTuple):
    """A call as written: its name, its arguments, and where it begins and ends in the text."""

    name: str
    arguments: tuple[str, ...]
    start: int
    end: int


def defined_literals(text: str) -> dict[str, str]:
    """Return the macros of a text that stand for literals. Accepted form: #define NAME "text" "text", over several lines."""
    found = {}
    for match in _LITERAL_DEFINE.finditer(text):
        read = read_format(match["body"].strip())
        if read:
            found[match["name"]] = read[1]
    return found


def fragment_sites(fragment: Fragment, name: str, literals: Mapping[str, str] = MappingProxyType({})) -> list[PrintSite]:
    """Return the print calls of one fragment; `literals` are the macros that stand for text."""
    sites = []
    inside: tuple[str | None, ...] | None = None
    for found in print_pattern().finditer(fragment.text):
        known = print_call(found["call"])
        if known is None or _is_declaration(fragment.text, found.start()):
            continue
        call = read_call(fragment.text, found.start())
        if call is None:
            continue
        inside = inside or functions(fragment)
        site = site_of(fragment, call, known, inside[fragment.line_at(call.start)], literals)
        if site is not None:
            sites.append(site._replace(place=site.place._replace(source=name)))
    return sites


def site_of(
    fragment: Fragment, call: Call, known: PrintCall, function: str | None, literals: Mapping[str, str] = MappingProxyType({})
) -> PrintSite | None:
    """Make a PrintSite of a call; None where its format is no literal."""
    said = _said(call, known, literals)
    if said is None:
        return None
    level, written, args = said
    first, last = fragment.line_at(call.start), fragment.line_at(max(call.start, call.end - 1))
    line = fragment.lines[first]
    added = line.kind == "+" or any(fragment.touched[first + 1 : last + 1])
    failure = call.name.startswith(("WARN", "VM_WARN", "KVM_BUG", "panic", "nmi_panic")) or tells_failure(level, written)
    names = named(written, args, f"{fragment.file} {call.name}") if written else Naming(package=False, cpu=False, cpu_state=False)
    place = Place(fragment.file, line.line)
    return PrintSite(
        place, call.name, level, written, args, function, added, failure, names, known.once, known.ratelimited, fragment.file, line.number
    )


def _said(call: Call, known: PrintCall, literals: Mapping[str, str]) -> tuple[str, str, tuple[str, ...]] | None:
    """Return level, format and arguments of a print call; None where its format is no literal."""
    arguments, position = call.arguments, known.format
    if position == -2:
        inside = read_call(f"list{arguments[0]}", 0) if arguments and arguments[0].startswith("(") else None
        arguments = inside.arguments if inside else ()
        position = next((index for index, each in enumerate(arguments) if each.startswith('"')), len(arguments))
    if position == -3:
        return _sentence(call, known, literals)
    if position < 0:
        return known.level, "", arguments
    read = read_format(arguments[position], literals) if position < len(arguments) else None
    if read is None and position < len(arguments) and _MACRO.fullmatch(arguments[position]):
        read = ("", arguments[position])
    if read is None:
        return None
    return (read[0] or "default" if known.level == "argument" else known.level), read[1], arguments[position + 1 :]


def _sentence(call: Call, known: PrintCall, literals: Mapping[str, str]) -> tuple[str, str, tuple[str, ...]] | None:
    """Return level, format and arguments of a subsystem's own print: the first literal that is more than a word is the format."""
    level = known.level
    for index, argument in enumerate(call.arguments):
        read = read_format(argument, literals) if '"' in argument or argument in _KERN else None
        if known.level == "argument":
            level = _KERN.get(argument, (read and read[0]) or level)
        if read and " " in read[1].strip():
            return ("default" if level == "argument" else level), read[1], call.arguments[index + 1 :]
    return None


def read_call(text: str, start: int) -> Call | None:
    """Read the call that begins at `start`. Accepted form: NAME ( ARGUMENT , ... ), nested at most 32 deep and 4096 characters long."""
    end = _closing(text, start)
    if end is None:
        return None
    parts = _parts(text[start:end])
    return Call(parts[0], parts[1:], start, end) if parts else None


@lru_cache(maxsize=2048)
def _parts(call: str) -> tuple[str, ...]:
    """Return the name and the arguments of a call, () where it is none; several readers ask for a patch's calls."""
    import pyparsing as pp

    try:
        parts = _grammar().call.parse_string(call).as_list()
    except (pp.ParseException, RecursionError):
        return ()
    return (str(parts[0]), *(squeeze(part) for part in parts[1:]))


def read_format(argument: str, literals: Mapping[str, str] = MappingProxyType({})) -> tuple[str, str] | None:
    """Return the level and the text of a format. Accepted form: KERN_* and other macros, and literals, side by side; parentheses around."""
    parts = _written(argument)
    if not parts:
        first = re.search(r'"((?:[^"\\]++|\\.){0,128})"', argument)
        return ("", first[1]) if first and "?" in argument else None
    level, text = "", ""
    for part in parts:
        if part.startswith('"'):
            text += part[1:-1]
        elif part in _KERN:
            level = _KERN[part]
        elif part.islower() and part not in literals:
            return None  # a macro's own parameter: whoever uses the macro has the text
        else:
            text += literals.get(part) or calls().literals.get(part, "")
    return (level, text) if any(part.startswith('"') or part in literals for part in parts) else None


@lru_cache(maxsize=2048)
def _written(argument: str) -> tuple[str, ...]:
    import pyparsing as pp

    try:
        return tuple(str(part) for part in _grammar().format.parse_string(argument, parse_all=True))
    except pp.ParseException:
        return ()


@lru_cache(maxsize=1)
def _grammar() -> _Grammar:
    import pyparsing as pp

    literal = pp.Regex(r'"(?:[^"\\\n]|\\.)*"')
    character = pp.Regex(r"'(?:[^'\\\n]|\\.)+'")
    plain = pp.Regex(r"""[^()\[\]{},"']+""")
    nested = pp.Forward()
    item = literal | character | nested | plain
    inner = pp.ZeroOrMore(item | ",")
    nested <<= ("(" + inner + ")") | ("[" + inner + "]") | ("{" + inner + "}")
    argument = pp.original_text_for(pp.OneOrMore(item)) | pp.Empty().set_parse_action(lambda: "")
    name = pp.Word(pp.alphas + "_", pp.alphanums + "_")
    empty = pp.Suppress("(") + pp.Suppress(")")
    call = name + (empty | pp.Suppress("(") + argument + pp.ZeroOrMore(pp.Suppress(",") + argument) + pp.Suppress(")"))
    concatenation = pp.OneOrMore(literal | name)
    written = concatenation | pp.Suppress("(") + concatenation + pp.Suppress(")")
    return _Grammar(call.parse_with_tabs(), written.parse_with_tabs())


def _closing(text: str, start: int) -> int | None:
    """Return the end of the call that begins at `start`; None where it is torn off, too long or too deep."""
    depth = 0
    for found in _BRACKETS.finditer(text, start, start + _LONGEST_CALL):
        mark = found[0]
        if mark in "([{":
            depth += 1
            if depth > _DEEPEST_CALL:
                return None
        elif mark in ")]}":
            depth -= 1
            if depth <= 0:
                return found.end()
    return None


def _is_declaration(text: str, start: int) -> bool:
    """Tell whether a name is being defined or declared, as in `#define pr_err(` or `int printk(`."""
    before = text[max(text.rfind("\n", 0, start) + 1, start - _LINE) : start]
    return bool(re.search(r"#\s*(?:define|undef)\s+$|^\s*(?:extern\s+)?(?:int|void|static)\b[\s\w*]*$", before))


def squeeze(part: str) -> str:
    """Take line breaks out of an argument, not out of its literals."""
    return " ".join(filter(None, map(str.strip, part.split("\n"))))


def prefix(text: str) -> str:
    """Return what `#define pr_fmt(fmt)` puts before each message of a file, "" if nothing."""
    found = re.search(r"^[ \t]*#[ \t]*define[ \t]+pr_fmt[ \t]*\([ \t]*(\w+)[ \t]*\)[ \t]++(?P<body>.+)$", text, re.MULTILINE)
    if found is None:
        return ""
    read = read_format(re.sub(rf"\b{re.escape(found[1])}\b.*", "", found["body"]).strip() or '""')
    return read[1] if read else ""
