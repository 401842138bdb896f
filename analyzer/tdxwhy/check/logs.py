"""From a log to its report: every boot diagnosed, what the messages of each leave out, and what went wrong later."""

from __future__ import annotations

from collections.abc import Sequence

from tdxwhy.errors import NothingToJudge
from tdxwhy.explain.afterwards import Afterwards
from tdxwhy.explain.diagnosis import Read, diagnose
from tdxwhy.explain.logs import JudgedBoot, LogReport
from tdxwhy.explain.logs import report as reported
from tdxwhy.explain.nouns import Diagnosis
from tdxwhy.hints import TYPE_CHECKING
from tdxwhy.know.topology import topology
from tdxwhy.read.log import LogReader
from tdxwhy.records import BootRecords, Finding, Topology

if TYPE_CHECKING:
    from tdxwhy.check.judged import Run
    from tdxwhy.check.rules import Rule
    from tdxwhy.explain.wanted import Wanted


def report_of(reader: LogReader, sidecar: Topology | None = None, hold: bool = False, joined: bool = False) -> LogReport:
    """Return the report of a whole log, with the CPUs that the sidecar lists, or else those of the archive that the log came in.

    `hold`: what is known of earlier boots is kept in full; `joined`: the lines are kept, as those of other files will be read beside them.
    """
    later = Afterwards(reader, joined)
    made = reported(reader.name, later.boots(), lambda boot: judged(boot, reader.name, sidecar or reader.topology), hold)
    if made is None:
        lost = [f"not read: {one.told()}" for one in reader.losses[:1]]
        raise NothingToJudge("; ".join([f"{reader.name}: no line of a kernel log", *lost]))
    return later.told(made._replace(losses=tuple(reader.losses)))


def judged(
    boot: BootRecords, source: str, sidecar: Topology | None = None, rules: Sequence[Rule] | None = None, placed: Read = topology
) -> JudgedBoot:
    """Diagnose one boot and judge its messages: by the rules given, or by the shipped ones if it failed.

    `placed` tells packages and CPUs from the events, where somebody keeps them for many boots.
    """
    diagnosis = diagnose(boot, source, sidecar, placed)
    return JudgedBoot(diagnosis, boot, _findings(diagnosis, rules))


def _findings(diagnosis: Diagnosis, rules: Sequence[Rule] | None) -> tuple[Finding, ...]:
    """Judge the messages of a boot; one that did not fail has few to judge, and loads no rules for them."""
    if rules is None and diagnosis.outcome != "failed":
        return ()
    from tdxwhy.check.catalogue import rules_of
    from tdxwhy.check.subjects.log import check_log

    return check_log(diagnosis, rules_of(only=("log",)) if rules is None else rules)


def run_of(reports: Sequence[LogReport], unread: Sequence[str], wanted: Wanted) -> Run:
    """Return the failures that count as findings of a run: those of the rules on what came of TDX."""
    from tdxwhy.check.catalogue import OUTCOME, rules_of
    from tdxwhy.check.engine import finding
    from tdxwhy.check.judged import Judged as JudgedInput
    from tdxwhy.check.judged import Run
    from tdxwhy.check.subjects.outcome import outcomes

    rules = {rule.subject: rule for rule in rules_of(only=(OUTCOME,))}
    inputs = []
    for report in reports:
        counts = {"outcome": wanted.failed(report), "incident": wanted.troubled(report)}
        found = tuple(finding(rules[one.kind], one, ()) for one in outcomes(report) if counts[one.kind])
        outcome = report.judged.diagnosis.outcome
        inputs.append(JudgedInput(report.source, "log", found, bool(found) or outcome != "unknown", outcome=outcome))
    every = tuple(found for one in inputs for found in one.findings)
    return Run(tuple(inputs), every, (), (), tuple(rules.values()), tuple(unread))
