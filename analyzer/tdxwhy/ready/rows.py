"""The rows of `rules/ready/`: what is read of a machine, and what its facts come to."""

from __future__ import annotations

from tdxwhy.hints import Literal, words_of
from tdxwhy.noun import NamedTuple

# "up": TDX came up in this boot, which answers whatever could not be read.
Status = Literal["impossible", "error", "warning", "unknown", "up", "ok"]
Sure = Literal["certain", "likely", "possible"]
# What the program works out of other facts, of the list of CPUs, of the model and of the log of this boot.
DerivedFact = Literal[
    "running-as", "generation", "starts", "refuses-hibernation", "keyids", "tds-at-most", "tds-left", "asked", "asked-by",
    "keeps-cpus-off", "cpus", "packages-lost", "cpus-lost", "cpus-off", "cpus-to-online", "cpus-nowhere", "ids-too-high", "ids-at-most",
    "slip", "boot-outcome", "boot-says", "firmware-path", "will-fail", "will-say",
    "in-the-way", "not-seen",
]  # fmt: skip
# What of the rows the program itself goes on with.
UsedFact = Literal[
    "release",
    "command-line",
    "cpu-flags",
    "msr-87",
    "keyid-range",
    "capacity",
    "current",
    "kvm-tdx",
    "modprobe-tdx",
    "hibernation",
    "maker",
    "board",
]
USED: tuple[str, ...] = words_of(UsedFact)
DERIVED: tuple[str, ...] = words_of(DerivedFact)


class ReadingRow(NamedTuple):
    """Where a fact stands: the first reading of a fact that gives a value counts.

    `files` are globs below the root, with {release} for the kernel's; @log is the kernel log, @commands what collect kept of a command.
    The groups of `pattern` are the value, joined by "-"; without one it is the first line. `names`: the value is the names of the files
    themselves, which are absent only where the folder `within` is there. `counts`: how many matches there are.
    `command` is run on a live machine, `msr` read there on every CPU.
    """

    fact: str
    source: str
    files: tuple[str, ...] = ()
    pattern: str = ""
    names: bool = False
    within: str = ""
    counts: bool = False
    command: tuple[str, ...] = ()
    msr: int | None = None


class FactCondition(NamedTuple):
    """What must hold of one fact. `absent`: it was looked for and is not there; `unread`: nothing tells.

    `matches` and `lacks` are patterns in its value, `at_least` and `below` compare versions or numbers, `bit` of a hexadecimal value is
    as `is_set` says.
    """

    fact: str
    matches: str = ""
    lacks: str = ""
    absent: bool = False
    unread: bool = False
    at_least: str = ""
    below: str = ""
    bit: int | None = None
    is_set: bool = True


class CheckRow(NamedTuple):
    """One question about the machine; `vital`: without its answer nobody can tell what comes of an attempt."""

    id: str
    group: str
    title: str
    vital: bool = False


class CheckFinding(NamedTuple):
    """What a check comes to where all of `when` holds; of the findings of a check the first that fits counts.

    `says`, `fix` and `command` take facts in braces. `sure` is how certain it is that this is so and matters. `cause` is the cause in
    rules/knowledge that TDX would fail for. `checklist`: the fix is the firmware's whole list.
    """

    check: str
    status: Status
    says: str
    when: tuple[FactCondition, ...]
    source: str
    sure: Sure = "certain"
    fix: str = ""
    command: str = ""
    cause: str = ""
    checklist: bool = False
