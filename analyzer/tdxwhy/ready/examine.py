"""The examination of a machine: each check answered by the first finding that fits its facts, and what all of them come to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from tdxwhy.errors import TdxwhyError
from tdxwhy.files import read_bytes
from tdxwhy.know import tables as known
from tdxwhy.lazy import lazy
from tdxwhy.noun import NamedTuple
from tdxwhy.read.host.collect import CPUS, Run, command
from tdxwhy.read.host.tree import HostArchive, HostTree, tree_of
from tdxwhy.ready import tables
from tdxwhy.ready.derive import derive
from tdxwhy.ready.facts import HostFact, HostFacts, gather
from tdxwhy.ready.rows import CheckFinding, CheckRow, FactCondition, Status, Sure
from tdxwhy.records import Severity, Topology
from tdxwhy.replay.forecast import Foresight

Verdict = Literal["impossible", "not-ready", "undecided", "ready"]
_NAMED = lazy(r"\{([\w-]+)\}")
_NUMBERS = lazy(r"[0-9]+")
_QUOTE = 160
_MOST = 16 << 20


class CheckAnswer(NamedTuple):
    """What a check came to, with what carries it, what to do, and how sure that is."""

    check: CheckRow
    status: Status
    says: str
    evidence: tuple[HostFact, ...]
    fix: str
    command: str
    sure: Sure
    cause: str
    source: str
    checklist: bool


class Obstacle(NamedTuple):
    """Something that stands in TDX's way, in short."""

    id: str
    severity: Severity
    message: str
    fix: str


class Examination(NamedTuple):
    """All that was found. `path`: where this machine's vendor keeps the options of the firmware, "" where nothing names it."""

    root: str
    verdict: Verdict
    sentence: str
    answers: tuple[CheckAnswer, ...]
    facts: HostFacts
    topology: Topology
    generation: str
    foresight: Foresight | None
    path: str

    @property
    def obstacles(self) -> tuple[Obstacle, ...]:
        """Return what stands in the way, and what may."""
        return tuple(map(_obstacle, (one for one in self.answers if one.status in ("impossible", "error", "warning"))))


def examine(root: Path, generation: str | None = None, run: Run = command) -> Examination:
    """Examine the machine below a root. Accepted form: / of a running machine, a folder with copies of its files, an unpacked
    sosreport or bundle of `tdxwhy collect`, or such an archive."""
    tree = tree_of(root, wanted(), run)
    facts = gather(tree)
    if not facts.found:
        raise TdxwhyError(f"{root}: neither a running Linux nor a copy of its /proc and /sys", "tdxwhy collect on the machine writes one")
    derived = derive(tree, facts, generation)
    answers = tuple(_up_to_impossible(_answers(facts)))
    verdict = _verdict(answers)
    foresight = None if verdict == "impossible" else derived.foresight
    path = facts.value("firmware-path") or ""
    return Examination(
        tree.name, verdict, _sentence(verdict, answers), answers, facts, derived.topology, derived.generation, foresight, path
    )


def why_no_host(topology: Path) -> str:
    """Return why the machine of which somebody lists the CPUs can be no TDX host, "" where nothing there says so.

    Accepted form: what --topology takes: a file of lscpu or /proc/cpuinfo, a copy of /sys/devices/system/cpu, an unpacked sosreport.
    """
    if topology.is_dir():
        parts = topology.resolve()
        tree: HostTree = tree_of(parts.parents[3] if parts.as_posix().endswith(f"/{CPUS}") else topology, wanted())
    else:
        name = "proc/cpuinfo" if b"\nvendor_id" in (data := read_bytes(topology, _MOST)) else "lscpu"
        tree = HostArchive(str(topology), {name: data})
    facts = gather(tree)
    checks = [check for check in tables.checks() if check.group == tables.checks()[0].group]
    found = (row for check in checks for row in tables.findings()[check.id] if all(_holds(condition, facts) for condition in row.when))
    return next((filled(row.says, facts) for row in found if row.status == "impossible"), "")


def wanted() -> list[str]:
    """Return the globs of all files that readings look at."""
    return [_NAMED.sub("*", pattern) for reading in tables.readings() for pattern in reading.files]


def _answers(facts: HostFacts) -> Iterator[CheckAnswer]:
    for check in tables.checks():
        for finding in tables.findings()[check.id]:
            if all(_holds(condition, facts) for condition in finding.when):
                yield _noted(_answer(check, finding, facts), facts)
                break


def _noted(answer: CheckAnswer, facts: HostFacts) -> CheckAnswer:
    """Let the checks that follow know that something stands in the way, or could not be seen: none of them promises anything then."""
    if answer.status in ("impossible", "error"):
        facts.derive("in-the-way", answer.says)
    elif answer.status == "unknown" and answer.check.vital:
        facts.derive("not-seen", answer.check.title)
    return answer


