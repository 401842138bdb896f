"""Reads a program for a draft: forms, answers, and the steps behind the events of a run that goes well."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from typing import Any, TypedDict

from tdxwhy.errors import RulesError
from tdxwhy.know.decode import decode_leaf
from tdxwhy.shipped import folder
from tdxwhy.source.calls import calls
from tdxwhy.source.run.branching import Decision, Fault, Run
from tdxwhy.source.run.failing_cases import VMXON, unreached
from tdxwhy.source.run.interpreter import Machine
from tdxwhy.source.run.lines import Line
from tdxwhy.source.run.program import Program
from tdxwhy.source.run.values import Unknown, Value

_LEVELS = {"emerg": 0, "alert": 1, "crit": 2, "err": 3, "warn": 4, "default": 4, "notice": 5, "info": 6, "debug": 7}
_ANSWERS = {"ud": "UD", "gp": "GP", "vmfailinvalid": "VMFAILINVALID"}


class Reader:
    """Reads a program once and collects the tables."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.forms: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, dict[str, Any]] = {}
        self.unseen: list[str] = []
        self.runs = {entry: Machine(program).run(entry) for entry in program.entries()}

    def form(self, line: Line) -> str:
        """Return the id of a line's form, new or known."""
        text = line.prefix + line.format.replace("\\n", "").replace('\\"', '"')
        for known, form in self.forms.items():
            if form["format"] == text:
                return known
        name = slug(line.format, self.forms)
        row: dict[str, Any] = {"level": _LEVELS.get(line.level, 4), "format": text}
        if line.args:
            row["args"] = [self._argument(text, value) for text, value in zip(line.args, line.values, strict=False)]
        if line.call.startswith("WARN"):
            row["warning"] = line.file
        if line.once:
            row["once"] = True
        if line.ratelimited:
            row["ratelimited"] = True
        self.forms[name] = row
        return name

    def _argument(self, text: str, value: Value) -> str:
        """Return what the model calls a printed argument."""
        known = next((name for name, pattern in table()["arguments"].items() if re.search(pattern, text)), None) or by_value(value)
        if known is None:
            self.unseen.append(f"argument {text} of a printed line")
        return known or re.sub(r"\W+", "_", text).strip("_")

    def leaf_name(self, decision: Decision) -> str:
        """Return the name of the leaf that is asked."""
        known = decode_leaf(decision.leaf) if isinstance(decision.leaf, int) else None
        return known.name if known else decision.text

    def entry_with(self, *leaves: str) -> str | None:
        """Return the entry that asks the module for one of some leaves."""
        for entry, run in self.runs.items():
            if any(each.kind == "leaf" and self.leaf_name(each) in leaves for each in run.decisions):
                return entry
        return None

    def vmxon(self) -> dict[str, Any] | None:
        """Return the step that turns VMX on, with what it prints where it faults; None where no function here does."""
        for entry, well in self.runs.items():
            at = next((each for each in well.decisions if each.text == VMXON), None)
            if at is not None:
                lines = lines_after(well, Machine(self.program, Fault("branch", at.nth)).run(entry))
                return {"name": "early-init", "does": "vmxon", "print": [self.form(line) for line in lines if line.call.startswith("WARN")]}
        return None

    def read_answers(self, entry: str, closing: str) -> None:
        """Read what becomes of each kind of answer, and what a refusal prints; the `closing` line belongs to the operation."""
        for decision in leaves_asked(self.runs[entry]):
            run = self.refused(entry, decision, Unknown("status", failed=True))
            lines = [self.form(line) for line in without(lines_after(self.runs[entry], run), closing)]
            row = self.answers.setdefault("status", {"errno": number(run.result)})
            key = "print" if len(lines) <= len(row.get("print", lines)) else "print_registers"
            row.setdefault(key, lines)
        for name, suffix in _ANSWERS.items():
            symbol = next((each for each in calls().unreached if each.endswith(suffix)), "")
            first = next(iter(leaves_asked(self.runs[entry])), None)
            if first is not None and symbol in self.program.defines:
                run = self.refused(entry, first, unreached(self.program, symbol))
                self.answers.setdefault(name, {"errno": number(run.result)})

    def refused(self, entry: str, decision: Decision, answer: Value) -> Run:
        """Run an entry with one leaf answered otherwise."""
        return Machine(self.program, Fault("leaf", 1, decision.leaf, answer)).run(entry)

    def read_retry(self, entry: str) -> None:
        """Find a status that is asked for again, and how often: a constant of the tree that a loop around the stub waits out."""
        first = next(iter(leaves_asked(self.runs[entry])), None)
        for name in sorted(self.program.defines):
            if first is None or not name.startswith("TDX_") or self.program.defines[name].parameters is not None:
                continue
            value = Machine(self.program).constant(name)
            if isinstance(value, int) and value:
                machine = Machine(self.program, Fault("leaf", 1, first.leaf, value))
                machine.run(entry)
                if machine.counts.get(str(first.leaf), 0) > 1:
                    self.answers["retry"] = {"status": value, "tries": machine.counts[str(first.leaf)]}
                    return

    def step(self, entry: str, event: Line | Decision, closing: str) -> dict[str, Any] | None:
        """Turn one event of a run that goes well into a step; None where it is none."""
        if isinstance(event, Line):
            return {"name": "construct-tdmrs" if "PAMT" in event.format else "early-init", "does": "print", "print": [self.form(event)]}
        if event.kind == "leaf":
            return self._leaf_step(entry, event, closing)
        return self._condition_step(entry, event, closing) if event.fails else None

    def _leaf_step(self, entry: str, event: Decision, closing: str) -> dict[str, Any]:
        name = self.leaf_name(event)
        row: dict[str, Any] = {"name": name, "does": "seamcall"}
        run = self.refused(entry, event, Unknown("status", failed=True))
        lines = without(lines_after(self.runs[entry], run), closing)
        if len(lines) > len(self.answers.get("status", {}).get("print", [])):
            row["registers"] = True
        if name == "TDH.SYS.RD":
            row |= {"does": "read-metadata", "fields": self._fields(entry)}
        elif name == "TDH.SYS.KEY.CONFIG":
            row["each"] = "package"
        elif name == "TDH.SYS.TDMR.INIT":
            row["each"] = "tdmr"
        elif name == "TDH.SYS.CONFIG":
            row["arguments"] = "tdmrs"
        return row | self._extra_lines(entry, event, closing)

    def _extra_lines(self, entry: str, event: Decision, closing: str) -> dict[str, Any]:
        """Read what a module that is not there makes this leaf print, and whether its answer is remembered."""
        symbol = next((each for each in calls().unreached if each.endswith("VMFAILINVALID") and each in self.program.defines), "")
        row: dict[str, Any] = {}
        if symbol:
            lines = lines_after(self.runs[entry], self.refused(entry, event, unreached(self.program, symbol)))
            extra = [self.form(line) for line in without(lines, closing)]
            row |= {"print_vmfailinvalid": extra} if extra else {}
        if self.leaf_name(event) in ("TDH.SYS.INIT", "TDH.SYS.LP.INIT"):
            row |= {"unless": "cpu-enabled"} | self._remembered(entry, event)
        return row

    def _remembered(self, entry: str, event: Decision) -> dict[str, Any]:
        """Enter twice: a leaf that is not asked again is remembered, by its result or by the CPU."""
        machine = Machine(self.program, Fault("leaf", 1, event.leaf, Unknown("status", failed=True)))
        machine.run(entry)
        first = machine.counts.get(str(event.leaf), 0)
        machine.run(entry)
        if machine.counts.get(str(event.leaf), 0) == first:
            return {"remember": "result"}
        return {"remember": "cpu"}

    def _fields(self, entry: str) -> list[str]:
        """Return the metadata fields that a run asks for, or else those that a tree names, in their order."""
        asked = [each.operand for each in self.runs[entry].decisions if each.kind == "leaf" and self.leaf_name(each) == "TDH.SYS.RD"]
        found = [f"{operand:#018x}" for operand in asked if isinstance(operand, int) and operand]
        if len(found) > 1:
            return list(dict.fromkeys(found))
        found = []
        for define in sorted(self.program.defines.values(), key=lambda each: each.row):
            value = Machine(self.program).constant(define.name) if re.search(r"(?:^|_)FIELD_ID_|^MD_", define.name) else 0
            if isinstance(value, int) and value >> 56 & 0x80:
                found.append(f"{value:#018x}")
        if not found:
            self.unseen.append("the metadata fields that TDH.SYS.RD reads")
        return found

    def _condition_step(self, entry: str, event: Decision, closing: str) -> dict[str, Any] | None:
        about = f"{event.text} {event.about}".strip()
        run = Machine(self.program, Fault("branch", event.nth)).run(entry)
        well = self.runs[entry]
        if (run.result, run.lines) == (well.result, well.lines):
            return None
        if not number(run.result) and run.lines[-1:] == well.lines[-1:] and well.lines:
            return {"near_limit": [self.form(line) for line in run.lines if line not in well.lines]}
        if any(re.search(pattern, event.text) for pattern in table()["impossible"]["matches"]):
            return None
        for row in table()["condition"]:
            if re.search(row["match"], event.text) or re.search(row["match"], event.about):
                return dict(row["step"]) | self._outcome(entry, run, row["step"], closing)
        errno = number(run.result)
        self.unseen.append(f"{event.chain[-1]}() gives up on {about} ({errno}, {len(lines_after(self.runs[entry], run))} lines)")
        return None

    def _outcome(self, entry: str, run: Run, step: dict[str, Any], closing: str) -> dict[str, Any]:
        lines = lines_after(self.runs[entry], run)
        names = [self.form(line) for line in (without(lines, closing) if number(run.result) else lines)]
        result: dict[str, Any] = {"stop" if step["does"] == "check" else "errno": number(run.result)}
        return result | ({"print": names} if names else {})


