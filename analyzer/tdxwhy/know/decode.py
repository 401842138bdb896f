"""What a completion status, a SEAMCALL leaf or an errno means."""

from __future__ import annotations

from functools import cache

from tdxwhy.decoded import Leaf, Status
from tdxwhy.know.codes import LeafRow, Number, StatusRow
from tdxwhy.know.stored import table

_ERROR = 1 << 63
_DIGITS = 16
_DETAIL = (1 << 32) - 1
_LEVELS = {0: "4K", 1: "2M", 2: "1G"}
_UNKNOWN_SOURCE = "bit fields of intel/tdx-module include/tdx_api_defs.h"
_SOFTWARE = 0x8000FF00 << 32
_NAMELESS = Number(0, "", "")


@cache
def statuses() -> tuple[StatusRow, ...]:
    """Return every status that is known."""
    return tuple([StatusRow(*row) for row in table("STATUS")])


@cache
def _codes() -> tuple[dict[int, StatusRow], dict[int, StatusRow]]:
    """Return module codes by their value without details, and the codes that are read whole.

    Where an older module used a code for another status, the newest module's name counts.
    """
    module: dict[int, StatusRow] = {}
    whole: dict[int, StatusRow] = {}
    for row in statuses():
        if row.origin != "np-seamldr":
            codes = module if row.origin == "module" and not int(row.code) & _DETAIL else whole
            codes.setdefault(int(row.code), row)
    for row in statuses():
        for code in row.older_codes:
            module.setdefault(int(code), row)
    return module, whole


@cache
def _names(name: str) -> dict[int, Number]:
    return {row[0]: Number(*row) for row in table(name)}


@cache
def _statuses_by_name() -> dict[str, int]:
    found: dict[str, int] = {}
    for row in statuses():
        for name in (row.name, *row.aliases):
            found.setdefault(name.removeprefix("TDX_"), int(row.code))
    return found


def decode_status(value: int, loader: bool = False) -> Status:
    """Decode a completion status, given signed or unsigned; with `loader`, one that P-SEAMLDR returned."""
    value &= (1 << 64) - 1
    module, whole = _codes()
    row = None if loader else module.get(value & ~_DETAIL)
    if row is not None:
        return _status(value, row, _detail(row.detail, value & _DETAIL))
    row = whole.get(value)
    if row is not None:
        return _status(value, row, "made by Linux" if row.origin == "linux" else "")
    if value & ~_DETAIL == _SOFTWARE:
        return _made_up(value, whole[_SOFTWARE].name, f"exception vector {value & _DETAIL}", "a code that Linux made itself")
    return _made_up(value, "", _fields(value), "no such status is known")


def says_not_ready(value: int) -> bool:
    """Tell whether a status says that the module is not initialised, or no longer."""
    row = _codes()[0].get(value & ((1 << 64) - 1) & ~_DETAIL)
    return row is not None and row.not_ready


def leaf_names() -> list[str]:
    """Return the names of the leaves."""
    return [row.name for row in _leaves().values()]


def harmless_statuses(number: int) -> tuple[str, ...]:
    """Return the names of the statuses with which a leaf may fail and the kernel go on."""
    row = _leaves().get(number)
    return tuple(row.harmless) if row is not None else ()


def status_named(name: str) -> int | None:
    """Return the code of a status by its name, with or without TDX_, or None."""
    return _statuses_by_name().get(name.upper().removeprefix("TDX_"))


def known_status(value: int) -> bool:
    """Tell whether the value is a status that a module, P-SEAMLDR or Linux is known to make."""
    return bool(decode_status(value).name)


def is_whole_status(digits: str) -> bool:
    """Tell whether the hexadecimal digits of a status are all there: one whose highest bits say that something failed has sixteen.

    >>> is_whole_status("c000050c00000000"), is_whole_status("c000050c"), is_whole_status("81500000000")
    (True, False, True)
    """
    if len(digits) >= _DIGITS or digits[:1].lower() not in "456789abcdef":
        return True
    value = int(digits, 16)
    return value >> 32 != 0 and known_status(value)


def _status(value: int, row: StatusRow, detail: str) -> Status:
    return Status(
        value=value,
        name=row.name,
        detail=detail,
        meaning=row.meaning,
        error=bool(value & _ERROR),
        recoverable=row.recovery in ("retry", "information", "success"),
        source=row.source,
        action=row.action,
        origin=row.origin,
    )


def _made_up(value: int, name: str, detail: str, meaning: str) -> Status:
    recoverable = bool(value & _ERROR) and not value >> 62 & 1
    return Status(value, name, detail, meaning, bool(value & _ERROR), recoverable, _UNKNOWN_SOURCE)


