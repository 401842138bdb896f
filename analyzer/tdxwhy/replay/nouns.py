"""What the reference model says of a log."""

from typing import Literal, NamedTuple

from tdxwhy.records import Outcome


class Explanation(NamedTuple):
    """One history that can have printed a log: the failing step, what it was answered, and whom it blames."""

    step: str
    status: int | None
    errno: int | None
    cause: str
    packages: tuple[int, ...] = ()
    cpus: tuple[int, ...] = ()
    why: str = ""


class Divergence(NamedTuple):
    """The first line that no history can have printed, what could have come instead, and the smallest repair."""

    line: int
    text: str
    expected: tuple[str, ...]
    repair: tuple[str, ...] = ()


class Verdict(NamedTuple):
    """What the reference model says of a log. Never a bool."""

    verdict: Literal["conforms", "diverges", "undecided"]
    outcome: Outcome
    generation: str | None
    consumed: int
    total: int
    diverged_at: Divergence | None
    explanations: tuple[Explanation, ...]
    settles: tuple[str, ...] = ()
