"""A fleet's report as text and JSON, the health of a store, and the schema's page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from tdxwhy.fleet.inspect import Health
from tdxwhy.fleet.questions import OUTCOMES, FleetReport, Tally
from tdxwhy.fleet.regressions import Regression
from tdxwhy.fleet.schema import SCHEMA, TABLES
from tdxwhy.ranges import counted
from tdxwhy.report.json_text import json_text
from tdxwhy.report.rows import table
from tdxwhy.report.terminal import safe

# Rows of a table, unless all are asked for.
MOST = 15


def as_text(report: FleetReport, most: int | None = MOST) -> str:
    """Return the report for people: the short answer first, and of each table so many rows."""
    return "".join(_sections(report, most))


def _cut(head: Sequence[str], rows: Sequence[Sequence[Any]], most: int | None) -> Iterator[str]:
    yield from table(head, rows[:most])
    if most is not None and len(rows) > most:
        yield f"and {len(rows) - most} more (--all)\n"


def _sections(report: FleetReport, most: int | None) -> Iterator[str]:
    yield f"{counted(report.boots, 'boot')}{_of_hosts(report.hosts)}{_between(report.first, report.last)}\n"
    counts = [f"{count} {name}" for name, count in zip(OUTCOMES, report.outcomes.counts, strict=True) if count]
    seen = [place for place, count in enumerate(report.outcomes.counts) if count]
    yield ", ".join(counts) + "\n"
    yield from (f"NEW  {one}\n" for one in news(report))
    if report.failing:
        yield "\nfailing steps and causes\n"
        rows = [(one.step, one.cause, one.boots, one.hosts or None, _day(one.first), _day(one.last)) for one in report.failing]
        yield from _cut(("step", "cause", "boots", "hosts", "first seen", "last seen"), rows, most)
    if report.incidents:
        yield "\nafter initialisation: what went wrong, and why\n"
        late = [(one.stage, one.cause, one.boots, one.hosts or None, _day(one.first), _day(one.last)) for one in report.incidents]
        yield from _cut(("stage", "cause", "boots", "hosts", "first seen", "last seen"), late, most)
    for name, tallies in report.by.items():
        yield f"\nby {name}\n"
        shown = [(one.value or "not told", one.total, *(one.counts[place] for place in seen), _percent(one)) for one in tallies]
        yield from _cut((name, "boots", *(OUTCOMES[place] for place in seen), "failed share"), shown, most)
    if report.steps_by_kernel:
        yield "\nfailing steps by kernel\n"
        yield from _cut(("kernel", "step", "boots"), report.steps_by_kernel, most)
    if report.blamed:
        yield "\npackages and CPUs that failures blame\n"
        yield from _cut(("host", "what", "number", "boots"), report.blamed, most)
    if report.outliers:
        yield "\nhosts out of line with their peers\n"
        yield from _cut(("host", "failed", "boots", "peers failed", "peers' boots"), report.outliers, most)


def news(report: FleetReport) -> Iterator[str]:
    """Yield a line for each failure that has become more frequent: since a kernel, with a new firmware, or since the windows part."""
    yield from (sentence(one, report.split) for one in report.regressions)


def sentence(one: Regression, split: datetime | None) -> str:
    """Say a change in one line, such as "since kernel 6.8.0-1015: TDH.SYS.RD on module 1.0: 9 of 30 boots (30.0%), before 0 of 9 boots"."""
    value = f"{one.dimension} {safe(one.value or '')}"
    where = {"since": f"since {value}", "with": f"with {value}", "new": f"with new {value}", "date": f"since {_day(split)}"}
    named = where.get(one.how, f"since {_day(split)} with {value}")
    named += "".join(f" or {dimension} {safe(rival)}" for dimension, rival in one.rivals)
    named += f" (which {'of them' if len(one.rivals) > 1 else 'of the two'}, these boots cannot tell)" if one.rivals else ""
    on = f" on module {', '.join(safe(module) for module in one.modules)}" if one.modules else ""
    else_ = "else" if one.how in ("with", "new") else "before"
    host = f", all on host {safe(one.host)}" if one.host is not None else ""
    return f"{named}: {one.step}{on}: {_share(one.these)}{host}, {else_} {_share(one.others)}"


def _share(counts: tuple[int, int]) -> str:
    failed, boots = counts
    return f"{failed} of {boots} boots ({failed / boots:.1%})" if boots else "no boot"


def _percent(tally: Tally) -> str:
    return f"{tally.failed / tally.total:.1%}".rjust(len("failed share")) if tally.failed else ""


def _of_hosts(hosts: int) -> str:
    return f" of {counted(hosts, 'host')}" if hosts else " of hosts that nothing names (ingest takes --host, or --pattern for paths)"


def _between(first: datetime | None, last: datetime | None) -> str:
    return f", {first:%Y-%m-%d} to {last:%Y-%m-%d}" if first and last else ""


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d}" if at else ""


def as_json(report: FleetReport) -> str:
    """Return the report as one JSON object."""
    return json_text({"schema": "tdxwhy/fleet-report/2", **_plain(report)}, 1)


def _plain(value: Any) -> Any:  # noqa: ANN401 - any noun of a report
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        found = {name: _plain(getattr(value, name)) for name in value._fields}
        if "counts" in found:
            found["counts"] = dict(zip(OUTCOMES, found["counts"], strict=True))
        return found
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple | list) else value


def health(found: Health) -> str:
    """Say whether a store is whole."""
    rows = ", ".join(counted(count, name.removesuffix("s")) for name, count in found.rows.items())
    lines = [f"{counted(found.parts, 'part')} of {counted(found.sources, 'source')}: {rows}"]
    lines += [f"trouble: {safe(trouble)}" for trouble in found.troubles]
    lines += [f"unfinished, harmless: {safe(one)}" for one in found.leftovers]
    lines.append("not whole" if found.troubles else "whole")
    return "\n".join(lines) + "\n"


def health_json(found: Health) -> str:
    """Return the health as JSON."""
    document = {"schema": "tdxwhy/fleet-check/1", "whole": not found.troubles, **found._asdict()}
    return json_text(document, 1)


def schema() -> str:
    """Return what each column of the store means."""
    lines = [f"{SCHEMA}: the tables of a store"]
    for name, columns in TABLES.items():
        lines.append(f"\n{name}")
        lines += [f"  {column.name:14} {column.type:13} {column.meaning}" for column in columns]
    return "\n".join(lines) + "\n"
