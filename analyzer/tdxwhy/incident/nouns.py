"""What incidents are made of."""

from __future__ import annotations

from typing import Any

from tdxwhy.incident.rows import ProgramMessage
from tdxwhy.noun import NamedTuple
from tdxwhy.records import Evidence, Place, Topology


class PasteLine(NamedTuple):
    """One line of a paste. `text` is without what quotes, numbers or colours it; `command` is what was typed on it, `asked` the command
    that it answers; `time_ns` is the kernel's time, `boot` the number of the boot that it belongs to. It stands for `times` lines like it.
    """

    place: Place
    text: str
    command: str = ""
    asked: str = ""
    time_ns: int | None = None
    boot: int = 0
    times: int = 1


class Sign(NamedTuple):
    """A message of a TD's life on a line, with its values. `told`: somebody tells of it in a sentence; `vm`: whose it is."""

    message: ProgramMessage
    values: dict[str, Any]
    line: PasteLine
    quote: str
    told: bool = False
    vm: str = ""
    speaker: str = ""

    @property
    def known(self) -> bool:
        """Tell whether the message itself is known, and not its speaker alone."""
        return not self.message.by_structure


class PastedFact(NamedTuple):
    """Something that the paste shows: which row of evidence, its value, and the line."""

    id: str
    value: str
    line: PasteLine
    end: str = ""


class Host(NamedTuple):
    """What the host's own log says of initialisation: the outcome, its causes by id and title, the first advice, the range of KeyIDs.

    `success` has the line, the time and the boot of each line that says that the module came up.
    """

    role: str = "unknown"
    outcome: str = "unknown"
    causes: tuple[str, ...] = ()
    title: str = ""
    advice: str = ""
    kernel: str | None = None
    module: str | None = None
    command_line: str | None = None
    asked: bool | None = None
    success: tuple[tuple[int, int | None, int | None], ...] = ()
    topology: Topology = Topology()
    keyids: tuple[int, int, Evidence] | None = None


class FailedCall(NamedTuple):
    """A SEAMCALL that failed: the number and name of its leaf, its status with its name."""

    leaf: int | None
    name: str
    status: int | None
    status_name: str | None
    detail: str = ""


class NextStep(NamedTuple):
    """What to do next, with the exact command where there is one."""

    text: str
    command: str = ""


class Incident(NamedTuple):
    """An operation of TDX that failed or was refused, after or beside host initialisation.

    `of_cpus`: it concerns CPUs or a package, named or not. `causes` best first; several where the evidence leaves it open. `calls` are
    all SEAMCALLs that failed in it, `seamcall` the one that counts most. `module_usable` tells whether TDs can still be created after a
    module update, None where nothing tells.
    """

    stage: str
    component: str
    evidence: tuple[Evidence, ...]
    causes: tuple[str, ...] = ()
    seamcall: FailedCall | None = None
    calls: tuple[FailedCall, ...] = ()
    errno: int | None = None
    packages: tuple[int, ...] = ()
    cpus: tuple[int, ...] = ()
    keyids: tuple[int, ...] = ()
    module_usable: bool | None = None
    sentence: str = ""
    actions: tuple[NextStep, ...] = ()
    settles: tuple[str, ...] = ()
    times: int = 1
    first: int | None = None
    last: int | None = None
    vms: tuple[str, ...] = ()
    is_open: bool = False
    of_cpus: bool = False
