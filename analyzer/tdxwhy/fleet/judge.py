"""The diagnosis of one boot of a fleet: worked out in full for the first boot with its lines, remembered for all others with the same."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING

from tdxwhy.check.catalogue import rules_of
from tdxwhy.check.logs import judged
from tdxwhy.explain.afterwards import of_boot
from tdxwhy.explain.lines import likeness, token_of
from tdxwhy.explain.nouns import Diagnosis
from tdxwhy.explain.outcome import attempts
from tdxwhy.fleet.boot import Boot
from tdxwhy.know.cpu_facts import tells
from tdxwhy.know.recognise import Recogniser, step_of
from tdxwhy.know.topology import topology
from tdxwhy.memo import Memo
from tdxwhy.noun import NamedTuple
from tdxwhy.records import BootRecords, Event, Topology

if TYPE_CHECKING:
    from tdxwhy.incident.nouns import Incident

_KEPT = ("host", "loader", "kvm", "runtime", "guest", "fault", "report")
_TELLING = ("failure", "refusal", "warning")
_REMEMBERED, _REMEMBERED_TOPOLOGIES = 20_000, 64
# Lines of boots that wait for their diagnosis.
_WAITING = 10_000


class EventRow(NamedTuple):
    """What the table of events keeps of an event, beside its boot and time."""

    form: str | None
    kind: str
    outcome: str | None
    step: str | None
    leaf: str | None
    status: str | None
    cpu: int | None
    package: int | None
    text: str


class AttemptRow(NamedTuple):
    """An attempt, its first and last event by their place in the boot."""

    outcome: str
    step: str | None
    leaf: str | None
    status: str | None
    errno: int | None
    first: int
    last: int


class FindingRow(NamedTuple):
    """A finding of the rules."""

    rule: str
    severity: str
    message: str
    package: int | None
    cpu: int | None
    fingerprint: str
    quote: str


class IncidentRow(NamedTuple):
    """An incident after or beside initialisation."""

    stage: str
    component: str
    cause: str | None
    causes: tuple[str, ...]
    leaf: str | None
    status: str | None
    errno: int | None
    packages: tuple[int, ...]
    cpus: tuple[int, ...]
    keyids: tuple[int, ...]
    times: int
    sentence: str
    quote: str


class DiagnosisRow(NamedTuple):
    """What the table of boots keeps of a diagnosis, in the order of its columns."""

    role: str
    outcome: str
    step: str | None
    steps: tuple[str, ...]
    cause: str | None
    causes: tuple[str, ...]
    leaf: str | None
    status: str | None
    status_name: str | None
    packages: tuple[int, ...]
    cpus: tuple[int, ...]
    sentence: str | None
    asked: bool | None
    kernel: str | None
    module: str | None
    generation: str | None


class Remembered(NamedTuple):
    """What is the same for all boots with the same lines: the rows. `kept` are places of events."""

    diagnosis: DiagnosisRow
    kept: tuple[int, ...]
    events: tuple[EventRow, ...]
    attempts: tuple[AttemptRow, ...]
    findings: tuple[FindingRow, ...]
    incidents: tuple[IncidentRow, ...] = ()


class _Topologies:
    """Read topologies, one for all machines whose lines about CPUs are the same; the places of these lines are those of the first."""

    def __init__(self) -> None:
        self._known = Memo[Hashable, Topology](_REMEMBERED_TOPOLOGIES)

    def __call__(self, events: Sequence[Event], sidecar: Topology | None) -> Topology:
        """Return what the events tell of CPUs and packages; a fleet's logs have no sidecars."""
        key = tuple((event.form.id, token_of(event)) for event in events if event.form is not None and tells(event.form))
        found = self._known.get(key)
        return self._known.keep(key, topology(events, sidecar)) if found is None else found


class JudgedRows:
    """What is to be said of a boot, and of all that are alike. It is worked out when somebody asks: many in a row take less time."""

    def __init__(self, work: Callable[[BootRecords], Remembered], boot: BootRecords) -> None:
        self._work, self._boot = work, boot
        self._rows: Remembered | None = None

    @property
    def rows(self) -> Remembered:
        """Return the rows."""
        if self._rows is None:
            self._rows = self._work(self._boot)
            del self._work, self._boot
        return self._rows


