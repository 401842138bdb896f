"""What the reference model says: of a log, and of a scenario."""

from __future__ import annotations

from tdxwhy.hints import Literal
from tdxwhy.noun import NamedTuple
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


class Printed(NamedTuple):
    """A line that the kernel printed; `approximate` if its wording is not the kernel's own (a WARN splat), or unseen code ran before it."""

    level: int
    text: str
    approximate: bool = False


class Failed(Exception):  # noqa: N818 - the kernel's failure, not ours
    """The operation stops here with this return value; `bad` unless it was a clean early return, which can be a refusal all the same."""

    def __init__(self, errno: int, bad: bool = True, status: int | None = None, step: str = "", refused: bool = False) -> None:
        super().__init__(errno)
        self.errno = errno
        self.bad = bad
        self.status = status
        self.step = step
        self.refused = refused
        self.cpu: int | None = None


class Failure(NamedTuple):
    """How an operation failed: what was asked, the step, the status it was answered if it was a SEAMCALL, the errno, the CPU.

    errno 0: it was refused, and its caller is told nothing of it.
    """

    asked: str
    step: str
    status: int | None
    errno: int
    cpu: int | None
