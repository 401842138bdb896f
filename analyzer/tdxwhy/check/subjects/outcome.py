"""What came of TDX in a log as subjects: one for the boot that decides, and one for each thing that went wrong later."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tdxwhy.check.subjects.nouns import OutcomeSubject
from tdxwhy.explain.logs import LogReport
from tdxwhy.explain.nouns import Diagnosis
from tdxwhy.know.names import named
from tdxwhy.lazy import lazy
from tdxwhy.records import Evidence, Naming

if TYPE_CHECKING:
    from tdxwhy.incident.nouns import Incident

_KERNEL_SAYS = lazy(r"\b(?:kvm_intel|kvm|virt/tdx|seamldr|smpboot|mce): ")


def outcomes(report: LogReport) -> Iterator[OutcomeSubject]:
    """Yield them in that order."""
    diagnosis, records = report.judged.diagnosis, report.judged.records.records
    evidence = diagnosis.evidence or tuple(Evidence(record.place, record.text) for record in records[:1])
    if evidence:
        text = told(diagnosis)
        package, cpu = (found[0] if len(found) == 1 else None for found in (diagnosis.packages, diagnosis.cpus))
        yield OutcomeSubject("outcome", evidence, diagnosis.outcome, text, diagnosis.role, package, cpu)
    yield from (_incident(one, diagnosis) for one in report.incidents)


def _incident(one: Incident, diagnosis: Diagnosis) -> OutcomeSubject:
    from tdxwhy.incident.cases import KERNEL

    line = one.evidence[0].quote if one.evidence else ""
    said = [named(shown.quote) for shown in one.evidence if shown.quote == line or _KERNEL_SAYS.search(shown.quote)]
    return OutcomeSubject(
        kind="incident",
        evidence=one.evidence,
        outcome=diagnosis.outcome,
        text=one.sentence,
        role=diagnosis.role,
        package=one.packages[0] if len(one.packages) == 1 else None,
        cpu=one.cpus[0] if len(one.cpus) == 1 else None,
        line=line,
        names=Naming(*(any(each) for each in zip(*said, strict=True))) if said else Naming(False, False, False),
        scope="cpu" if one.of_cpus else "platform",
        of_kernel=one.component in KERNEL,
    )


def told(diagnosis: Diagnosis) -> str:
    """Return in one sentence what came of TDX: with the one that the kernel should have printed, where there is one."""
    return f"TDX did not come up: {diagnosis.sentence}" if diagnosis.sentence else diagnosis.reason