class Judge:
    """Diagnose boots; those that must get the same diagnosis are worked out once."""

    def __init__(self) -> None:
        self._rules = rules_of(only=("log",))
        self._topology = _Topologies()
        self._known = Memo[Hashable, JudgedRows](_REMEMBERED)
        self._waiting: list[JudgedRows] = []
        self._lines = 0

    def __call__(self, boot: Boot) -> JudgedRows:
        """Return what is to be said of a boot."""
        like = likeness(boot.events, boot.edges) if boot.timed else None
        key = None if like is None else (like, boot.spoken)
        found = self._known.get(key) if key is not None else None
        if found is None:
            records = boot.records()
            found = JudgedRows(self._work, records)
            self._wait(found, len(records.records))
            if key is not None:
                self._known.keep(key, found)
        return found

    def _wait(self, found: JudgedRows, lines: int) -> None:
        """Let a boot wait for somebody to ask, until those that wait hold too many lines."""
        self._waiting.append(found)
        self._lines += lines
        if self._lines > _WAITING:
            for one in self._waiting:
                _ = one.rows
            self._waiting, self._lines = [], 0

    def _work(self, boot: BootRecords) -> Remembered:
        boot = boot._replace(records=tuple(boot.records))
        events = list(Recogniser().events(boot.records))
        told = judged(boot, "", rules=self._rules, placed=self._topology)
        kept = tuple(place for place, event in enumerate(events) if _is_kept(event))
        return Remembered(
            _diagnosis_row(told.diagnosis),
            kept,
            tuple(_event_row(events[place]) for place in kept),
            tuple(_attempt_rows(events)),
            tuple(
                FindingRow(one.rule, one.severity, one.message, one.package, one.cpu, one.fingerprint, one.evidence[0].quote)
                for one in told.findings
            ),
            tuple(_incident_row(one) for one in of_boot(told)),
        )


def _incident_row(one: Incident) -> IncidentRow:
    call = one.seamcall
    return IncidentRow(
        one.stage,
        one.component,
        one.causes[0] if one.causes else None,
        one.causes,
        call.name if call else None,
        status_text(call.status) if call else None,
        one.errno,
        one.packages,
        one.cpus,
        one.keyids,
        one.times,
        one.sentence,
        one.evidence[0].quote,
    )


def _is_kept(event: Event) -> bool:
    form = event.form or event.nearest
    return event.form is None or form is None or form.kind in _KEPT or form.outcome in _TELLING


def _diagnosis_row(told: Diagnosis) -> DiagnosisRow:
    call, causes = told.seamcall, tuple(cause.id for cause in told.causes)
    return DiagnosisRow(
        told.role,
        told.outcome,
        told.steps[0] if told.steps else None,
        told.steps,
        causes[0] if causes else None,
        causes,
        call.name if call else None,
        status_text(call.status) if call else None,
        call.status_name if call else None,
        told.packages,
        told.cpus,
        told.sentence,
        told.request.asked,
        told.kernel,
        told.module,
        told.generation,
    )


def _event_row(event: Event) -> EventRow:
    form, values = event.form or event.nearest, event.values
    cpu, package = values.get("cpu"), values.get("package")
    return EventRow(
        event.form.id if event.form else None,
        form.kind if form else "unknown",
        event.form.outcome if event.form else values.get("outcome"),
        step_of(event),
        _leaf(values.get("leaf")),
        status_text(values.get("status")),
        cpu if isinstance(cpu, int) else None,
        package if isinstance(package, int) else None,
        event.record.text[:1024],
    )


def _attempt_rows(events: Sequence[Event]) -> list[AttemptRow]:
    places = {id(event): place for place, event in enumerate(events)}
    rows = []
    for attempt in attempts(events):
        failures = attempt.failures
        telling_one = next((event for event in reversed(failures) if step_of(event)), failures[-1] if failures else None)
        values = telling_one.values if telling_one else {}
        errno = next((event.values["errno"] for event in reversed(failures) if isinstance(event.values.get("errno"), int)), None)
        first, last = places[id(attempt.events[0])], places[id(attempt.events[-1])]
        step = step_of(telling_one) if telling_one else None
        rows.append(AttemptRow(attempt.outcome, step, _leaf(values.get("leaf")), status_text(values.get("status")), errno, first, last))
    return rows


def _leaf(number: object) -> str | None:
    from tdxwhy.know.decode import decode_leaf

    if not isinstance(number, int):
        return None
    leaf = decode_leaf(number)
    return leaf.name if leaf is not None else f"leaf {number}"


def status_text(value: object) -> str | None:
    """Return a status as it is written everywhere: 0x and sixteen digits."""
    return f"0x{value & 0xFFFFFFFFFFFFFFFF:016x}" if isinstance(value, int) else None
