"""What came of TDX in a log as subjects: one for the boot that decides, and one for each thing that went wrong later."""

from __future__ import annotations

from collections.abc import Iterator

from tdxwhy.check.subjects.nouns import OutcomeSubject
from tdxwhy.explain.logs import LogReport
from tdxwhy.explain.nouns import Diagnosis
from tdxwhy.records import Evidence


def outcomes(report: LogReport) -> Iterator[OutcomeSubject]:
    """Yield them in that order."""
    diagnosis, records = report.judged.diagnosis, report.judged.records.records
    evidence = diagnosis.evidence or tuple(Evidence(record.place, record.text) for record in records[:1])
    if evidence:
        text = told(diagnosis)
        package, cpu = (found[0] if len(found) == 1 else None for found in (diagnosis.packages, diagnosis.cpus))
        yield OutcomeSubject("outcome", evidence, diagnosis.outcome, text, diagnosis.role, package, cpu)
    for one in report.incidents:
        yield OutcomeSubject("incident", one.evidence, diagnosis.outcome, one.sentence, diagnosis.role)


def told(diagnosis: Diagnosis) -> str:
    """Return in one sentence what came of TDX: with the one that the kernel should have printed, where there is one."""
    return f"TDX did not come up: {diagnosis.sentence}" if diagnosis.sentence else diagnosis.reason
