"""The reading of global metadata: fields one after the other, and tables as long as a field says."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from tdxwhy.extract.leaves import LeafCall, Leaves
from tdxwhy.source.run.values import Unknown

_FIRST = re.compile(r"0[xX][0-9a-fA-F]+")


class Fields:
    """Calls of TDH.SYS.RD that follow each other: what of them is one step."""

    def __init__(self, leaves: Leaves) -> None:
        self.leaves = leaves
        self.calls: list[LeafCall] = []

    def add(self, asked: LeafCall) -> None:
        """Add a call."""
        self.calls.append(asked)

    def steps(self) -> list[dict[str, Any]]:
        """Return the steps of the calls so far, and begin anew: fields and tables apart, and those after which the same line comes."""
        rows: list[dict[str, Any]] = []
        widths = Counter(_table(each) for each in self.calls if _table(each))
        for each in self.calls:
            made = self.leaves.step(each) | {"does": "read-metadata"}
            operand, start = each.decision.operand, _table(each)
            if isinstance(operand, int) and operand:
                key, value = "fields", f"{operand:#018x}"
            elif start:
                key, value = "tables", f"{start:#018x} {widths[start]}"
            else:
                key, value = "fields", ""
            last = rows[-1] if rows else None
            if last is not None and key in last and {**last, key: 0} == {**made, key: 0}:
                last[key] = last[key] if value in last[key] or not value else [*last[key], value]
            else:
                rows.append(made | {key: [value] if value else []})
        self.calls = []
        return [self._named(row) for row in rows]

    def _named(self, row: dict[str, Any]) -> dict[str, Any]:
        """Fill in fields that no call showed: those that the tree has names for."""
        if row.get("fields") == []:
            row["fields"] = _fields_by_name(self.leaves)
        return row


def _table(asked: LeafCall) -> int:
    """Return where a table begins whose entries are asked one by one, 0 if it is none."""
    operand = asked.decision.operand
    found = _FIRST.search(operand.text) if isinstance(operand, Unknown) else None
    value = int(found[0], 16) if found else 0
    return value if value >> 56 & 0x80 else 0


def _fields_by_name(leaves: Leaves) -> list[str]:
    from tdxwhy.source.run.interpreter import Interpreter

    program = leaves.stage.program
    found = []
    for define in sorted(program.defines.values(), key=lambda each: each.row):
        value = Interpreter(program).constant(define.name) if re.search(r"(?:^|_)FIELD_ID_|^MD_", define.name) else 0
        if isinstance(value, int) and value >> 56 & 0x80:
            found.append(f"{value:#018x}")
    if not found:
        leaves.book.unseen.append("the metadata fields that TDH.SYS.RD reads")
    return found
