"""A fleet's report as one page that needs nothing else: what charts and tables show, laid out in numbers for the template."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from tdxwhy.fleet.questions import OUTCOMES, FleetReport, Tally
from tdxwhy.report.fleet_text import MOST, news
from tdxwhy.report.templates import fill

_WIDE, _HIGH, _MOST_BARS, _MOST_STEPS = 1120, 200, 75, 11
# Tops of an axis whose quarters are whole numbers.
_GRID = (4, 8, 12, 16, 20, 24, 28, 32, 40)


def page(report: FleetReport, most: int | None = MOST) -> str:
    """Render the page, of each table so many rows."""
    most = most or sys.maxsize
    return fill(
        "fleet.html",
        report=report,
        outcomes=list(zip(OUTCOMES, report.outcomes.counts, strict=True)),
        days=_days(report.days),
        changes=list(news(report)),
        dimensions=[(name, _bars(tallies, most), len(tallies)) for name, tallies in report.by.items()],
        heat=_heat(report, most),
        most=most,
    )


def _days(days: Sequence[Tally]) -> dict[str, Any] | None:
    """Lay out one stacked bar a day, or for as many days as make the bars few enough."""
    if not days:
        return None
    first, last = (date.fromisoformat(day.value or "") for day in (days[0], days[-1]))
    span = ((last - first).days + _MOST_BARS) // _MOST_BARS
    sums: dict[int, list[int]] = {}
    for day in days:
        counts = sums.setdefault((date.fromisoformat(day.value or "") - first).days // span, [0] * len(OUTCOMES))
        for place, count in enumerate(day.counts):
            counts[place] += count
    top = _round_up(max(sum(counts) for counts in sums.values()))
    number = (last - first).days // span + 1
    width = min(160.0, _WIDE / number)
    bars = [_bar(first + timedelta(place * span), counts, place * width, top) for place, counts in sorted(sums.items())]
    every = max(1, -(-number * 6 // 75))
    ticks = [(place * width, (first + timedelta(place * span)).isoformat()[5:]) for place in range(0, number, every)]
    grid = [(_HIGH - _HIGH * part / 4, f"{top * part / 4:g}") for part in range(5)]
    return {"bars": bars, "width": max(1.0, width - 2), "ticks": ticks, "grid": grid, "high": _HIGH, "wide": number * width, "span": span}


def _bar(day: date, counts: Sequence[int], left: float, top: float) -> dict[str, Any]:
    pieces, base = [], float(_HIGH)
    told = list(zip(OUTCOMES, counts, strict=True))
    # Failures stand on the ground line, where their heights can be compared.
    for name, count in sorted(told, key=lambda one: one[0] != "failed"):
        high = _HIGH * count / top
        base -= high
        if count:
            pieces.append({"outcome": name, "top": round(base, 2), "high": round(high, 2)})
    title = ", ".join(f"{count} {name}" for name, count in told if count)
    return {"left": round(left, 2), "pieces": pieces, "title": f"{day.isoformat()}: {title}"}


def _bars(tallies: Sequence[Tally], most: int) -> list[dict[str, Any]]:
    shown = sorted(tallies, key=lambda one: (-one.failed, -one.total))[:most]
    highest = max((one.failed / one.total for one in shown), default=0) or 1
    rows: list[dict[str, Any]] = [
        {"value": one.value or "not told", "boots": one.total, "failed": one.failed, "share": one.failed / one.total} for one in shown
    ]
    return [{**row, "wide": row["failed"] / row["boots"] / highest} for row in rows]


def _heat(report: FleetReport, most: int) -> dict[str, Any] | None:
    """Lay out failing steps against kernels; the shade is the share of the kernel's boots."""
    totals = {one.value: one.total for one in report.by["kernel"]}
    counts = {(kernel, step): boots for kernel, step, boots in report.steps_by_kernel}
    kernels = [one.value for one in report.by["kernel"] if one.failed]
    steps = list(dict.fromkeys(step for _, step, _ in report.steps_by_kernel))[:_MOST_STEPS]
    if not kernels:
        return None
    shares = {pair: boots / totals[pair[0]] for pair, boots in counts.items() if totals.get(pair[0])}
    highest = max(shares.values(), default=1)
    rows = [
        (kernel or "not told", totals[kernel], [_cell(counts, shares, (kernel, step), highest) for step in steps])
        for kernel in kernels[:most]
    ]
    return {"steps": [step or "unknown" for step in steps], "rows": rows, "of": len(kernels)}


def _cell(counts: dict[Any, int], shares: dict[Any, float], pair: tuple[str | None, str | None], most: float) -> dict[str, Any]:
    share = shares.get(pair, 0.0)
    return {"boots": counts.get(pair, 0), "share": share, "shade": round(8 + 42 * share / most) if share else 0}


def _round_up(value: float) -> float:
    scale = 1.0
    while scale * _GRID[-1] < value:
        scale *= 10
    return next(step * scale for step in _GRID if step * scale >= value)
