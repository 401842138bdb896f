"""A draft of a generation file, read off a kernel's source: its forms, its answers, its operations, and what could not be followed."""

from __future__ import annotations

from typing import Any, NamedTuple

from tdxwhy.errors import NothingToJudge
from tdxwhy.explain.draft_reader import Reader, leaves_asked, lines_after
from tdxwhy.source.run.failing_cases import runs_at_boot
from tdxwhy.source.run.program import Program
from tdxwhy.source.run.values import Unknown

_LATE = ("TDH.SYS.CONFIG", "TDH.SYS.TDMR.INIT")


class Draft(NamedTuple):
    """What was read: the tables of a generation file, and one line for each thing that was not followed."""

    name: str
    answers: dict[str, dict[str, Any]]
    forms: dict[str, dict[str, Any]]
    operations: tuple[dict[str, Any], ...]
    unseen: tuple[str, ...]


def draft(program: Program, name: str) -> Draft:
    """Draft a generation of the kernel that a program is read from."""
    reader = Reader(program)
    enable, cpu = reader.entry_with(*_LATE), reader.entry_with("TDH.SYS.LP.INIT")
    if enable is None:
        raise NothingToJudge(f"{name}: no function here brings the TDX module up")
    closing = _closing(reader, enable)
    reader.read_retry(cpu or enable)
    if cpu is not None and cpu != enable:
        reader.read_answers(cpu, "")
    reader.read_answers(enable, closing)
    operations = [_boot(reader)]
    if cpu is not None and cpu != enable:
        operations += _caller(reader, cpu, enable)
        operations.append(_initialize(reader, _steps(reader, enable, closing), enable, closing))
    else:
        operations += _all_in_one(reader, enable, closing)
    boot = [entry for entry, run in reader.runs.items() if runs_at_boot(program, entry, run)]
    unseen = [*reader.unseen, *(each for entry in (*boot, cpu, enable) if entry is not None for each in reader.runs[entry].unseen)]
    return Draft(name, reader.answers, reader.forms, tuple(operations), tuple(dict.fromkeys(unseen)))


def _steps(reader: Reader, entry: str, closing: str) -> list[dict[str, Any]]:
    """Return the steps of an entry in order, each once."""
    found: list[dict[str, Any]] = []
    for event in reader.runs[entry].events:
        row = reader.step(entry, event, closing)
        if row is not None and "near_limit" in row and found and found[-1]["does"] == "fill-tdmrs":
            found[-1]["print_near_limit"] = row["near_limit"]
        elif row is not None and "near_limit" not in row and row not in found:
            found.append(row)
    return found


def _boot(reader: Reader) -> dict[str, Any]:
    """Return what the kernel does by itself: the entries that never ask the module, and print."""
    steps: list[dict[str, Any]] = []
    for entry, run in reader.runs.items():
        if runs_at_boot(reader.program, entry, run):
            steps += _steps(reader, entry, "")
    return {"name": "boot", "asked": "boot", "returns": 0, "step": [*steps, {"name": "early-init", "does": "set", "set": "platform=on"}]}


def _caller(reader: Reader, cpu: str, enable: str) -> list[dict[str, Any]]:
    """Return the operations of a caller outside the tree, as the exported functions want to be called."""
    reader.unseen.append(
        f"nobody in this tree calls {cpu}() and {enable}(); the caller is drafted: VMXON, every online CPU, then the module"
    )
    vmxon = reader.vmxon()
    if vmxon is None:
        reader.unseen.append("VMXON, and what it prints where it faults: done by the caller")
    call = {"name": "early-init", "does": "call"}
    steps = [
        {"name": "early-init", "does": "check", "when": "platform=off", "stop": -19},
        call | {"call": "vmxon", "each": "online-cpu"},
        call | {"call": "cpu-enable", "each": "online-cpu", "installs": "callbacks=on"},
        {"name": "early-init", "does": "check", "when": "module=initialized", "stop": 0},
        {"name": "early-init", "does": "check", "when": "module=error", "stop": -22, "set": "callbacks=off"},
        call | {"call": "initialize"},
    ]
    return [
        {"name": "enable", "asked": "enable", "attempt": True, "lock": "caller", "returns": 0, "step": steps},
        {"name": "vmxon", "step": [vmxon or {"name": "early-init", "does": "vmxon"}]},
        {"name": "cpu-enable", "step": _steps(reader, cpu, "")},
        {
            "name": "online-cpu",
            "asked": "online",
            "needs": "callbacks=on",
            "step": [call | {"call": each} for each in ("vmxon", "cpu-enable")],
        },
    ]


