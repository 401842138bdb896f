"""What went wrong after or beside initialisation: a log's boots and lines handed to the room of incidents, where they may hold one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tdxwhy.explain.logs import JudgedBoot, LogReport
from tdxwhy.explain.nouns import Diagnosis
from tdxwhy.explain.speaking import speaks
from tdxwhy.hints import TYPE_CHECKING
from tdxwhy.know.rows import lowered
from tdxwhy.lazy import lazy
from tdxwhy.read.log import LogReader
from tdxwhy.records import BootRecords, Evidence, LogRecord, Outcome

if TYPE_CHECKING:
    from tdxwhy.incident.nouns import Host, Incident, PasteLine
    from tdxwhy.read.nearby import Chunk, Told

# Answers to commands that stand beside a log.
_PASTED = lazy(r"parameters/tdx|SEAM_RR bit|SGX_AND_MCHECK|\brdmsr\b|(?:dmesg|journalctl) [^|]{0,200}\|.{0,200}grep")
# What stands between the pieces of a message that was wrapped, quoted or not.
_BREAK = lazy(r"[ \t]{0,16}\r?\n[>\s]{0,32}")
_OF_A_GUEST = "TDX was not attempted: these are lines of a guest; initialisation is its host's."
_OF_PROGRAMS = "Undecided: a program tells that TDX failed for a VM; no line of the kernel tells what came of the module."
# So many bytes of a large log are looked at, of all its boots together.
_MOST = 4 << 20


class Afterwards:
    """The incidents of one log: from every line of a small one; of a large one from the lines around those that tell of more.

    `joined`: the lines are needed beside others.
    """

    def __init__(self, reader: LogReader, joined: bool = False) -> None:
        self._reader = reader
        self._joined = joined
        self._nearby: list[tuple[Chunk | Told, int]] = []
        self._boots = self._size = 0

    def boots(self) -> Iterator[BootRecords]:
        """Yield the boots, and keep of each what matters here."""
        for boot in self._reader:
            if self._size < _MOST:
                self._nearby += ((chunk, self._boots) for chunk in boot.nearby)
                self._size += sum(chunk.size for chunk in boot.nearby)
            self._boots += 1
            yield boot

    def told(self, report: LogReport) -> LogReport:
        """Return the report with its incidents, and with what a paste shows beside its log."""
        lines = self._lines(report)
        if not lines:
            return report
        from tdxwhy.incident.incidents import incidents_of

        report = _with_pasted(report, lines)
        incidents = incidents_of(lines, host_of(report))
        if _is_of_programs(report.judged.diagnosis, incidents):
            report = _replaced(report, _unfailed(report.judged.diagnosis, "unknown", _OF_PROGRAMS))
            incidents = incidents_of(lines, host_of(report))
        report = _replaced(report, _proved(report.judged.diagnosis, incidents))
        diagnosis = report.judged.diagnosis
        if incidents and diagnosis.outcome == "unknown" and diagnosis.settles and not _left_to_the_host(incidents):
            report = _replaced(report, diagnosis._replace(settles=()))
        return report._replace(incidents=incidents, lines=lines if self._joined else ())

    def _lines(self, report: LogReport) -> Sequence[PasteLine]:
        """Return the lines to look at; none where nothing in the log speaks of more than initialisation."""
        if self._nearby:
            if not self._joined and not may_hold_one(report, [(0, chunk.text) for chunk, _ in self._nearby]):
                return ()
            from tdxwhy.incident.lines import lines_near

            return lines_near(self._nearby, self._reader.name)
        whole = self._reader.lines
        if not whole or not (self._joined or may_hold_one(report, whole)):
            return ()
        from tdxwhy.incident.lines import lines_of

        records = {record.place.line: (record, boot) for boot, record in _numbered(report.boots) if record.place.line is not None}
        return lines_of(whole, report.source, records)


def _with_pasted(report: LogReport, lines: Sequence[PasteLine]) -> LogReport:
    from tdxwhy.explain.pasted import amended
    from tdxwhy.incident.evidence import gather

    return _replaced(report, amended(report.judged.diagnosis, gather(lines), lines))


def _proved(diagnosis: Diagnosis, incidents: Sequence[Incident]) -> Diagnosis:
    """Let incidents say whose log it is, and those that the host's kernel tells of that the module had been initialised."""
    from tdxwhy.incident.cases import GUEST, KERNEL
    from tdxwhy.incident.tables import stages

    told = [one for one in incidents if one.component in KERNEL]
    if diagnosis.role == "unknown" and incidents:
        diagnosis = diagnosis._replace(role="guest" if all(one.component in GUEST for one in incidents) else "host")
    if diagnosis.role == "guest" and incidents and diagnosis.outcome == "unknown":
        return diagnosis._replace(outcome="not-attempted", reason=_OF_A_GUEST, settles=())
    if not told or diagnosis.role == "guest":
        return diagnosis
    proving = {stage.id: stage.proves for stage in stages() if stage.proves}
    one = next((one for one in told if one.stage in proving), None)
    if one is None or not (diagnosis.outcome == "unknown" or _is_its_failure(one, diagnosis)):
        return diagnosis
    return _unfailed(diagnosis, "initialized", f"TDX came up: {proving[one.stage]}.", one.evidence[:1])


