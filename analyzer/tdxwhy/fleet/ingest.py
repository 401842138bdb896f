"""Many logs into a store: find the sources, hand batches to an engine, and account for everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain, islice
from pathlib import Path
from threading import Event, Lock, Thread

from tdxwhy.fleet import counters
from tdxwhy.fleet.batch import BatchResult, IngestSettings, batches
from tdxwhy.fleet.compact import Compaction, compact_if_many
from tdxwhy.fleet.engine import Engine, Local, workers_here
from tdxwhy.fleet.extra import needed
from tdxwhy.fleet.origin import compiled
from tdxwhy.fleet.sources import MANY, Listing, Unread
from tdxwhy.fleet.store import Writer, make_store
from tdxwhy.noun import NamedTuple

# Seconds between two reports of how far it is.
_TICK = 0.2


class IngestRequest(NamedTuple):
    """What the user asked for. `workers` 0: one for each processor."""

    named: tuple[str, ...]
    store: Path
    pattern: str = ""
    host: str = ""
    workers: int = 0
    scheduler: str = ""


class Progress(NamedTuple):
    """How far an ingest is: sources and bytes done, of those that are found; `of_size` is 0 until all are."""

    sources: int
    of_sources: int
    size: int
    of_size: int


class Summary(NamedTuple):
    """What an ingest did; `unread` and `losses` say what it could not, and why."""

    sources: int
    known: int
    boots: int
    size: int
    parts: int
    outcomes: dict[str, int]
    unread: tuple[Unread, ...]
    losses: tuple[tuple[str, int, str], ...]
    compacted: Compaction = Compaction()


def ingest(request: IngestRequest, tell: Callable[[Progress], None]) -> Summary:
    """Bring sources into a store; those that it has are left alone, and of a store of many small parts few large ones are made."""
    needed("arro3.io", "xxhash")
    if request.pattern:
        compiled(request.pattern)
    engine = _engine(request)
    store = make_store(request.store)
    listing = Listing(request.named, but=store.folder)
    found = iter(listing)
    first = list(islice(found, MANY))
    if not listing.whole or len(list(batches(first))) > 1:
        engine.prepare()
    outcomes = []
    done = size = 0

    def report() -> None:
        tell(Progress(done, listing.count, size + counters.pending(), listing.size if listing.whole else 0))

    with Writer(store) as writer, _ticking(report) as tick:
        settings = IngestSettings(str(store.folder.resolve()), str(writer.folder.resolve()), request.pattern, request.host)
        for outcome in engine(batches(chain(first, found)), settings):
            outcomes.append(outcome)
            done += outcome.sources + outcome.known + len(outcome.unread)
            size += outcome.listed
            tick()
    return _summary(outcomes, listing.unread)._replace(compacted=compact_if_many(store))


@contextmanager
def _ticking(tell: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Tell again and again, and when the function is called that is yielded; never both at once."""
    over, turn = Event(), Lock()

    def tick() -> None:
        with turn:
            tell()

    def work() -> None:
        with suppress(OSError):  # whoever calls the function meets it too
            while not over.wait(_TICK):
                tick()

    tick()
    thread = Thread(target=work, daemon=True)
    thread.start()
    try:
        yield tick
    finally:
        over.set()
        thread.join()


def _engine(request: IngestRequest) -> Engine:
    if request.scheduler:
        from tdxwhy.fleet.cluster import Cluster

        return Cluster(request.scheduler)
    return Local(request.workers or workers_here())


def _summary(outcomes: Sequence[BatchResult], unread: Sequence[Unread]) -> Summary:
    counts: Counter[str] = Counter()
    lost: dict[str, tuple[int, str]] = {}
    for outcome in outcomes:
        counts.update(dict(outcome.outcomes))
        for loss in outcome.losses:
            pieces, first = lost.get(loss.what, (0, loss.place.source))
            lost[loss.what] = (pieces + loss.pieces, min(first, loss.place.source))
    return Summary(
        sum(one.sources for one in outcomes),
        sum(one.known for one in outcomes),
        sum(one.boots for one in outcomes),
        sum(one.size for one in outcomes),
        sum(one.parts for one in outcomes),
        dict(sorted(counts.items())),
        tuple(sorted((*unread, *(each for one in outcomes for each in one.unread)))),
        tuple((what, pieces, first) for what, (pieces, first) in sorted(lost.items())),
    )