def without(lines: list[Line], closing: str) -> list[Line]:
    """Leave the closing line out."""
    return lines[:-1] if lines and closing and lines[-1].format == closing else lines


def leaves_asked(run: Run) -> list[Decision]:
    """Return the first question of each leaf."""
    found: dict[str, Decision] = {}
    for each in run.decisions:
        if each.kind == "leaf":
            found.setdefault(str(each.leaf), each)
    return list(found.values())


def lines_after(well: Run, run: Run) -> list[Line]:
    """Return the lines of a failing run from where it leaves the one that goes well."""
    same = 0
    while same < min(len(well.lines), len(run.lines)) and well.lines[same].text == run.lines[same].text:
        same += 1
    return list(run.lines[same:])


def by_value(value: Value) -> str | None:
    """Return what the model calls an argument, told by what it held when it was printed."""
    if isinstance(value, Unknown):
        return (
            "status" if value == Unknown("status", failed=True) else "notifier_errno" if "register_memory_notifier" in value.text else None
        )
    if isinstance(value, int) and -4095 <= value < 0:
        return "errno"
    return "leaf" if isinstance(value, int) and decode_leaf(value) is not None else None


def number(value: Value) -> int:
    """Return a returned number, 0 where it is not known."""
    return value if isinstance(value, int) else 0


def slug(text: str, taken: dict[str, Any]) -> str:
    """Return an id made of the words of a format, one that is not taken."""
    words = re.findall(r"[a-z]+", re.sub(r"%\S+", "", text.replace("\\n", "")).lower())
    name = "-".join(words[:5]) or "line"
    return name if name not in taken else f"{name}-{len(taken)}"


class _Condition(TypedDict):
    match: str
    step: dict[str, str | bool]


class _Impossible(TypedDict):
    matches: list[str]


class _Table(TypedDict):
    condition: list[_Condition]
    impossible: _Impossible
    arguments: dict[str, str]


@lru_cache(maxsize=1)
def table() -> _Table:
    """Return rules/knowledge/extract.toml."""
    import msgspec

    try:
        rows = tomllib.loads((folder("rules/knowledge") / "extract.toml").read_text(encoding="utf-8"))
        wrong = set(rows) - set(_Table.__annotations__)
        if wrong:
            raise RulesError(f"knowledge/extract.toml: unknown table {min(wrong)!r}")
        return msgspec.convert(rows, _Table)
    except (OSError, ValueError) as error:
        raise RulesError(f"knowledge/extract.toml: {error}") from None