def _is_of_programs(diagnosis: Diagnosis, incidents: Sequence[Incident]) -> bool:
    """Tell whether what looks like a failed initialisation is told by lines of programs alone, which say of a TD that it failed."""
    from tdxwhy.incident.cases import KERNEL

    if diagnosis.outcome != "failed" or diagnosis.seamcall is not None or not diagnosis.evidence:
        return False
    told = {one.place for incident in incidents if incident.component not in KERNEL for one in incident.evidence}
    return told.issuperset(one.place for one in diagnosis.evidence)


def _unfailed(diagnosis: Diagnosis, outcome: Outcome, reason: str, evidence: tuple[Evidence, ...] = ()) -> Diagnosis:
    """Return a diagnosis with another outcome and without all that was said of a failure."""
    return diagnosis._replace(
        outcome=outcome,
        reason=reason,
        steps=(),
        causes=(),
        packages=(),
        cpus=(),
        sentence=None,
        actions=(),
        evidence=evidence,
        settles=(),
    )


def _is_its_failure(incident: Incident, diagnosis: Diagnosis) -> bool:
    """Tell whether what looks like a failed initialisation is a call that the incident rests on, all by itself."""
    call = diagnosis.seamcall
    if diagnosis.outcome != "failed" or call is None or call.evidence is None:
        return False
    places = {one.place for one in incident.evidence}
    return all(one.place in places for one in diagnosis.evidence) and any(one.leaf == call.leaf for one in incident.calls)


def _left_to_the_host(incidents: Sequence[Incident]) -> bool:
    """Tell whether an incident is settled as far as it goes, and what is behind it is the host's; others say themselves what is missing."""
    from tdxwhy.incident.tables import causes

    return any(not one.settles and len(one.causes) > 1 and causes()[one.causes[0]].behind for one in incidents)


def _replaced(report: LogReport, diagnosis: Diagnosis) -> LogReport:
    judged = report.judged._replace(diagnosis=diagnosis)
    return report._replace(boots=tuple(judged if one is report.judged else one for one in report.boots))


def of_boot(judged: JudgedBoot) -> tuple[Incident, ...]:
    """Return the incidents of one boot, from the records that were kept of it."""
    records, nearby = judged.records.records, judged.records.nearby
    if not any(speaks(record.text) for record in records):
        return ()
    from tdxwhy.incident.incidents import incidents_of
    from tdxwhy.incident.lines import lines_near, of_records

    source = judged.diagnosis.source
    lines = lines_near([(chunk, 0) for chunk in nearby], source) if nearby else tuple(of_records(records, 0))
    return incidents_of(lines, host_of(LogReport(source, (judged,), 0)))


def may_hold_one(report: LogReport, numbered: Sequence[tuple[int, str]]) -> bool:
    """Tell whether the lines of a small log can hold an incident, or an answer to a command that tells of TDX."""
    text = "\n".join([raw for _, raw in numbered])
    if _PASTED.search(text) is not None:
        return True
    if speaks(text) or speaks(_BREAK.sub(" ", text)):
        return True
    return "SEAMCALL" in text and any(one.diagnosis.outcome == "initialized" for one in report.boots)


def _numbered(boots: Sequence[JudgedBoot]) -> Iterator[tuple[int, LogRecord]]:
    for number, judged in enumerate(boots):
        yield from ((number, record) for record in judged.records.records)


def host_of(report: LogReport) -> Host:
    """Return what the host's own boots say: the last one that speaks for a host."""
    from tdxwhy.incident.nouns import Host

    hosts = [one for one in report.boots if one.diagnosis.role == "host" and one.diagnosis.outcome != "unknown"]
    told = (hosts[-1] if hosts else report.judged).diagnosis
    return Host(
        told.role,
        told.outcome,
        tuple(cause.id for cause in told.causes),
        _title(told),
        told.actions[0].text if told.actions else "",
        told.kernel,
        told.module,
        told.command_line,
        told.request.asked,
        tuple(_successes(report.boots)),
        told.topology,
        _keyids(told),
    )


def _title(told: Diagnosis) -> str:
    """Return the first cause as a clause; where none is known, that it failed."""
    if not told.causes:
        return ""
    title = told.causes[0].title
    return "initialisation failed" if told.causes[0].id == "unknown" else lowered(title)


# What the line holds that tells the private KeyIDs; of one that was cut or spoiled, not all of it is known.
_RANGE = ("first", "end")


def _keyids(diagnosis: Diagnosis) -> tuple[int, int, Evidence] | None:
    for event in diagnosis.events:
        if event.form is not None and event.form.kind == "host" and event.form.args == _RANGE and event.values.keys() >= {*_RANGE}:
            return event.values["first"], event.values["end"], Evidence(event.record.place, event.record.text)
    return None


def _successes(boots: Sequence[JudgedBoot]) -> Iterator[tuple[int, int | None, int | None]]:
    for number, judged in enumerate(boots):
        for record in _came_up(judged.diagnosis):
            yield record.place.line or 0, record.time_ns, number


def _came_up(diagnosis: Diagnosis) -> Iterator[LogRecord]:
    for event in diagnosis.events:
        if event.form is not None and event.form.outcome == "success" and event.form.kind == "host":
            yield event.record
