"""Judge a kernel log: the messages of the boot that decides, and what the reference model says of its lines."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from tdxwhy.check.engine import judge, unique
from tdxwhy.check.intake import Input
from tdxwhy.check.judged import Judged
from tdxwhy.check.log import subjects
from tdxwhy.check.rules import Rule
from tdxwhy.check.subjects import Judgement
from tdxwhy.check.suppress import sort_out
from tdxwhy.config import Settings
from tdxwhy.records import Diagnosis, Event, Evidence, Finding

_TEXT = 4 << 20
_EXPECTED = 3


def judge_log(given: Input, rules: Sequence[Rule], settings: Settings) -> Judged:
    """Judge the last boot of a host in the log, as `tdxwhy log` does; earlier boots are history."""
    from tdxwhy.explain.diagnosis import diagnose
    from tdxwhy.explain.logs import report
    from tdxwhy.know.anchors import anchors
    from tdxwhy.read.log import read_boots

    source = given.path if given.path is not None else io.BytesIO(given.data or b"")
    reader = read_boots(source, given.name, anchors())
    made = report(given.name, reader, lambda boot: diagnose(boot, given.name), lambda _: ())
    notes = tuple(f"{loss.pieces} {loss.what}" for loss in reader.losses)
    if made is None:
        return Judged(given.name, "log", (), judged=False, notes=(*notes, "no line of a kernel log"))
    diagnosis = made.judged.diagnosis
    found = unique(_findings(diagnosis, rules))
    standing, hidden, _ = sort_out(found, (), settings.suppress)
    text = _text(given) if standing else None
    judged = diagnosis.outcome != "unknown" or bool(standing)
    if not judged:
        notes = (*notes, "what became of TDX cannot be told")
    return Judged(given.name, "log", tuple(standing), judged, notes, text, tuple(hidden), diagnosis.outcome)


def _findings(diagnosis: Diagnosis, rules: Sequence[Rule]) -> Iterator[Finding]:
    yield from judge(rules, subjects(diagnosis))
    if diagnosis.role == "host" and any(rule.subject == "verdict" for rule in rules):
        yield from judge(rules, _verdict(diagnosis))


def _verdict(diagnosis: Diagnosis) -> Iterator[Judgement]:
    from tdxwhy.replay.engine import explain_events

    events = [event for event in diagnosis.events if _about_tdx(event)]
    if not events:
        return
    verdict = explain_events(events, diagnosis.topology, complete=False)
    place = verdict.diverged_at
    line = next((event for event in events if place is not None and event.record.place.line == place.line), events[-1])
    steps = tuple(dict.fromkeys(one.step for one in verdict.explanations)) if verdict.outcome == "failed" else ()
    expected = place.expected[:_EXPECTED] if place is not None else ()
    yield Judgement("verdict", (Evidence(line.record.place, line.record.text),), verdict.verdict, expected, steps)


def _about_tdx(event: Event) -> bool:
    """Tell whether the model knows such lines: initialisation's own."""
    form = event.form or event.nearest
    return form is not None and form.kind in ("host", "loader")


def _text(given: Input) -> str | None:
    """Return the log as it stands for excerpts, where it is small and not packed."""
    data = given.data
    if data is None and given.path is not None and given.path.stat().st_size <= _TEXT:
        data = given.path.read_bytes()
    return data.decode("utf-8", "replace") if data is not None and data[:1] not in (b"\x1f", b"\xfd", b"\x28", b"B\x5a") else None
