"""Boots that are still going on: what is known of each now, told again only when it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tdxwhy.explain.afterwards import of_boot
from tdxwhy.explain.logs import JudgedBoot
from tdxwhy.explain.nouns import GOES_ON_NS, Diagnosis
from tdxwhy.explain.speaking import Speaking
from tdxwhy.know.recognise import Recogniser, recognise
from tdxwhy.noun import NamedTuple
from tdxwhy.read.item import Item, Mark
from tdxwhy.read.segments import EARLY, SLACK_NS, is_start, opens_at_its_start
from tdxwhy.records import BootRecords, Event, Finding, LogRecord, Severity

if TYPE_CHECKING:
    from tdxwhy.incident.nouns import Incident

_LATER = Speaking()
_SPEAKING = ("host", "loader", "kvm", "runtime", "guest", "fault")
# Lines behind an oops that may be its trace, lines kept of a boot, and boots watched at a time.
_TRACE, _MOST, _WATCHED = 64, 5_000, 10_000


class BootReport(NamedTuple):
    """What is to be said of a boot now: whose it is, the diagnosis and all findings."""

    host: str | None
    diagnosis: Diagnosis
    findings: tuple[Finding, ...]
    incidents: tuple[Incident, ...] = ()

    @property
    def severity(self) -> Severity:
        """How bad it is: a failure and an incident are errors, what keeps TDX off or leaves it open a warning."""
        if self.incidents or self.diagnosis.outcome == "failed":
            return "error"
        return "warning" if self.diagnosis.outcome in ("disabled-by-bios", "unknown") else "info"

    @property
    def message(self) -> str:
        """All of it as one line: what went wrong after or beside initialisation, then what came of that."""
        told = self.diagnosis
        incidents = (f"{one.sentence[:1].upper()}{one.sentence[1:]}." for one in self.incidents)
        return " ".join(part for part in (*incidents, told.reason, told.sentence or "") if part)


class _Boot:
    """One boot under way."""

    def __init__(self, host: str | None, boot_id: str | None) -> None:
        self.host, self.boot_id = host, boot_id
        self.recogniser = Recogniser()
        self.kept: list[LogRecord] = []
        self.last: LogRecord | None = None
        self.total = self.trace = 0
        self.latest = -1
        self.news = False
        self.silent_from: int | None = None
        self.said: object = None

    def begins_again(self, record: LogRecord) -> bool:
        """Tell whether a record belongs to another boot than the lines before it."""
        if self.total and record.time_ns is not None and record.time_ns + SLACK_NS < self.latest:
            return True
        above = self.latest == 0 and self.total < EARLY and not any(map(is_start, self.kept))
        return self.total > 0 and is_start(record) and not above

    def add(self, record: LogRecord, event: Event | None) -> None:
        """Take a record; keep it if it can matter."""
        self.total += 1
        self.last = record
        time = record.time_ns if record.time_ns is not None else -1
        self.latest = max(self.latest, time)
        self.trace -= self.trace > 0
        form = event and (event.form or event.nearest)
        if form is not None and form.kind == "fault":
            self.trace = _TRACE
        later = _LATER[record.text]
        if (event is not None or later or self.trace or self.total <= 8) and len(self.kept) < _MOST:
            self.kept.append(record)
        if later or (event is not None and (form is None or form.kind in _SPEAKING)):
            self.news, self.silent_from = True, time + GOES_ON_NS
        elif self.silent_from is not None and time >= self.silent_from:
            self.news, self.silent_from = True, None

    def records(self) -> BootRecords:
        """Return what a diagnosis wants."""
        head_cut = not opens_at_its_start(self.kept)
        return BootRecords(tuple(self.kept), self.total, self.last, self.boot_id, head_cut)


class Watch:
    """Take the lines of any number of hosts, and tell what changes."""

    def __init__(self, judge: Callable[[BootRecords], JudgedBoot]) -> None:
        self._judge = judge
        self._boots: dict[tuple[str | None, str | None], _Boot] = {}
        self._boot_id: str | None = None

    def take(self, item: Item) -> Iterator[BootReport]:
        """Take a line; tell of the boot that it ends, if it ends one."""
        if isinstance(item, Mark):
            if item.kind == "boot":
                self._boot_id = item.value or None
            return
        key = (item.host, self._boot_id)
        boot = self._boots.pop(key, None)
        if boot is None or (self._boot_id is None and boot.begins_again(item)):
            if boot is not None:
                yield from self._news(boot, last=True)
            boot = _Boot(*key)
        self._boots[key] = boot
        boot.add(item, recognise(item, boot.recogniser))
        if len(self._boots) > _WATCHED:
            yield from self._news(self._boots.pop(next(iter(self._boots))), last=True)

    def news(self, last: bool = False) -> Iterator[BootReport]:
        """Tell of every boot of which there is something new to say; at the end also of those that never spoke of TDX."""
        for boot in list(self._boots.values()):
            yield from self._news(boot, last)

    def _news(self, boot: _Boot, last: bool) -> Iterator[BootReport]:
        if not boot.news and (boot.said or not last):
            return
        boot.news = False
        judged = self._judge(boot.records())
        told, findings = judged.diagnosis, judged.findings
        incidents = of_boot(judged)
        saying = (
            told.outcome, told.steps, told.seamcall and told.seamcall[:3], told.packages, told.cpus,
            tuple(cause.id for cause in told.causes), tuple(found.fingerprint for found in findings),
            tuple((one.stage, one.causes, one.calls, one.vms) for one in incidents),
        )  # fmt: skip
        if saying != boot.said and (told.outcome != "unknown" or findings or incidents):
            boot.said = saying
            yield BootReport(boot.host, told, findings, incidents)
