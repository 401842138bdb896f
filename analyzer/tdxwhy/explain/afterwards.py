"""What went wrong after or beside initialisation: a log's boots and lines handed to the room of incidents, where they may hold one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tdxwhy.explain.logs import Judged, LogReport
from tdxwhy.explain.nouns import Diagnosis
from tdxwhy.lazy import lazy
from tdxwhy.records import LogRecord

if TYPE_CHECKING:
    from tdxwhy.incident.nouns import Host, Incident

# What messages of rules/incident hold and logs of an initialisation seldom do: without it the room of incidents is not even loaded.
_SPEAKS = lazy(
    r"[Qq][Ee][Mm][Uu]|KVM(?:_[CRST]|: | internal| does| seems)|kvm(?:_intel: |_intel'|: | \[|_init_vcpu| run )|(?:vm|kvm)-type|hw_errors"
    r"|ioctl|SEAMCALL[ \[]T|seamldr: |HKID|kexec|Machine check: T|vmx/tdx|dirty_logging|tdx_load_mmu|TDH\.SYS\.D|misc cgroup|VMCS"
    r"|libvirt|launchSecurity|malformed TDX|[Cc]loud|kata|tdx\.intel|TDVF|TD_HOB|HOB:|TDX (?:[a-lnp-z']|HOB|VM)|[Qq]uote|QGS|qgs|\[Q"
    r"|tee_att|outblob|TDREPORT|attest|firmware-invalid|tdx_host|TD (?:misc|doesn)|TDCALL|TDVMCALL|TdVmcall|tdx_(?:guest: |mcall)"
    r"|tsm/report|ops already|\#VE|ve->instr|private memory\.|accept|HLT |userspace address|X2APIC_IDs|shared page|unshare|shared<"
    r"|_find_next_bit|resettable|registers: |VFIO|vfio_reg|guest_memfd|memory-backend|MemoryDataSize|RawDataSize|legimit|legecy|mailbox"
    r"|cpu model|disable failed|enable failed|TSC |crystal"
)


def speaks(text: str) -> bool:
    """Tell whether a text can hold a message of a TD's life."""
    return _SPEAKS.search(text) is not None


def afterwards(report: LogReport, numbered: Sequence[tuple[int, str]]) -> tuple[Incident, ...]:
    """Return the incidents of a small log, of which every line is known by its number."""
    if not numbered or not _may_hold_one(report, numbered):
        return ()
    from tdxwhy.incident.incidents import incidents_of
    from tdxwhy.incident.lines import lines_of

    records = {record.place.line: (record, boot) for boot, record in _numbered(report.boots) if record.place.line is not None}
    return incidents_of(lines_of(numbered, report.source, records), host_of(report))


def _may_hold_one(report: LogReport, numbered: Sequence[tuple[int, str]]) -> bool:
    text = "\n".join([raw for _, raw in numbered])
    return speaks(text) or ("SEAMCALL" in text and any(one.diagnosis.outcome == "initialized" for one in report.boots))


def _numbered(boots: Sequence[Judged]) -> Iterator[tuple[int, LogRecord]]:
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
        told.causes[0].title[:1].lower() + told.causes[0].title[1:] if told.causes else "",
        told.actions[0].text if told.actions else "",
        told.kernel,
        told.module,
        told.command_line,
        told.request.asked,
        tuple(_successes(report.boots)),
        told.topology,
    )


def _successes(boots: Sequence[Judged]) -> Iterator[tuple[int, int | None, int | None]]:
    for number, judged in enumerate(boots):
        for record in _came_up(judged.diagnosis):
            yield record.place.line or 0, record.time_ns, number


def _came_up(diagnosis: Diagnosis) -> Iterator[LogRecord]:
    for event in diagnosis.events:
        if event.form is not None and event.form.outcome == "success" and event.form.kind == "host":
            yield event.record
