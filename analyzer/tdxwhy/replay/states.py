"""What a kernel's history knows at a point: where it is, what it remembers, which lines it owes to the log."""

from __future__ import annotations

from tdxwhy.noun import NamedTuple
from tdxwhy.replay.data import can_answer


class Pattern(NamedTuple):
    """A line that must come next: its form, certain values, the leaf whose status it shows, and whether it tells of a failure.

    `many` may come any number of times, `optional` once or not: the text of a WARN splat, which others print in
    their own way, and a line under a rate limit, which the kernel may keep back.
    """

    form: str
    fixed: tuple[tuple[str, int | str], ...] = ()
    leaf: str = ""
    telling: bool = False
    many: bool = False
    optional: bool = False


class Blame(NamedTuple):
    """Where an attempt failed and what the kernel was answered."""

    step: str
    kind: str
    errno: int
    cause: str = ""
    refusal: bool = False
    shown: bool = False


class Frame(NamedTuple):
    """A place in an operation.

    `loop`: it may start over (one more CPU); `stopped`: on all CPUs at once; `failing`: it cleans up after that failure.
    """

    operation: str
    at: int
    loop: bool = False
    installs: str = ""
    gather: int = 0
    stopped: bool = False
    failing: Blame | None = None


class State(NamedTuple):
    """Where the kernel can be."""

    stack: tuple[Frame, ...] = ()
    flags: frozenset[str] = frozenset()
    pending: tuple[Pattern, ...] = ()
    blame: Blame | None = None
    suspect: Blame | None = None


class Symbol(NamedTuple):
    """A log line as the automaton sees it: the form's id and the values that matter."""

    form: str
    values: tuple[tuple[str, int | str], ...] = ()


START = State()
# The form of a line that code prints which nobody has read: any.
ANY = "*"
UNSEEN = "unseen=passed"


def fits(pattern: Pattern, symbol: Symbol) -> bool:
    """Tell whether a line can be the one that the pattern promises."""
    if pattern.form == ANY:
        return True
    if pattern.form != symbol.form:
        return False
    values = dict(symbol.values)
    if any(values.get(name, value) != value for name, value in pattern.fixed):
        return False
    return not pattern.leaf or can_answer(pattern.leaf, int(values["status"]))


def assign(flags: frozenset[str], assignment: str) -> frozenset[str]:
    """Set a variable. Accepted form: `name=value`."""
    name = assignment.partition("=")[0] + "="
    return frozenset([flag for flag in flags if not flag.startswith(name)]) | {assignment}


def holds(condition: str, flags: frozenset[str]) -> bool:
    """Tell whether a condition certainly holds."""
    return known(condition, flags) is True


def known(condition: str, flags: frozenset[str]) -> bool | None:
    """Return what the driver remembers of a condition, or None if it is a fact of the world that nothing told."""
    if condition.startswith("not:"):
        inner = known(condition[4:], flags)
        return None if inner is None else not inner
    if "=" in condition:
        return condition in flags
    if f"fact:{condition}" in flags:
        return True
    return False if f"fact:not:{condition}" in flags else None


def learn(state: State, symbol: Symbol) -> State:
    """Keep what a line tells of the world: how many KeyIDs there are."""
    keyids = dict(symbol.values).get("keyids")
    if keyids is None:
        return state
    fact = "fact:one-keyid" if int(keyids) < 2 else "fact:not:one-keyid"
    return state._replace(flags=state.flags | {fact})