def _all_in_one(reader: Reader, entry: str, closing: str) -> list[dict[str, Any]]:
    """Split one entry that does everything: what fails before the closing line is owed, and the CPUs, are operations of their own."""
    steps = _steps(reader, entry, closing)
    first = max((index for index, row in enumerate(steps) if row["name"] in ("TDH.SYS.INIT", "TDH.SYS.LP.INIT")), default=-1) + 1
    early = [{key: value for key, value in row.items() if key != "unless"} for row in steps[:first] if row["name"] != "TDH.SYS.LP.INIT"]
    cpus = [row for row in steps[:first] if row["name"] == "TDH.SYS.LP.INIT"]
    call = {"name": "early-init", "does": "call"}
    checks = [
        {"name": "early-init", "does": "check", "when": "module=initialized", "stop": 0},
        {"name": "early-init", "does": "check", "when": "module=error", "stop": -22},
    ]
    rest = [call | {"call": "cpu-enable", "each": "online-cpu"}] if cpus else []
    enable = {
        "name": "enable",
        "asked": "enable",
        "attempt": True,
        "returns": 0,
        "step": [*checks, *early, *rest, call | {"call": "initialize"}],
    }
    cpu = [{"name": "cpu-enable", "step": cpus}] if cpus else []
    return [enable, *cpu, _initialize(reader, steps[first:], entry, closing)]


def _initialize(reader: Reader, steps: list[dict[str, Any]], entry: str, closing: str) -> dict[str, Any]:
    """Return the operation that ends with a line for good and for bad."""
    well = reader.runs[entry]
    failure = reader.refused(entry, leaves_asked(well)[-1], Unknown("status", failed=True))
    done = reader.form(well.lines[-1]) if well.lines else None
    kept = [row for row in steps if row.get("when") != "platform=off" and row.get("print") != [done]]
    last = [reader.form(line) for line in failure.lines[-1:] if line.format == closing]
    return {
        "name": "initialize",
        "on_failure": {"print": last, "set": ["module=error", "callbacks=off"]},
        "on_success": {"print": [done] if done else [], "set": ["module=initialized"]},
        "step": kept,
    }


def _closing(reader: Reader, entry: str) -> str:
    """Return the format of the line that ends every failure of the late steps, "" if there is none: it belongs to the operation."""
    well = reader.runs[entry]
    late = [each for each in leaves_asked(well) if reader.leaf_name(each) not in ("TDH.SYS.INIT", "TDH.SYS.LP.INIT")]
    runs = [lines_after(well, reader.refused(entry, each, Unknown("status", failed=True))) for each in late]
    last = {lines[-1].format for lines in runs if len(lines) > 1}
    return last.pop() if len(last) == 1 and all(len(lines) > 1 for lines in runs) else ""


def as_toml(made: Draft) -> str:
    """Write a draft as a generation file; what was not followed stands above it as comments."""
    rows = [
        f"# A draft, read off the source of {made.name}; not yet read by a person.",
        *(f"# not followed: {each}" for each in made.unseen),
    ]
    rows += [
        f"name = {_value(made.name)}",
        'kernels = "as read"',
        "covered = false",
        f'source = "tdxwhy model extract {made.name}"',
        "",
        "[answers]",
    ]
    rows += [f"{name} = {_value(row)}" for name, row in made.answers.items()]
    rows += ["", "[form]", *(f"{name} = {_value(row)}" for name, row in made.forms.items())]
    for operation in made.operations:
        rows += ["", "[[operation]]"]
        rows += [f"{key} = {_value(value)}" for key, value in operation.items() if key != "step"]
        rows += ["step = [", *(f"    {_value(step)}," for step in operation["step"]), "]"]
    return "\n".join(rows) + "\n"


def _value(value: object) -> str:
    """Write a value as inline TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value) if value < 1 << 32 else f"{value:#x}"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(each) for each in value) + "]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(each if each >= " " else f"\\u{ord(each):04x}" for each in text) + '"'
