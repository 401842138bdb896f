"""The rows that say what numbers mean. Apart from the others so that `tdxwhy decode` starts without them."""

from __future__ import annotations

from tdxwhy.noun import NamedTuple

# Completion statuses, leaves, operands and MSRs, errnos.
CODE_FILES = frozenset({"statuses", "leaves", "details", "errnos"})


class StatusRow(NamedTuple):
    """A completion status: `code` is its value with the detail bits clear, `detail` says what those bits hold.

    `not_ready`: the module says that it is not initialised, or no longer.
    """

    code: int | str
    name: str
    status_class: str
    meaning: str
    source: str
    detail: str = ""
    recovery: str = ""
    action: str = ""
    origin: str = "module"
    init: bool = False
    modules: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    older_codes: tuple[int | str, ...] = ()
    note: str = ""
    not_ready: bool = False


class Number(NamedTuple):
    """A named number: an operand id, an MSR, an errno."""

    number: int
    name: str
    source: str
    meaning: str = ""


class LeafRow(NamedTuple):
    """A SEAMCALL leaf; `step` is the initialisation step that it is, if it is one, and `ready` that only a ready module answers it.

    `harmless` are statuses that need not stop the kernel: what was asked for may have been optional.
    """

    number: int | str
    name: str
    meaning: str
    scope: str
    source: str
    step: str = ""
    ready: bool = False
    linux: str = ""
    modules: tuple[str, ...] = ()
    note: str = ""
    harmless: tuple[str, ...] = ()
