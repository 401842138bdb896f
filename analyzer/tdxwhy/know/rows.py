"""The rows of the knowledge tables that never leave this room, and the words that rows may use."""

from typing import Literal, NamedTuple

KINDS = ("host", "loader", "kvm", "runtime", "guest", "topology", "platform", "boot", "fault", "report")
# No diagnosis needs lines of this kind, so the scanner of big logs does not look for them.
UNANCHORED = "platform"
LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug", "cont")
OUTCOMES = ("success", "failure", "refusal", "warning", "progress", "detail")

_FILES = frozenset({"statuses", "leaves", "details", "errnos", "generations", "causes", "parameters", "facts", "roles"})


def is_table(stem: str) -> bool:
    """Tell whether a file of the folder, by its name without .toml, belongs to these tables; other rooms keep theirs beside them."""
    return stem.startswith("forms-") or stem in _FILES


class StatusRow(NamedTuple):
    """A completion status: `code` is its value with the detail bits clear, `detail` says what those bits hold."""

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


class Number(NamedTuple):
    """A named number: an operand id, an MSR, an errno."""

    number: int
    name: str
    source: str
    meaning: str = ""


class LeafRow(NamedTuple):
    """A SEAMCALL leaf; `step` is the initialisation step that it is, if it is one, and `ready` that only a ready module answers it."""

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


class Step(NamedTuple):
    """A step of host initialisation in its order; `failure` is how a message should begin that says it failed.

    `functions` are the kernel's functions that are this step and no other.
    """

    id: str
    meaning: str
    source: str
    failure: str
    functions: tuple[str, ...] = ()


class Fact(NamedTuple):
    """Something that no single line tells; causes ask for it by its id. `offline`: it holds while some such packages or CPUs are there."""

    id: str
    meaning: str
    source: str
    offline: Literal["", "packages", "cpus"] = ""


class SignRow(NamedTuple):
    """A text that tells whose log it is; of the signs in a log those of the smallest `rank` decide.

    One of `words` stands in the line, and `pattern`, where there is one, matches it too.
    """

    id: str
    role: Literal["host", "guest"]
    rank: int
    words: tuple[str, ...]
    meaning: str
    source: str
    example: str
    pattern: str = ""


class Ordinary(NamedTuple):
    """Lines that logs are full of: the anchors keep away from them."""

    lines: tuple[str, ...]
    source: str
