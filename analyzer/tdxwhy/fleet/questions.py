"""What people ask of a fleet: outcomes by kernel, module, firmware, board; steps and causes; what is new; who is out of line."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from math import exp, lgamma, log, log1p
from typing import NamedTuple

from tdxwhy.fleet.query import Fleet

DIMENSIONS = ("kernel", "module", "firmware", "board")
OUTCOMES = ("initialized", "failed", "disabled-by-bios", "not-attempted", "unknown")
_TOP = 15
# A share has changed if chance alone would make so many failures in fewer than one of so many comparisons.
_CHANCE, _FEWEST = 1e-4, 3
_RECENT = timedelta(days=7)


class Tally(NamedTuple):
    """One value of a dimension, and how many boots came to each outcome."""

    value: str | None
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """Return the number of boots."""
        return sum(self.counts)

    @property
    def failed(self) -> int:
        """Return the number of failed boots."""
        return self.counts[OUTCOMES.index("failed")]


class Failing(NamedTuple):
    """A failure: where, why, how often, on how many hosts, and when it was seen."""

    step: str | None
    cause: str | None
    boots: int
    hosts: int
    kernels: tuple[str, ...]
    first: datetime | None
    last: datetime | None


class Blamed(NamedTuple):
    """A package or CPU of a host that failures blame again and again."""

    host: str | None
    what: str
    number: int
    boots: int


class Change(NamedTuple):
    """A failure that came with a kernel, or that is more frequent in the later window than before it."""

    dimension: str
    value: str
    step: str
    others: tuple[int, int]
    these: tuple[int, int]
    modules: tuple[str, ...] = ()


class Outlier(NamedTuple):
    """A host that fails more often than its peers with the same kernel and board."""

    host: str
    failed: int
    boots: int
    peers_failed: int
    peers: int


class FleetReport(NamedTuple):
    """All answers."""

    boots: int
    hosts: int
    first: datetime | None
    last: datetime | None
    outcomes: Tally
    days: tuple[Tally, ...]
    by: dict[str, tuple[Tally, ...]]
    failing: tuple[Failing, ...]
    steps_by_kernel: tuple[tuple[str | None, str | None, int], ...]
    blamed: tuple[Blamed, ...]
    split: datetime | None
    since_kernel: tuple[Change, ...]
    changes: tuple[Change, ...]
    outliers: tuple[Outlier, ...]


def answers(fleet: Fleet, split: datetime | None = None) -> FleetReport:
    """Ask everything. The windows part at `split`; without one, a week before the latest boot."""
    boots, hosts, first, last = fleet.ask("SELECT count(*), count(DISTINCT host), min(started), max(started) FROM boots").rows[0]
    if split is None and last is not None and last - first > 2 * _RECENT:
        split = last - _RECENT
    return FleetReport(
        boots,
        hosts,
        first,
        last,
        Tally("all", _tallies(fleet, "'all'")[0].counts if boots else (0,) * len(OUTCOMES)),
        tuple(sorted(_tallies(fleet, "strftime(started, '%Y-%m-%d')", "WHERE started IS NOT NULL"), key=lambda day: day.value or "")),
        {name: tuple(_tallies(fleet, name)) for name in DIMENSIONS},
        tuple(_failing(fleet)),
        tuple(fleet.ask(_STEPS_BY_KERNEL).rows),
        tuple(_blamed(fleet)),
        split,
        tuple(_since_kernel(fleet)),
        tuple(_changes(fleet, split)) if split is not None else (),
        tuple(_outliers(fleet, hosts)),
    )


_STEPS_BY_KERNEL = """
SELECT kernel, step, count(*) AS boots FROM boots WHERE outcome = 'failed' GROUP BY ALL ORDER BY boots DESC, kernel, step
"""


def _tallies(fleet: Fleet, value: str, where: str = "") -> list[Tally]:
    counts = ", ".join(f"count(*) FILTER (outcome = '{one}')" for one in OUTCOMES)
    sql = f"SELECT {value} AS value, {counts} FROM boots {where} GROUP BY 1 ORDER BY 3 DESC, count(*) DESC, 1"  # noqa: S608 - our own words
    return [Tally(row[0], tuple(row[1:])) for row in fleet.ask(sql).rows]


def _failing(fleet: Fleet) -> list[Failing]:
    rows = fleet.ask(
        """
        SELECT step, cause, count(*), count(DISTINCT host), list_sort(list(DISTINCT kernel) FILTER (kernel IS NOT NULL)),
            min(started), max(started)
        FROM boots WHERE outcome = 'failed' GROUP BY step, cause ORDER BY 3 DESC, 1, 2
        """
    ).rows
    return [Failing(*row)._replace(kernels=tuple(row[4] or ())) for row in rows]


def _blamed(fleet: Fleet) -> list[Blamed]:
    found: list[Blamed] = []
    for column, what in (("packages", "package"), ("cpus", "CPU")):
        sql = f"""
            SELECT host, number, count(*) AS boots
            FROM (SELECT host, unnest({column}) AS number FROM boots WHERE outcome = 'failed' AND len({column}) BETWEEN 1 AND 8)
            GROUP BY ALL ORDER BY boots DESC, host, number LIMIT {_TOP}
            """  # noqa: S608 - our own words
        found += [Blamed(host, what, number, boots) for host, number, boots in fleet.ask(sql).rows]
    return found


def _since_kernel(fleet: Fleet) -> list[Change]:
    """Find failures that a kernel has and the earlier ones, on the same modules, have not."""
    seen: dict[str, tuple[int, dict[str, int], tuple[str, ...]]] = {}
    for kernel, step, boots, modules in fleet.ask(
        "SELECT kernel, CASE WHEN outcome = 'failed' THEN step END, count(*), list_sort(list(DISTINCT module) FILTER (module IS NOT NULL)) "
        "FROM boots WHERE kernel IS NOT NULL AND outcome IN ('failed', 'initialized') GROUP BY 1, 2"
    ).rows:
        total, steps, known = seen.get(kernel, (0, {}, ()))
        if step is not None:
            steps = {**steps, step: boots}
        seen[kernel] = (total + boots, steps, tuple(sorted({*known, *(modules or ())})))
    ordered = sorted(seen, key=_release)
    changes = []
    for place, kernel in enumerate(ordered[1:], 1):
        total, steps, modules = seen[kernel]
        before = [seen[one] for one in ordered[:place]]
        for step, failed in sorted(steps.items()):
            others = (sum(one[1].get(step, 0) for one in before), sum(one[0] for one in before))
            if _rose(others, (failed, total)):
                changes.append(Change("kernel", kernel, step, others, (failed, total), modules))
    return changes


def _changes(fleet: Fleet, split: datetime) -> list[Change]:
    """Find the values of each dimension whose failures at a step have become more frequent since the split."""
    changes = []
    for name in DIMENSIONS:
        sql = f"""
            SELECT b.{name}, s.step, count(*) FILTER (b.started < $1 AND b.step = s.step), count(*) FILTER (b.started < $1),
                count(*) FILTER (b.started >= $1 AND b.step = s.step), count(*) FILTER (b.started >= $1)
            FROM boots b JOIN (SELECT DISTINCT {name}, step FROM boots WHERE outcome = 'failed') s ON b.{name} = s.{name}
            WHERE b.started IS NOT NULL AND s.step IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
            """  # noqa: S608 - our own words
        for value, step, *counts in fleet.ask(sql, (split,)).rows:
            before, after = (counts[0], counts[1]), (counts[2], counts[3])
            if _rose(before, after):
                changes.append(Change(name, value, step, before, after))
    return changes


def _outliers(fleet: Fleet, hosts: int) -> list[Outlier]:
    rows = fleet.ask(
        """
        WITH peers AS (SELECT kernel, board, count(*) AS boots, count(*) FILTER (outcome = 'failed') AS failed FROM boots
                       WHERE host IS NOT NULL GROUP BY ALL),
             hosts AS (SELECT host, kernel, board, count(*) AS boots, count(*) FILTER (outcome = 'failed') AS failed FROM boots
                       WHERE host IS NOT NULL GROUP BY ALL)
        SELECT h.host, sum(h.failed)::BIGINT, sum(h.boots)::BIGINT, sum(p.failed - h.failed)::BIGINT, sum(p.boots - h.boots)::BIGINT
        FROM hosts h JOIN peers p ON h.kernel IS NOT DISTINCT FROM p.kernel AND h.board IS NOT DISTINCT FROM p.board
        GROUP BY h.host HAVING sum(h.failed) >= 2 ORDER BY 2 DESC, 1
        """
    ).rows
    chance = _CHANCE / max(1, hosts)
    return [Outlier(*row) for row in rows if _rose((row[3], row[4]), (row[1], row[2]), chance)][:_TOP]


def _rose(before: tuple[int, int], after: tuple[int, int], chance: float = _CHANCE) -> bool:
    """Tell whether a share grew by more than chance, given (failed, all) twice."""
    if after[0] < _FEWEST - (chance < _CHANCE) or not before[1] or not after[1] or after[0] * before[1] <= before[0] * after[1]:
        return False
    return tail(*after, (before[0] + 1) / (before[1] + 2)) < chance


def tail(least: int, of: int, share: float) -> float:
    """Return the probability of at least so many failures among so many boots, each failing with a probability `share`."""
    term = exp(lgamma(of + 1) - lgamma(least + 1) - lgamma(of - least + 1) + least * log(share) + (of - least) * log1p(-share))
    total = term
    for number in range(least, of):
        term *= (of - number) / (number + 1) * share / (1 - share)
        total += term
        if term < total * 1e-9:
            break
    return total


def _release(kernel: str) -> tuple[tuple[int, int | str], ...]:
    """Return a key that sorts releases by their numbers."""
    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in re.findall(r"\d+|[^\d.+_-]+", kernel))