def _up_to_impossible(answers: Iterator[CheckAnswer]) -> Iterator[CheckAnswer]:
    """Yield the answers; what a machine lacks that can be no host is of no interest."""
    found = list(answers)
    ends = [one.check.group for one in found if one.status == "impossible"]
    yield from (one for one in found if not ends or (one.check.group == ends[0] and one.status != "unknown"))


def _holds(condition: FactCondition, facts: HostFacts) -> bool:
    fact = facts.found.get(condition.fact)
    if condition.absent or condition.unread:
        return fact is None and (condition.fact in facts.looked) == condition.absent
    if fact is None:
        return False
    return _fits(condition, fact.value)


def _fits(condition: FactCondition, value: str) -> bool:
    if condition.matches and not lazy(condition.matches).search(value):
        return False
    if condition.lacks and lazy(condition.lacks).search(value):
        return False
    if condition.at_least and numbers(value) < numbers(condition.at_least):
        return False
    if condition.below and numbers(value) >= numbers(condition.below):
        return False
    return condition.bit is None or _bit(value, condition.bit) == condition.is_set


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers at the head of a version, such as (6, 16) of "6.16-rc3" and (5,) of "5"."""
    head = re.match(r"[0-9.-]{0,40}", version)
    return tuple(int(number) for number in _NUMBERS.findall(head[0] if head else "")[:4] if len(number) < 10)


def _bit(value: str, bit: int) -> bool | None:
    """Return a bit of a hexadecimal value; None of what is no number."""
    digits = value.split(" ", 1)[0]
    try:
        return bool(int(digits, 16) >> bit & 1)
    except ValueError:
        return None


def _answer(check: CheckRow, finding: CheckFinding, facts: HostFacts) -> CheckAnswer:
    fact_names = [condition.fact for condition in finding.when if condition.fact in facts.found]
    evidence = tuple(dict.fromkeys(fact for name in fact_names if (fact := _short(facts.found[name])) is not None))
    fix = filled(finding.fix, facts)
    if finding.checklist:
        fix = "go through the firmware set-up in the order of the list below"
    return CheckAnswer(
        check, finding.status, filled(finding.says, facts), evidence, fix, filled(finding.command, facts), finding.sure, finding.cause,
        finding.source, finding.checklist,
    )  # fmt: skip


def _short(fact: HostFact) -> HostFact | None:
    """Return a fact with a quote that can be read at a glance; None of one that rests on no passage."""
    if not fact.source:
        return None
    return fact if len(fact.quote) <= _QUOTE else fact._replace(quote=f"{fact.quote[:_QUOTE]} ...")


def filled(text: str, facts: HostFacts) -> str:
    """Put facts into a text."""
    return _NAMED.sub(lambda found: facts.found[found[1]].value if found[1] in facts.found else "?", text)


def _verdict(answers: Sequence[CheckAnswer]) -> Verdict:
    statuses = {one.status for one in answers}
    if "impossible" in statuses:
        return "impossible"
    if "error" in statuses:
        return "not-ready"
    if "up" not in statuses and any(one.status == "unknown" and one.check.vital for one in answers):
        return "undecided"
    return "ready"


def _sentence(verdict: Verdict, answers: Sequence[CheckAnswer]) -> str:
    wrong = [one for one in answers if one.status in ("impossible", "error")]
    if verdict == "impossible":
        return f"this machine cannot be a TDX host: {next(one.says for one in wrong if one.status == 'impossible')}"
    if verdict == "not-ready":
        count = "1 thing stands" if len(wrong) == 1 else f"{len(wrong)} things stand"
        return f"not ready: {count} in the way, first of all: {wrong[0].says}"
    if verdict == "undecided":
        asked = [one.check.title for one in answers if one.status == "unknown" and one.check.vital]
        return f"nothing stands in the way as far as can be seen, but it cannot be seen: {' '.join(asked)}"
    up = any(one.status == "up" for one in answers)
    return "ready: TDX is up" if up else "ready: nothing stands in the way"


def _obstacle(answer: CheckAnswer) -> Obstacle:
    severity: Severity = "warning" if answer.status == "warning" else "error"
    return Obstacle(
        answer.cause or answer.check.id, severity, answer.says, f"{answer.fix}: {answer.command}" if answer.command else answer.fix
    )


def checklist() -> tuple[str, ...]:
    """Return the firmware's list, an item a step: what to set, what a log shows where it is not, what proves it."""
    return tuple(
        f"{step.name}: {step.set}" + (f" (else: {step.symptom})" if step.symptom else "") + (f" [{step.proof}]" if step.proof else "")
        for step in known.firmware_steps()
    )
