"""The rows of an operation as they are put together: what one word says, what is said already, what stands in stages."""

from __future__ import annotations

from itertools import groupby
from typing import Any

INIT, LP_INIT = "TDH.SYS.INIT", "TDH.SYS.LP.INIT"
# The step of what is done before the module is asked for anything.
EARLY = "early-init"
Row = dict[str, Any]
# Notes on a row until it is written: its point of the run, and what a stopped CPU does it with.
AT = "_at"
STAGE = "_stage"
_STOPPED = ("lead-cpu", "stopped-cpu")


def forgetting(rows: list[Row]) -> list[Row]:
    """Say where an operation after bring-up makes the kernel forget what the module was asked: it asks for it again."""
    again = next((place for place, row in enumerate(rows) if row["name"] in (INIT, LP_INIT) and row["does"] == "seamcall"), None)
    if again is None:
        return rows
    place = next((place + 1 for place, row in enumerate(rows[:again]) if row["name"] == "TDH.SYS.SHUTDOWN"), again)
    last = max(place for place, row in enumerate(rows) if row["does"] == "seamcall") + 1
    name = rows[place - 1]["name"]
    lost = [{"name": name, "does": "set", "set": "module=lost"}, {"name": name, "does": "forget"}]
    return [*rows[:place], *lost, *rows[place:last], {"name": name, "does": "set", "set": "module=initialized"}, *rows[last:]]


def in_stages(rows: list[Row], name: str) -> tuple[list[Row], list[Row]]:
    """Make an operation of what the same stopped CPUs do one after the other; return the steps that are left, and the operations."""
    found: list[Row] = []
    operations: list[Row] = []
    for (each, _), group in groupby(rows, lambda row: (row["each"], row[STAGE]) if row.get("each") in _STOPPED else ("", ())):
        inside = list(group)
        if not each:
            found += inside
            continue
        called = f"{name}-{len(operations) + 1}"
        operations.append({"name": called, "step": [{key: value for key, value in row.items() if key != "each"} for row in inside]})
        found.append({"name": inside[0]["name"], "does": "call", "call": called, "each": each})
    return found, operations


def without_places(rows: list[Row]) -> list[Row]:
    """Return steps as they are written."""
    return [{key: value for key, value in row.items() if key not in (AT, STAGE)} for row in rows]


def append(found: list[Row], row: Row, always: set[str]) -> None:
    """Add a step, unless the one before says it already."""
    if row.get("does") == "print" and set(row["print"]) <= always:
        return
    near = "stop" not in row and row.get("when") == "as-written"
    if near and found and found[-1].get("does") == "fill-tdmrs" and "print_near_limit" not in found[-1]:
        found[-1]["print_near_limit"] = row["print"]
        return
    if row["does"] == "check" and _settled(row["when"]) and any(each.get("when") == row["when"] and "stop" in each for each in found):
        return
    if row["does"] not in ("print", "call", "set") and without_places([row])[0] in without_places(found):
        return
    found.append(row)


def in_place(rows: list[Row]) -> list[Row]:
    """Call what is printed while the module is brought up by the step behind which it is."""
    name = ""
    for row in rows:
        name = row["name"] if row["name"] != EARLY else name
        row["name"] = name or row["name"]
    return rows


def without_last_line(body: list[Row]) -> tuple[list[Row], list[str]]:
    """Take the line that ends a good run out of its steps."""
    if body and body[-1]["does"] == "print":
        return [*body[:-1], *([body[-1] | {"print": body[-1]["print"][:-1]}] if body[-1]["print"][1:] else [])], body[-1]["print"][-1:]
    return body, []


def _settled(when: str) -> bool:
    """Tell whether a condition is a fact of the machine that stays as it is: asked again, it cannot be met for the first time."""
    return when != "as-written" and "=" not in when


def merged(rows: list[Row]) -> list[Row]:
    """Put steps together that the model has one word for: VMX that is not there, and VMXON that faults."""
    asked = [row["name"] for row in rows if row["does"] == "seamcall" and row["name"] in (INIT, LP_INIT)]
    found: list[Row] = []
    for row in rows:
        if row["does"] != "vmxon":
            found.append(row)
            continue
        silent = [each for each in found if each.get("when") == "vmx-unsupported" and "print" not in each]
        before = [*silent, *(each for each in found if "CR4_VMXE" in each.get("at", ""))]
        off = next((each["stop"] for each in silent), 0)
        found = [each for each in found if each not in before]
        found.append(row | ({"unsupported_errno": off} if off else {}) | ({"needed_by": asked} if asked else {}))
    return found