def _fields(value: int) -> str:
    """Say what the bits hold of a value that has no name."""
    bits = [name for bit, name in ((63, "error"), (62, "non-recoverable"), (61, "fatal"), (60, "host hint")) if value >> bit & 1]
    return f"{' '.join(bits) or 'no error bit'}, class {value >> 40 & 0xFF:#x}, code {value >> 32 & 0xFF:#x}, detail {value & _DETAIL:#x}"


def _detail(kind: str, low: int) -> str:
    """Say what the low 32 bits name, by the kind of detail that the status carries."""
    first, second, third = low & 0xFF, low >> 8 & 0xFF, low >> 16 & 0xFF
    if kind == "operand":
        operand = _names("OPERAND").get(low, _NAMELESS)
        return f"operand {low} {operand.name}".rstrip() + (f": {operand.meaning}" if operand.meaning else "")
    if kind == "msr":
        return f"MSR {low:#x} {_names('MSR').get(low, _NAMELESS).name}".rstrip()
    if kind == "tdmr-level-tdmr":
        return f"TDMR {first}, level {_LEVELS.get(second, second)}, other TDMR {third}"
    pairs = {"tdmr-level": ("TDMR", "level"), "tdmr-area": ("TDMR", "area"), "smrr-cmr": ("SMRR", "CMR")}
    if kind in pairs:
        one, other = pairs[kind]
        return f"{one} {first}, {other} {_LEVELS.get(second, second) if other == 'level' else second}"
    words = {
        "package": "package {}",
        "tdmr": "TDMR {}",
        "smrr": "SMRR {}",
        "cpuid": "CPUID leaf {:#x}",
        "limit": "limit {}",
        "vmx": "VMX instruction error {}",
    }
    if kind in words:
        return words[kind].format(low)
    return f"detail {low:#x}" if low else ""


def status_package(value: int) -> int | None:
    """Return the package id that a status names in its low bits, or None."""
    row = _codes()[0].get(value & ((1 << 64) - 1) & ~_DETAIL)
    return value & _DETAIL if row is not None and row.detail == "package" else None


@cache
def _leaves() -> dict[int, LeafRow]:
    return {row[0]: LeafRow(*row) for row in table("LEAF")}


@cache
def _leaves_by_name() -> dict[str, int]:
    return {plain_leaf_name(name): number for number, row in _leaves().items() for name in (row.name, row.linux) if name}


def plain_leaf_name(name: str) -> str:
    """Reduce the spellings of a leaf to one: TDH.SYS.LP.INIT, TDH_SYS_LP_INIT, tdh_sys_lp_init."""
    return name.upper().replace(".", "").replace("_", "")


def unversioned(number: int) -> int:
    """Return a leaf without the version that bits 23:16 of RAX may hold."""
    return number & 0xFFFF if 1 << 16 <= number < 1 << 24 and number not in _leaves() else number


def decode_leaf(number: int) -> Leaf | None:
    """Decode a SEAMCALL leaf; bits 23:16 of RAX hold a version and do not count, bit 63 selects P-SEAMLDR."""
    row = _leaves().get(unversioned(number))
    return Leaf(int(row.number), row.name, row.meaning, row.scope, row.source) if row else None


def leaf_named(name: str) -> int | None:
    """Return the number of a leaf by its name in any spelling, or None."""
    return _leaves_by_name().get(plain_leaf_name(name))


def leaf_step(number: int) -> str | None:
    """Return the initialisation step that a leaf is, or None."""
    row = _leaves().get(unversioned(number))
    return row.step or None if row else None


def leaf_needs_ready(number: int) -> bool:
    """Tell whether only a module that has finished initialisation answers this leaf with a status of its own."""
    row = _leaves().get(unversioned(number))
    return bool(row and row.ready)


def errno_name(number: int) -> str | None:
    """Return the name of an errno, given negative or positive, or None."""
    return _names("ERRNO").get(abs(number), _NAMELESS).name or None


def errno_meaning(number: int) -> str:
    """Return what an errno means, here if that is known; empty if there is no such errno."""
    return _names("ERRNO").get(abs(number), _NAMELESS).meaning


@cache
def errnos() -> dict[str, int]:
    """Return every errno by its name."""
    return {row.name: int(row.number) for row in _names("ERRNO").values()}


def errno_named(name: str) -> int | None:
    """Return the number of an errno by its name, with or without a minus sign, or None."""
    return errnos().get(name.lstrip("-").upper())
