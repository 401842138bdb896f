"""Judge a kernel log: the messages of the boot that decides, and what the reference model says of its lines."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from functools import lru_cache

from tdxwhy.check.engine import judge, unique
from tdxwhy.check.intake import Input
from tdxwhy.check.judged import Judged
from tdxwhy.check.rules import Rule
from tdxwhy.check.subjects.log import subjects
from tdxwhy.check.subjects.nouns import VerdictSubject
from tdxwhy.check.subjects.outcome import outcomes
from tdxwhy.check.suppress import sort_out
from tdxwhy.config import Settings
from tdxwhy.explain.nouns import Diagnosis
from tdxwhy.explain.outcome import meaning
from tdxwhy.records import Event, Evidence, Finding

_TEXT = 4 << 20
_EXPECTED = 3


def judge_log(given: Input, rules: Sequence[Rule], settings: Settings) -> Judged:
    """Judge the last boot of a host in the log, as `tdxwhy log` does; earlier boots are history."""
    from tdxwhy.check.logs import report_of
    from tdxwhy.explain.speaking import Speaking
    from tdxwhy.read.log import read_boots

    source = given.path if given.path is not None else io.BytesIO(given.data or b"")
    made = report_of(read_boots(source, given.name, sought=Speaking()))
    notes = tuple(loss.told() for loss in made.losses)
    diagnosis = made.judged.diagnosis
    found = unique((*_findings(diagnosis, rules), *judge(rules, outcomes(made))))
    standing, hidden, _ = sort_out(found, (), settings.suppress)
    text = _text(given) if standing else None
    texts = {given.name: text} if text is not None else {}
    judged = diagnosis.outcome != "unknown" or bool(standing)
    if not judged:
        notes = (*notes, "what became of TDX cannot be told")
    return Judged(given.name, "log", tuple(standing), judged, notes, texts, tuple(hidden), diagnosis.outcome)


def _findings(diagnosis: Diagnosis, rules: Sequence[Rule]) -> Iterator[Finding]:
    yield from judge(rules, subjects(diagnosis))
    if diagnosis.role == "host" and any(rule.subject == "verdict" for rule in rules):
        yield from judge(rules, _verdict(diagnosis))


def _verdict(diagnosis: Diagnosis) -> Iterator[VerdictSubject]:
    """Replay the lines that the model knows; between them others may be missing, so those it does not know are left out."""
    from tdxwhy.replay.engine import LogLine, replay_log

    known = [event for event in diagnosis.events if event.form is not None and event.form.format in _modelled()]
    if diagnosis.outcome == "initialized":
        # Vendor kernels read fields that a module may refuse, and go on: such a call proves nothing.
        known = [event for event in known if event.form is not None and event.form.outcome != "detail" and "status" not in event.values]
    events = _in_order(known)
    if not events:
        return
    lines = [LogLine(event.record.text, event.record.level, event.record.place.line or 0) for event in events]
    verdict = replay_log(lines, diagnosis.topology, complete=False)
    place = verdict.diverged_at
    line = next((event for event in events if place is not None and event.record.place.line == place.line), events[-1])
    steps = tuple(dict.fromkeys(one.step for one in verdict.explanations)) if _printed_failure(diagnosis) else ()
    steps = tuple(step for step in steps if step in diagnosis.steps) if diagnosis.steps else steps
    expected = place.expected[:_EXPECTED] if place is not None else ()
    yield VerdictSubject("verdict", (Evidence(line.record.place, line.record.text),), verdict.verdict, expected, steps)


def _printed_failure(diagnosis: Diagnosis) -> bool:
    """Tell whether a line says that something failed: of a silent failure another rule speaks."""
    return diagnosis.outcome == "failed" and any(meaning(event) in ("failure", "refusal") for event in diagnosis.events)


def _in_order(events: Sequence[Event]) -> list[Event]:
    """Return each line once, in order of time; nothing where time runs backwards, as in two pastes of one log."""
    once = {(event.record.time_ns, event.record.text): event for event in reversed(events) if event.record.time_ns is not None}
    kept = list(reversed(once.values()))
    times = [event.record.time_ns or 0 for event in kept]
    return kept if times == sorted(times) else []


@lru_cache(maxsize=1)
def _modelled() -> frozenset[str]:
    from tdxwhy.replay.data import generations

    return frozenset(form.format for one in generations().values() for form in one.forms.values())


def _text(given: Input) -> str | None:
    """Return the log as it stands for excerpts, where it is small and not packed."""
    data = given.data
    if data is None and given.path is not None and given.path.stat().st_size <= _TEXT:
        data = given.path.read_bytes()
    return data.decode("utf-8", "replace") if data is not None and data[:1] not in (b"\x1f", b"\xfd", b"\x28", b"B\x5a") else None
