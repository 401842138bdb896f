"""What rules judge: a message, a whole failure, a boot, a failing path, a remark in a thread, a verdict of the model.

Every subject carries the evidence that a finding about it will quote, and the words that a rule's message may use.
"""

from __future__ import annotations

from tdxwhy.hints import Literal
from tdxwhy.noun import NamedTuple
from tdxwhy.records import Evidence, Naming, Outcome, Role

Kind = Literal["failure", "log-line", "boot", "print", "path", "remark", "verdict", "suppression", "outcome", "incident"]
Scope = Literal["cpu", "platform"]
Shown = Literal["leaf", "status", "errno"]
Area = Literal["host", "kvm", "guest", "other"]


class MessageSubject(NamedTuple):
    """A kernel message, seen the same way in a log, in a patch and in C source.

    Of kind "failure" it stands for all messages of one failed attempt: `names` is what they name together.
    `shows` lists the numbers it prints, `spells` those of them that it also gives by name.
    `explained`: the failure as a whole names its package and the state of its CPUs, so that its numbers are details.
    `spread` tells that the code printing it runs on many CPUs or once a package; `equals` counts messages that cannot be told from it.
    """

    kind: Literal["failure", "log-line", "print"]
    text: str
    evidence: tuple[Evidence, ...]
    names: Naming
    level: str | None = None
    is_failure: bool = True
    once: bool = False
    ratelimited: bool = False
    spread: bool = False
    scope: Scope = "cpu"
    shows: frozenset[Shown] = frozenset()
    spells: frozenset[Shown] = frozenset()
    equals: int = 0
    blames_right_cpu: bool | None = None
    area: Area = "host"
    by_user: bool = False
    role: Role = "host"
    outcome: Outcome | None = None
    explained: bool = False
    function: str | None = None
    proposal: str | None = None
    package: int | None = None
    cpu: int | None = None

    def words(self) -> dict[str, str]:
        """Return what a rule's message may quote."""
        return {
            "text": self.text,
            "level": self.level or "no level",
            "count": str(self.equals),
            "function": f"{self.function}()" if self.function else "the code",
            "proposal": self.proposal or "failed to configure module, no online CPUs in package 12: CPUs 24-25 offline",
        }


class BootSubject(NamedTuple):
    """One boot: what came of TDX in it, and whether any line says why it failed.

    `ready`: its TDX lines are those of a firmware that is ready, and nothing after them; `asked` tells whether anybody asked for TDX.
    """

    kind: Literal["boot"]
    evidence: tuple[Evidence, ...]
    role: Role
    outcome: Outcome
    printed: bool
    ready: bool = False
    asked: str = "unknown"
    steps: tuple[str, ...] = ()
    proposal: str | None = None
    package: int | None = None
    cpu: int | None = None

    def words(self) -> dict[str, str]:
        """Return what a rule's message may quote."""
        return {"outcome": self.outcome, "steps": " or ".join(self.steps) or "an unknown step", "proposal": self.proposal or ""}


class PathSubject(NamedTuple):
    """A condition on which a function gives up, and whether it prints there."""

    kind: Literal["path"]
    evidence: tuple[Evidence, ...]
    function: str
    condition: str
    printed: Literal["yes", "no", "callee", "debug", "unseen"]
    errno: str | None
    area: Area
    by_user: bool
    spread: bool
    level: str | None = None
    package: int | None = None
    cpu: int | None = None

    def words(self) -> dict[str, str]:
        """Return what a rule's message may quote."""
        return {"function": f"{self.function}()", "condition": self.condition, "errno": self.errno or "an error"}


class RemarkSubject(NamedTuple):
    """A question, a precondition or a promise that somebody made in a review, and what became of it."""

    kind: Literal["remark"]
    evidence: tuple[Evidence, ...]
    what: Literal["question", "precondition", "commitment"]
    text: str
    by: str
    state: str
    where: str = "reply"
    provider: str | None = None
    package: int | None = None
    cpu: int | None = None

    def words(self) -> dict[str, str]:
        """Return what a rule's message may quote."""
        return {"text": self.text, "by": self.by, "state": self.state}


class VerdictSubject(NamedTuple):
    """What the reference model says of a log."""

    kind: Literal["verdict"]
    evidence: tuple[Evidence, ...]
    verdict: Literal["conforms", "diverges", "undecided"]
    expected: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    package: int | None = None
    cpu: int | None = None

    def words(self) -> dict[str, str]:
        """Return what a rule's message may quote."""
        return {
            "verdict": self.verdict,
            "expected": "; or ".join(self.expected) or "nothing more",
            "steps": ", ".join(self.steps),
        }


class OutcomeSubject(NamedTuple):
    """What came of TDX in a log: of initialisation ("outcome"), or something that went wrong after or beside it ("incident").

    Of an incident `line` is the one that it rests on, `names` what the kernel's lines of it name together, `scope` whom it concerns.
    """

    kind: Literal["outcome", "incident"]
    evidence: tuple[Evidence, ...]
    outcome: Outcome
    text: str
    role: Role = "host"
    package: int | None = None
    cpu: int | None = None
    line: str = ""
    names: Naming = Naming(False, False, False)
    scope: Scope = "platform"
    of_kernel: bool = False

    def words(self) -> dict[str, str]:
        """Return what a rule's message may quote."""
        return {"text": self.text, "line": self.line}


class SuppressionSubject(NamedTuple):
    """A suppression that somebody wrote, and whether it suppressed anything."""

    kind: Literal["suppression"]
    evidence: tuple[Evidence, ...]
    text: str
    used: bool
    package: int | None = None
    cpu: int | None = None

    def words(self) -> dict[str, str]:
        """Return what a rule's message may quote."""
        return {"text": self.text}


Subject = MessageSubject | BootSubject | PathSubject | RemarkSubject | VerdictSubject | OutcomeSubject | SuppressionSubject
WORDS: dict[str, frozenset[str]] = {
    "failure": frozenset({"text", "level", "count", "function", "proposal", "missing"}),
    "log-line": frozenset({"text", "level", "count", "function", "proposal", "missing"}),
    "print": frozenset({"text", "level", "count", "function", "proposal", "missing"}),
    "boot": frozenset({"outcome", "steps", "proposal", "missing"}),
    "path": frozenset({"function", "condition", "errno", "missing"}),
    "remark": frozenset({"text", "by", "state", "missing"}),
    "verdict": frozenset({"verdict", "expected", "steps", "missing"}),
    "suppression": frozenset({"text", "missing"}),
    "outcome": frozenset({"text", "missing"}),
    "incident": frozenset({"text", "line", "missing"}),
}
