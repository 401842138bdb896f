"""The nouns that pass between stages. All are immutable; a missing fact is None, never 0."""

from __future__ import annotations

from collections.abc import Sequence

from tdxwhy.hints import Any, Literal, Self
from tdxwhy.noun import NamedTuple

Certainty = Literal["exact", "partial"]
Presence = Literal["online", "offline", "never-seen", "unknown"]
Role = Literal["host", "guest", "other", "unknown"]
Outcome = Literal["initialized", "failed", "not-attempted", "disabled-by-bios", "unknown"]
Severity = Literal["error", "warning", "info"]
Precision = Literal["high", "medium", "low"]
FormKind = Literal["host", "loader", "kvm", "runtime", "guest", "topology", "platform", "boot", "fault", "report"]
FormOutcome = Literal["success", "failure", "refusal", "warning", "progress", "detail"]
CpuState = Literal["", "online", "offline", "never-seen", "sleep", "wake", "no-smt"]


class Place(NamedTuple):
    """Where something stands: a source's name, its line (1-based), and a mail's Message-ID.

    Of inputs too big to count the lines of, the line is None and `offset` says at which byte of the content the line begins.
    """

    source: str
    line: int | None = None
    message_id: str | None = None
    offset: int | None = None


class LogRecord(NamedTuple):
    """One kernel log record, whatever way it reached us.

    `text` is the message without any prefix and without control characters; `raw` is the input line as it stood,
    shortened at 4096 characters.
    `time_ns` counts from boot; a wall-clock stamp is kept in `wall`. `cut` tells that the head, the tail or both were lost.
    """

    place: Place
    raw: str
    text: str
    time_ns: int | None = None
    level: int | None = None
    facility: int | None = None
    caller: str | None = None
    seq: int | None = None
    wall: str | None = None
    host: str | None = None
    cut: Literal["", "head", "tail", "both"] = ""


def record(  # noqa: PLR0913, PLR0917 - the fields that the fast readers find
    place: Place,
    raw: str,
    text: str,
    time_ns: int | None,
    level: int | None = None,
    facility: int | None = None,
    caller: str | None = None,
    host: str | None = None,
) -> LogRecord:
    """Build a record of what a fast reader finds, in two thirds of the time that a call of the class takes."""
    return tuple.__new__(LogRecord, (place, raw, text, time_ns, level, facility, caller, None, None, host, ""))


class Loss(NamedTuple):
    """Input that could not be used: how many pieces, why, and where it first happened."""

    what: str
    pieces: int
    place: Place

    def told(self) -> str:
        """Return it in words: what, how much, and where it began."""
        return f"{self.what}: {self.pieces}" + (f", first at line {self.place.line}" if self.place.line is not None else "")


class Typed(NamedTuple):
    """A command that was typed beside a log, its line, and what it printed; `closed`: to the end."""

    command: str
    line: int
    answers: tuple[LogRecord, ...] = ()
    closed: bool = False


class BootRecords(NamedTuple):
    """The records of one boot, all of them or, after an anchor scan, the ones that carry an anchor.

    `total` counts the boot's records, kept or not; `last` is its last one, which tells whether the log goes on after a silence.
    `head_cut`: the log does not begin where the boot does; `tail_cut`: it was torn off; `gaps`: lines are missing in between
    (a grep, a head-and-tail paste, a wrapped ring). `typed` are the commands beside the log, `all_of_tdx` that one of them shows every
    line of TDX.
    """

    records: Sequence[LogRecord]
    total: int
    last: LogRecord | None
    boot_id: str | None = None
    head_cut: bool = False
    tail_cut: bool = False
    gaps: bool = False
    typed: tuple[Typed, ...] = ()
    all_of_tdx: bool = False
    nearby: tuple[Any, ...] = ()


class MessageForm(NamedTuple):
    """One kernel format string: what a patch writes, a log shows, a rule judges and the model prints.

    `fact` is what the line states of the platform; `fact_otherwise` what it states instead where its first number is not zero.
    `cpu_state`: what the line tells of its CPU, or of all: around sleep (suspend, kexec, hibernation) all but one go down, which says
    nothing of the machine; "no-smt" keeps the second thread of each core offline.
    """

    id: str
    format: str
    level: str
    generations: tuple[str, ...]
    kind: FormKind
    step: str | None
    outcome: FormOutcome
    function: str
    file: str
    once: bool
    ratelimited: bool
    names_package: bool
    names_cpu: bool
    names_cpu_state: bool
    args: tuple[str, ...]
    meaning: str
    example: str
    source: str
    errno: int | None = None
    note: str = ""
    fact: str = ""
    fact_otherwise: str = ""
    cpu_state: CpuState = ""


class Event(NamedTuple):
    """A record that means something to TDX or to the CPUs, with the typed values of its form.

    With certainty "partial" no form matched: `nearest` is the closest one, and `values` holds what the text certainly contains;
    where no more than a note or a slip of the pen parts the line from a form, that is its `form`.
    """

    form: MessageForm | None
    values: dict[str, Any]
    record: LogRecord
    certainty: Certainty = "exact"
    nearest: MessageForm | None = None


# Characters of a line that show what it says: longer ones were made to fill a screen.
QUOTE = 400


class Evidence(NamedTuple):
    """The shortest passage that carries a statement, and its place."""

    place: Place
    quote: str


class Cpu(NamedTuple):
    """A logical processor: its package (physical id) if known, its state, and what says so."""

    number: int
    package: int | None
    presence: Presence
    evidence: tuple[Evidence, ...] = ()


def is_offline(cpu: Cpu) -> bool:
    """Tell whether a CPU is known not to run; of an unknown state nothing follows."""
    return cpu.presence in ("offline", "never-seen")


class Package(NamedTuple):
    """A physical package: its id, its CPUs, and how its id is known ("stated", "inferred" or "unknown").

    `lost`: none of its CPUs is online, and it has no others.
    """

    id: int | None
    cpus: tuple[int, ...]
    online: tuple[int, ...]
    known: Literal["stated", "inferred", "unknown"] = "stated"
    lost: bool = False


class Topology(NamedTuple):
    """CPUs and packages of one boot as far as the evidence goes; counts are None where nothing tells."""

    cpus: tuple[Cpu, ...] = ()
    packages: tuple[Package, ...] = ()
    package_count: int | None = None
    cpu_count: int | None = None
    online_count: int | None = None
    notes: tuple[Evidence, ...] = ()


class _Finding(NamedTuple):
    rule: str
    severity: Severity
    message: str
    evidence: tuple[Evidence, ...]
    package: int | None
    cpu: int | None


class Finding(_Finding):
    """A rule's complaint. It cannot be built without evidence."""

    __slots__ = ()

    def __new__(  # noqa: PLR0913, PLR0917 - the fields of a finding
        cls, rule: str, severity: Severity, message: str, evidence: tuple[Evidence, ...], package: int | None = None, cpu: int | None = None
    ) -> Self:
        """Refuse a finding that quotes nothing."""
        if not evidence:
            raise ValueError(f"finding {rule} without evidence")
        return super().__new__(cls, rule, severity, message, evidence, package, cpu)

    @property
    def fingerprint(self) -> str:
        """What the finding is known by in baselines and alerts: it leaves out time stamps and line numbers."""
        from tdxwhy.fingerprint import fingerprint

        return fingerprint(self.rule, self.evidence[0].quote, self.package, self.cpu)


class Naming(NamedTuple):
    """What a message says of the place of a failure: which package, which CPU, and in which state the CPUs are."""

    package: bool
    cpu: bool
    cpu_state: bool
