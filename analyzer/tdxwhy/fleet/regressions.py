"""What has become worse in a fleet, each change said once: by the one difference between boots that tells it best."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from math import exp, lgamma, log, log1p
from typing import Literal

from tdxwhy.digits import is_whole
from tdxwhy.fleet.query import Fleet
from tdxwhy.noun import NamedTuple

DIMENSIONS = ("kernel", "module", "firmware", "board")
# Dimensions whose values have an order of their own, so that "since" can be said without any time.
_ORDERED = ("kernel", "module")
# Of two explanations the better one is told alone if it is so many times likelier.
_SURE = 100
_MOST = 25

How = Literal["since", "with", "new", "date", "rise"]


class Regression(NamedTuple):
    """A failure that is more frequent in some boots, counted as (failed, all) among those that tried, than in the others.

    `how`: "since" a kernel or module and all later ones; "with" one kernel alone; with a "new" value, first seen since the windows part;
    since that "date" in the whole fleet; or a "rise" since then with one value. `rivals` explain it as well: this fleet cannot tell.
    `modules` are those of the failing boots, `host` is the only host that they are of.
    """

    how: How
    dimension: str
    value: str | None
    step: str
    others: tuple[int, int]
    these: tuple[int, int]
    modules: tuple[str, ...] = ()
    rivals: tuple[tuple[str, str], ...] = ()
    host: str | None = None


class _Cell(NamedTuple):
    """Boots alike in all that is compared: how many of them failed at the step in question, of how many, and on which hosts."""

    late: bool | None
    values: tuple[str | None, ...]
    failed: int
    boots: int
    hosts: frozenset[str | None]

    def value(self, dimension: str) -> str | None:
        return self.values[DIMENSIONS.index(dimension)]


class _Group(NamedTuple):
    """Boots with some values of a dimension, early, late or both; without a dimension, all that are early or late."""

    dimension: str
    values: frozenset[str]
    late: bool | None = None

    def has(self, cell: _Cell) -> bool:
        """Tell whether boots belong to the group."""
        return (not self.dimension or cell.value(self.dimension) in self.values) and self.late in (None, cell.late)

    def share(self, tallies: _Tallies) -> tuple[int, int]:
        """Return how many of its boots failed, and how many there are."""
        kept = [
            tallies.get((self.dimension, value, late), (0, 0))
            for value in (self.values if self.dimension else ("",))
            for late in ((True, False, None) if self.late is None else (self.late,))
        ]
        return sum(failed for failed, _ in kept), sum(boots for _, boots in kept)


_Tallies = dict[tuple[str, str, bool | None], tuple[int, int]]


class _Split(NamedTuple):
    """A way to part the boots: these, and the others to compare with."""

    how: How
    dimension: str
    value: str | None
    others: _Group
    these: _Group


class _Counted(NamedTuple):
    """A way to part boots, the counts of both sides, and how much it tells."""

    split: _Split
    others: tuple[int, int]
    these: tuple[int, int]

    @property
    def told(self) -> float:
        return round(gain(self.others, self.these), 6)


def regressions(fleet: Fleet, split: datetime | None) -> list[Regression]:
    """Find what became worse with a kernel or module, with values first seen since the split, or since then.

    Failures are those of initialisation by their step, and incidents by stage and cause.
    """
    cells = {**_cells(fleet, split), **_incident_cells(fleet, split)}
    found: list[Regression] = []
    for step in sorted(cells):
        found += _of_step(step, cells[step])
    return sorted(found, key=lambda one: (-one.these[0], one.step, one.dimension, one.value or ""))


def _cells(fleet: Fleet, split: datetime | None) -> dict[str, list[_Cell]]:
    """Return the boots that tried, gathered, for each step at which some failed."""
    late = "started >= $1" if split is not None else "CAST(NULL AS BOOLEAN)"
    sql = f"""
        SELECT {late}, {", ".join(DIMENSIONS)}, CASE WHEN outcome = 'failed' THEN step END, count(*), min(host), max(host), count(host)
        FROM boots WHERE outcome IN ('failed', 'initialized') GROUP BY ALL
        """  # noqa: S608 - our own words
    rows = fleet.ask(sql, (split,) if split is not None else ()).rows
    found: dict[str, list[_Cell]] = {row[5]: [] for row in rows if row[5] is not None}
    for when, *values, step, boots, first, last, named in rows:
        hosts = frozenset({first, last} | ({None} if named < boots else set()))
        for one, cells in found.items():
            cells.append(_Cell(when, tuple(values), boots if step == one else 0, boots, hosts))
    return found


def _incident_cells(fleet: Fleet, split: datetime | None) -> dict[str, list[_Cell]]:
    """Return the boots of hosts that did not fail to come up, gathered, for each kind of incident that some had."""
    late = "started >= $1" if split is not None else "CAST(NULL AS BOOLEAN)"
    kind = "(SELECT DISTINCT boot, stage || ' (' || coalesce(cause, 'no known cause') || ')' AS kind FROM incidents)"
    groups, hosts = f"{late}, {', '.join(DIMENSIONS)}", "count(*), min(host), max(host), count(host)"
    of = "role = 'host' AND outcome <> 'failed'"
    asked = (split,) if split is not None else ()
    rows = fleet.ask(f"SELECT kind, {groups}, {hosts} FROM boots JOIN {kind} USING (boot) WHERE {of} GROUP BY ALL", asked).rows  # noqa: S608
    if not rows:
        return {}
    every = fleet.ask(f"SELECT {groups}, {hosts} FROM boots WHERE {of} GROUP BY ALL", asked).rows  # noqa: S608 - our own words
    found: dict[str, list[_Cell]] = {}
    for kind in sorted({row[0] for row in rows}):
        failing = {tuple(row[1:-4]): row[-4:] for row in rows if row[0] == kind}
        cells = found[kind] = []
        for row in every:
            (when, *values), counts = row[:-4], row[-4:]
            failed = failing.get((when, *values), (0, None, None, 0))
            for part, boots in ((failed, failed[0]), (counts, counts[0] - failed[0])):
                if boots:
                    hosts_of = frozenset({part[1], part[2]} | ({None} if part[3] < part[0] else set()))
                    cells.append(_Cell(when, tuple(values), boots if part is failed else 0, boots, hosts_of))
    return found


def _of_step(step: str, cells: list[_Cell]) -> Iterator[Regression]:
    """Yield the best explanation, then that of what it leaves, until nothing is left that chance would not do."""
    for _ in range(_MOST):
        ranked = _ranked(cells)
        if not ranked:
            return
        best = ranked[0]
        rest = [cell for cell in cells if not best.split.these.has(cell)]
        failing = [cell for cell in cells if cell.failed and best.split.these.has(cell)]
        hosts = frozenset[str | None]().union(*(cell.hosts for cell in failing))
        modules = {module for cell in failing if (module := cell.value("module")) is not None}
        yield Regression(
            best.split.how,
            best.split.dimension,
            best.split.value,
            step,
            best.others,
            best.these,
            tuple(sorted(modules)) if best.split.dimension != "module" else (),
            tuple(_rivals(ranked, rest)),
            next(iter(hosts)) if len(hosts) == 1 else None,
        )
        cells = rest


def _ranked(cells: Sequence[_Cell]) -> list[_Counted]:
    """Return the ways to part boots whose share of failures differs by more than chance, the most telling first."""
    tallies = _tallied(cells)
    counted = [_Counted(split, split.others.share(tallies), split.these.share(tallies)) for split in _splits(tallies)]
    telling = [one for one in counted if rose(one.others, one.these, CHANCE / len(counted))]
    return sorted(telling, key=lambda one: -one.told)


def _rivals(ranked: Sequence[_Counted], rest: Sequence[_Cell]) -> Iterator[tuple[str, str]]:
    """Yield explanations by another dimension that are nearly as likely, and explain nothing beyond what the best one does."""
    best, tallies = ranked[0], _tallied(rest)
    seen = {best.split.dimension}
    for one in ranked[1:]:
        split = one.split
        close = one.told >= best.told - log(_SURE) and split.how in ("since", "new") and split.dimension not in seen
        if close and split.value is not None and not rose(split.others.share(tallies), split.these.share(tallies)):
            seen.add(split.dimension)
            yield split.dimension, split.value


def _tallied(cells: Sequence[_Cell]) -> _Tallies:
    """Count the failed and all boots of each value, early and late."""
    found: _Tallies = {}
    for cell in cells:
        for dimension, value in (("", ""), *zip(DIMENSIONS, cell.values, strict=True)):
            if value is not None:
                failed, boots = found.get((dimension, value, cell.late), (0, 0))
                found[dimension, value, cell.late] = failed + cell.failed, boots + cell.boots
    return found


def _splits(tallies: _Tallies) -> Iterator[_Split]:
    """Yield every way to part boots that can be told in a few words, the plainest first."""
    values = {dimension: _values(tallies, dimension) for dimension in DIMENSIONS}
    for dimension in _ORDERED:
        for place, value in enumerate(values[dimension][1:], 1):
            before, later = values[dimension][:place], values[dimension][place:]
            yield _Split("since", dimension, value, _Group(dimension, frozenset(before)), _Group(dimension, frozenset(later)))
    for dimension in DIMENSIONS:
        early = {value for value in values[dimension] if (dimension, value, False) in tallies or (dimension, value, None) in tallies}
        for value in values[dimension] if early else ():
            if value not in early:
                yield _alone("new", dimension, value, values[dimension])
    for value in values["kernel"][1:-1]:
        yield _alone("with", "kernel", value, values["kernel"])
    yield _Split("date", "", None, _Group("", frozenset(), False), _Group("", frozenset(), True))
    for dimension in DIMENSIONS:
        for value in values[dimension]:
            one = frozenset({value})
            yield _Split("rise", dimension, value, _Group(dimension, one, False), _Group(dimension, one, True))


def _alone(how: How, dimension: str, value: str, values: Sequence[str]) -> _Split:
    one = frozenset({value})
    return _Split(how, dimension, value, _Group(dimension, frozenset(values) - one), _Group(dimension, one))


def _values(tallies: _Tallies, dimension: str) -> list[str]:
    """Return the values of a dimension in the order of their numbers."""
    return sorted({value for name, value, _ in tallies if name == dimension}, key=lambda value: (_release(value), value))


def _release(text: str) -> tuple[tuple[int, int | str], ...]:
    """Return a key that sorts releases by their numbers."""
    return tuple((0, int(part)) if is_whole(part) else (1, part) for part in re.findall(r"[0-9]{1,19}|[^0-9.+_-]+", text))


# A share has changed if chance alone would make so many failures in fewer than one of so many comparisons.
CHANCE, _FEWEST = 1e-4, 3


def rose(before: tuple[int, int], after: tuple[int, int], chance: float = CHANCE) -> bool:
    """Tell whether a share grew by more than chance, given (failed, all) twice."""
    if after[0] < _FEWEST - (chance < CHANCE) or not before[1] or not after[1] or after[0] * before[1] <= before[0] * after[1]:
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


def gain(one: tuple[int, int], two: tuple[int, int]) -> float:
    """Return by how much likelier two groups of (failed, all) are with a share of each than with one for both, as a logarithm."""
    both = (one[0] + two[0], one[1] + two[1])
    return _likelihood(one) + _likelihood(two) - _likelihood(both)


def _likelihood(counts: tuple[int, int]) -> float:
    failed, boots = counts
    return sum(part * log(part / boots) for part in (failed, boots - failed) if part)
