"""A log's diagnoses as a page and as markdown: the data that the templates lay out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tdxwhy.explain.logs import JudgedBoot
from tdxwhy.explain.nouns import Diagnosis
from tdxwhy.know import tables
from tdxwhy.know.recognise import step_of
from tdxwhy.noun import NamedTuple
from tdxwhy.ranges import counted
from tdxwhy.records import LogRecord, Loss
from tdxwhy.report.log_text import lost_line, packages
from tdxwhy.report.templates import fill
from tdxwhy.report.terminal import safe

if TYPE_CHECKING:
    from tdxwhy.incident.nouns import Incident

_CONTEXT = 2
_NUMBER = re.compile(r"0x[0-9a-fA-F]+|[0-9]+")
_MOODS = {"initialized": "good", "failed": "bad"}
_KINDS = {"host": "end of initialisation", "runtime": "run time", "unrecognised": "wording not known"}
_EVENT_MOODS = {"failure": "bad", "refusal": "bad", "success": "good"}


class BootPage(NamedTuple):
    """A boot to show, with what could not be read of its log and the incidents of the log, which stand with its last boot."""

    judged: JudgedBoot
    losses: Sequence[Loss] = ()
    incidents: Sequence[Incident] = ()


def page(shown: Sequence[BootPage], template: str = "log.html") -> str:
    """Render boots; `template` is log.html or log.md."""
    losses = dict.fromkeys(loss for one in shown for loss in one.losses)
    boots = [_boot(one.judged, one.incidents) for one in shown]
    return fill(template, boots=boots, losses=[lost_line(loss) for loss in losses], summary=_summary(shown))


def _summary(shown: Sequence[BootPage]) -> str:
    """Say of many boots how many came to what."""
    counts = Counter(one.judged.diagnosis.outcome for one in shown)
    told = [f"TDX failed in {counts['failed']}"] if counts["failed"] else []
    told += [f"came up in {counts['initialized']}"] if counts["initialized"] else []
    troubled = sum(bool(one.incidents) for one in shown)
    told += [f"something went wrong later in {troubled}"] if troubled else []
    return f"{counted(len(shown), 'boot')}: {', '.join(told) or 'of none it can be told that TDX came up'}"


def _boot(one: JudgedBoot, incidents: Sequence[Incident]) -> dict[str, Any]:
    diagnosis = one.diagnosis
    return {
        "diagnosis": diagnosis,
        "mood": _MOODS.get(diagnosis.outcome, "unsure"),
        "ladder": list(_ladder(diagnosis)) if diagnosis.role == "host" else [],
        "packages": list(_packages(diagnosis)),
        "counts": list(packages(diagnosis.topology)),
        "timeline": _gathered(_timeline(diagnosis, incidents)),
        "incidents": [_incident(incident) for incident in incidents],
        "troubled": bool(incidents) and diagnosis.outcome != "failed",  # what failed stands first
        "first": _first(diagnosis, incidents),
        "context": list(_context(diagnosis, one.records.records)),
        "findings": one.findings,
    }


def _ladder(diagnosis: Diagnosis) -> Iterator[dict[str, str]]:
    if not diagnosis.reached and not diagnosis.steps:
        return
    taken = tables.steps_of(diagnosis.generation)
    for step in (one for one in tables.steps() if one in taken or one in diagnosis.reached or one in diagnosis.steps):
        state = "passed" if step in diagnosis.reached else "open"
        if step in diagnosis.steps:
            state = "failed" if len(diagnosis.steps) == 1 else "possible"
        yield {"step": step, "state": state}


def _packages(diagnosis: Diagnosis) -> Iterator[dict[str, Any]]:
    cpus = {cpu.number: cpu for cpu in diagnosis.topology.cpus}
    for package in diagnosis.topology.packages:
        shown = [
            {
                "number": number,
                "presence": cpus[number].presence if number in cpus else "unknown",
                "evidence": cpus[number].evidence[0].quote if number in cpus and cpus[number].evidence else "",
            }
            for number in package.cpus
        ]
        name = "package unknown" if package.id is None else f"package {package.id}"
        yield {"name": name, "known": package.known, "lost": package.lost, "cpus": shown}


def _incident(incident: Incident) -> dict[str, Any]:
    from tdxwhy.report.incident_text import call_line, concerned

    return {
        "told": incident,
        "calls": [call_line(call) for call in incident.calls],
        "concerns": concerned(incident),
        "quotes": [safe(evidence.quote) for evidence in incident.evidence],
    }


def _first(diagnosis: Diagnosis, incidents: Sequence[Incident]) -> str:
    """Return what is to be done first, or what would settle what is open."""
    steps = [step.text for incident in incidents for step in incident.actions]
    own = [action.text for action in diagnosis.actions]
    told = [*own, *steps] if diagnosis.outcome == "failed" else [*steps, *own]
    return next(iter([*told, *diagnosis.settles]), "")


def _gathered(moments: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return lines that follow each other and differ in numbers alone as one row."""
    rows: list[dict[str, Any]] = []
    for moment in moments:
        like = (moment["step"], moment["mood"], _NUMBER.sub("#", moment["text"]))
        if rows and rows[-1]["like"] == like:
            rows[-1]["more"] += 1
            rows[-1]["until"] = moment["seconds"]
        else:
            rows.append({**moment, "like": like, "more": 0, "until": ""})
    return rows


def _timeline(diagnosis: Diagnosis, incidents: Sequence[Incident]) -> Iterator[dict[str, str]]:
    hit = {evidence.place.line: incident.stage for incident in incidents for evidence in incident.evidence}
    for event in diagnosis.events:
        kind = event.form.kind if event.form is not None else "unrecognised"
        if kind in ("topology", "boot", "platform", "report"):
            continue
        seconds = "" if event.record.time_ns is None else f"{event.record.time_ns / 1e9:.6f}"
        wrong = event.form is None or event.form.outcome in ("failure", "refusal", "warning")
        stage = hit.get(event.record.place.line) if wrong and event.record.place.line is not None else None
        step = stage or step_of(event) or _KINDS.get(kind, kind)
        mood = "bad" if stage else _EVENT_MOODS.get(event.form.outcome if event.form is not None else "", "")
        yield {"seconds": seconds, "step": step, "text": safe(event.record.text), "mood": mood}


def _context(diagnosis: Diagnosis, records: Sequence[LogRecord]) -> Iterator[list[dict[str, Any]]]:
    """Yield passages: each evidence line with the records around it; passages that touch are one."""
    hits = {evidence.place.line for evidence in diagnosis.evidence if evidence.place.line is not None}
    places = [place for place, record in enumerate(records) if record.place.line in hits]
    near = sorted({n for place in places for n in range(max(0, place - _CONTEXT), min(len(records), place + _CONTEXT + 1))})
    passage: list[dict[str, Any]] = []
    for before, place in zip([None, *near], near, strict=False):
        if passage and before is not None and place != before + 1:
            yield passage
            passage = []
        record = records[place]
        passage.append({"number": record.place.line, "text": safe(record.text), "hit": record.place.line in hits})
    if passage:
        yield passage
