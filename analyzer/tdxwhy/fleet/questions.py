"""What people ask of a fleet: outcomes by kernel, module, firmware, board; steps and causes; what is new; who is out of line."""

from __future__ import annotations

from datetime import datetime, timedelta

from tdxwhy.fleet.query import Fleet
from tdxwhy.fleet.regressions import CHANCE, DIMENSIONS, Regression, regressions, rose
from tdxwhy.noun import NamedTuple

OUTCOMES = ("initialized", "failed", "disabled-by-bios", "not-attempted", "unknown")
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


class FailureCount(NamedTuple):
    """A failure: where, why, how often, on how many hosts, and when it was seen."""

    step: str | None
    cause: str | None
    boots: int
    hosts: int
    kernels: tuple[str, ...]
    first: datetime | None
    last: datetime | None


class IncidentCount(NamedTuple):
    """What went wrong after or beside initialisation: the stage, why, in how many boots, on how many hosts, and when it was seen."""

    stage: str
    cause: str | None
    boots: int
    hosts: int
    first: datetime | None
    last: datetime | None


class Blamed(NamedTuple):
    """A package or CPU of a host that failures blame again and again."""

    host: str | None
    what: str
    number: int
    boots: int


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
    failing: tuple[FailureCount, ...]
    steps_by_kernel: tuple[tuple[str | None, str | None, int], ...]
    blamed: tuple[Blamed, ...]
    split: datetime | None
    regressions: tuple[Regression, ...]
    outliers: tuple[Outlier, ...]
    incidents: tuple[IncidentCount, ...] = ()


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
        tuple(regressions(fleet, split)),
        tuple(_outliers(fleet, hosts)),
        tuple(IncidentCount(*row) for row in fleet.ask(_INCIDENTS).rows),
    )


_INCIDENTS = """
SELECT incidents.stage, incidents.cause, count(DISTINCT boot), count(DISTINCT host), min(started), max(started)
FROM incidents JOIN boots USING (boot) GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
"""


_STEPS_BY_KERNEL = """
SELECT kernel, step, count(*) AS boots FROM boots WHERE outcome = 'failed' GROUP BY ALL ORDER BY boots DESC, kernel, step
"""


def _tallies(fleet: Fleet, value: str, where: str = "") -> list[Tally]:
    counts = ", ".join(f"count(*) FILTER (outcome = '{one}')" for one in OUTCOMES)
    sql = f"SELECT {value} AS value, {counts} FROM boots {where} GROUP BY 1 ORDER BY 3 DESC, count(*) DESC, 1"  # noqa: S608 - our own words
    return [Tally(row[0], tuple(row[1:])) for row in fleet.ask(sql).rows]


def _failing(fleet: Fleet) -> list[FailureCount]:
    rows = fleet.ask(
        """
        SELECT step, cause, count(*), count(DISTINCT host), list_sort(list(DISTINCT kernel) FILTER (kernel IS NOT NULL)),
            min(started), max(started)
        FROM boots WHERE outcome = 'failed' GROUP BY step, cause ORDER BY 3 DESC, 1, 2
        """
    ).rows
    return [FailureCount(*row)._replace(kernels=tuple(row[4] or ())) for row in rows]


def _blamed(fleet: Fleet) -> list[Blamed]:
    found: list[Blamed] = []
    for column, what in (("packages", "package"), ("cpus", "CPU")):
        sql = f"""
            SELECT host, number, count(*) AS boots
            FROM (SELECT host, unnest({column}) AS number FROM boots WHERE outcome = 'failed' AND len({column}) BETWEEN 1 AND 8)
            GROUP BY ALL
            """  # noqa: S608 - our own words
        found += [Blamed(host, what, number, boots) for host, number, boots in fleet.ask(sql).rows]
    return sorted(found, key=lambda one: (-one.boots, one.host or "", one.what, one.number))


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
    chance = CHANCE / max(1, hosts)
    return [Outlier(*row) for row in rows if rose((row[3], row[4]), (row[1], row[2]), chance)]
