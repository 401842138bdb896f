"""What a draft collects while a program is read: the lines that are printed, what becomes of answers, and what was not followed."""

from __future__ import annotations

import re
from collections.abc import Container
from functools import cache
from itertools import chain
from itertools import count as count_from
from typing import Any

from tdxwhy import toml
from tdxwhy.errors import RulesError
from tdxwhy.know.decode import decode_leaf, leaf_named
from tdxwhy.know.printf import CONVERSION, conversions
from tdxwhy.levels import SHORT
from tdxwhy.noun import NamedTuple
from tdxwhy.shipped import folder
from tdxwhy.source.calls import calls
from tdxwhy.source.run.branching import Decision
from tdxwhy.source.run.lines import PrintedLine
from tdxwhy.source.run.values import SymbolicName, Unknown, Value
from tdxwhy.strict import strict, typed

_LEVELS = {"default": 4, **{name: number for number, name in enumerate(SHORT)}}
_WORDS = 5
_NUMBER = re.compile(rf"(?:0x)?(?:{CONVERSION.pattern})")
_LEAF = re.compile(r"fn|leaf|func|\bop\b", re.IGNORECASE)
_STATUS = re.compile(r"err|ret|status|rax", re.IGNORECASE)
# A leaf written into a format by a macro: the model has one form for all leaves.
_NAMED_LEAF = re.compile(r"\bSEAMCALL (TDH_[A-Z_]+) failed")


class Book:
    """The forms and answers of a draft, each once, and one line for each thing that was not followed."""

    def __init__(self) -> None:
        self.forms: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, dict[str, Any]] = {}
        self.unseen: list[str] = []
        # How what a leaf was answered is remembered, as bringing the module up shows it.
        self.remembered: dict[str, str] = {}

    def form(self, line: PrintedLine) -> str:
        """Return the id of a line's form, new or known."""
        text, args = self._format(line)
        row: dict[str, Any] = {"level": _LEVELS.get(line.level, 4), "format": text}
        if args:
            row["args"] = args
        if line.call.startswith(("WARN", "KVM_BUG", "VM_WARN")):
            row["warning"] = line.file
        if line.once:
            row["once"] = True
        if line.ratelimited:
            row["ratelimited"] = True
        if any("cmr" in arg for arg in args):
            row["each"] = "cmr"
        for known, form in self.forms.items():
            if form == row:
                return known
        name = slug(text.removeprefix(line.prefix) or f"warning {line.function}", self.forms, line.prefix)
        self.forms[name] = row
        return name

    def names(self, lines: list[PrintedLine]) -> list[str]:
        """Return the ids of lines in order; a line for each of several things stands once."""
        found = [self.form(line) for line in lines]
        return [name for place, name in enumerate(found) if not (place and found[place - 1] == name and "each" in self.forms[name])]

    def _format(self, line: PrintedLine) -> tuple[str, list[str]]:
        """Return a line's format with its prefix, known text laid in, and what the model calls its arguments."""
        template = line.prefix + line.format.replace("\\n", "").replace('\\"', '"')
        left = list(zip(line.args, line.values, strict=False))
        args: list[str] = []

        def lay(found: re.Match[str]) -> str:
            if found[0] == "%%":
                return found[0]
            text, value = left.pop(0) if left else ("?", Unknown("?"))
            if found[0].endswith("s") and isinstance(value, str):
                if leaf_named(value) is None:
                    return value
                args.append("leaf_name")
            else:
                args.append(self._argument(text, value))
            return found[0]

        text = CONVERSION.sub(lay, template)
        leaf = _NAMED_LEAF.search(text)
        if leaf is None:
            return text, args
        before = len(list(conversions(text[: leaf.start()])))
        return f"{text[: leaf.start(1)]}%s{text[leaf.end(1) :]}", [*args[:before], "leaf_name", *args[before:]]

    def _argument(self, text: str, value: Value) -> str:
        """Return what the model calls a printed argument."""
        known = next((name for name, pattern in table().arguments.items() if re.search(pattern, text)), None) or by_value(text, value)
        if known is None:
            self.unseen.append(f"argument {text} of a printed line")
        return known or "unknown"


def leaf_name(decision: Decision) -> str:
    """Return the name of the leaf that is asked."""
    known = decode_leaf(decision.leaf) if isinstance(decision.leaf, int) else None
    return known.name if known else decision.text


def by_value(text: str, value: Value) -> str | None:
    """Return what the model calls an argument, told by what it held when it was printed."""
    if isinstance(value, Unknown):
        return "notifier_errno" if "register_memory_notifier" in value.text else None
    if isinstance(value, SymbolicName):
        return "status" if value.name in calls().unreached else None
    if isinstance(value, int) and -4095 <= value < 0:
        return "errno"
    if isinstance(value, int) and decode_leaf(value) is not None and _LEAF.search(text):
        return "leaf"
    return "status" if isinstance(value, int) and value >> 32 and _STATUS.search(text) else None


def number(value: Value) -> int:
    """Return a returned number, 0 where it is not known."""
    return value if isinstance(value, int) else 0


def slug(text: str, taken: Container[str], prefix: str = "") -> str:
    """Return an id made of the words of a format, one that is not taken: with its prefix, or more and more words, or a number."""
    words = re.findall(r"[a-z0-9]+", _NUMBER.sub(" ", text.replace("\\n", " ")).lower())
    name = "-".join(words[:_WORDS]) or "line"
    longer = ["-".join(words[:count]) for count in range(_WORDS + 1, len(words) + 1)]
    before = ["-".join([*re.findall(r"[a-z]+", prefix.lower()), name])] if prefix else []
    numbered = (f"{name}-{number}" for number in count_from(2))
    return next(each for each in chain((name,), before, longer, numbered) if each not in taken)


class CodeCondition(NamedTuple):
    """A condition that the model has a word for: what it looks like in C, and the step that it makes."""

    match: str
    step: dict[str, str | bool]


class Sought(NamedTuple):
    """An operation that is found by a leaf that it asks, or by its function: the word that starts it, and what its steps are called."""

    asked: str
    name: str
    step: str
    leaf: str = ""
    function: str = ""
    needs: str = ""
    value: str = ""
    subject: str = ""
    ability: str = ""
    after: tuple[str, ...] = ()
    without_kvm: int | None = None


class Readings(NamedTuple):
    """How what stands in a kernel's source becomes steps of a generation file: the tables of rules/knowledge/extract.toml.

    `of_module`: the cause of what a module refuses, and those instead of which it stands. `impossible`: what no scenario brings about.
    """

    condition: tuple[CodeCondition, ...]
    of_module: dict[str, str | list[str]]
    impossible: dict[str, list[str]]
    arguments: dict[str, str]
    operation: tuple[Sought, ...]
    words: dict[str, str]
    subjects: dict[str, str]
    designs: dict[str, str]
    given: dict[str, str]
    faults: dict[str, str]


@cache
def table() -> Readings:
    """Return rules/knowledge/extract.toml."""
    path = folder("rules/knowledge") / "extract.toml"
    try:
        found: Readings = typed(toml.read(path), strict(Readings))
    except ValueError as error:
        raise RulesError(f"{toml.name_of(path)}: {error}") from None
    return found
