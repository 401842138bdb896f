"""What a diagnosis is made of."""

from __future__ import annotations

from tdxwhy.noun import NamedTuple
from tdxwhy.records import Event, Evidence, Outcome, Role, Topology

# A log that goes on for so long after a line tells by its silence.
GOES_ON_NS = 5_000_000_000


class Seamcall(NamedTuple):
    """A SEAMCALL that failed, as the log tells it; `cpu` is None where no line names one."""

    leaf: int
    name: str
    status: int | None
    status_name: str | None
    detail: str
    cpu: int | None
    evidence: Evidence


class FoundCause(NamedTuple):
    """A cause from `rules/knowledge/causes.toml`, why it fits this log, and what in the log carries it.

    `doubt` is what speaks against it. One without evidence of its own is led to by a status alone.
    """

    id: str
    title: str
    why: str
    evidence: tuple[Evidence, ...] = ()
    doubt: str = ""


class Action(NamedTuple):
    """What to do next, with the exact command where there is one."""

    text: str
    command: str = ""


class Note(NamedTuple):
    """An observation beside the diagnosis, such as a misspelt parameter."""

    text: str
    evidence: tuple[Evidence, ...]


class Word(NamedTuple):
    """A word of the command line that makes a fact true, what to boot with instead, and where it stands."""

    text: str
    meaning: str
    fact: str
    instead: str
    evidence: Evidence


class TdxRequest(NamedTuple):
    """Whether somebody asked this host for TDX: None where the log cannot tell."""

    asked: bool | None
    evidence: tuple[Evidence, ...] = ()


class Diagnosis(NamedTuple):
    """What one boot's log says of TDX.

    `steps` are all steps at which it may have failed; `reached` the steps known to lie behind. `sentence` is what the kernel
    should have printed. `settles` names the lines or commands that would decide what the log leaves open.
    """

    source: str
    role: Role
    outcome: Outcome
    reason: str
    steps: tuple[str, ...] = ()
    seamcall: Seamcall | None = None
    causes: tuple[FoundCause, ...] = ()
    packages: tuple[int, ...] = ()
    cpus: tuple[int, ...] = ()
    sentence: str | None = None
    actions: tuple[Action, ...] = ()
    settles: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    reached: tuple[str, ...] = ()
    generation: str | None = None
    kernel: str | None = None
    module: str | None = None
    command_line: str | None = None
    boot_id: str | None = None
    topology: Topology = Topology()
    events: tuple[Event, ...] = ()
    request: TdxRequest = TdxRequest(None)
