"""A whole log: the boots in it with their diagnoses, and the one that decides."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import chain, islice

from tdxwhy.explain.lines import edges_of, likeness, texts_of, timed, understood
from tdxwhy.explain.nouns import Diagnosis
from tdxwhy.explain.relayed import is_relayed
from tdxwhy.hints import TYPE_CHECKING
from tdxwhy.noun import NamedTuple
from tdxwhy.records import BootRecords, Finding, Loss, Topology

if TYPE_CHECKING:
    from tdxwhy.incident.nouns import Incident, PasteLine

# So many boots are held with their lines, and no more of these together; so many are known by all that decides, and no more of that.
_HELD, _LINES = 32, 20_000
_KNOWN, _TOKENS = 4096, 100_000
# A boot of more lines about TDX that differ is like no other, and to ask takes as long as to judge it.
_DIFFERENT = 1024
# What thousands of boots share that have lost their lines.
_GONE, _NOTHING = BootRecords((), 0, None), Topology()


class JudgedBoot(NamedTuple):
    """One boot: its records, its diagnosis, and what the rules say of its messages."""

    diagnosis: Diagnosis
    records: BootRecords
    findings: tuple[Finding, ...] = ()


class LogReport(NamedTuple):
    """One log: every boot in the order of the input, the place of the one that decides, what could not be read, what went wrong later."""

    source: str
    boots: tuple[JudgedBoot, ...]
    decisive: int
    losses: tuple[Loss, ...] = ()
    incidents: tuple[Incident, ...] = ()
    lines: Sequence[PasteLine] = ()

    @property
    def judged(self) -> JudgedBoot:
        """Return the boot that decides."""
        return self.boots[self.decisive]


def report(
    source: str,
    boots: Iterable[BootRecords],
    judge: Callable[[BootRecords], JudgedBoot],
    hold: bool = False,
) -> LogReport | None:
    """Judge every boot of a log; None where it holds no boot at all.

    Of a console stream with thousands of boots the earlier ones keep their verdict and lose all else, unless `hold` is set;
    those that are alike get it from the first of them.
    """
    judged: list[JudgedBoot] = []
    known: dict[Hashable, Diagnosis] = {}
    held: list[int] = []
    best = tokens = 0
    lent = False  # whether the diagnosis of the best one is that of a boot like it
    boots = iter(boots)
    ahead = tuple(islice(boots, 2))
    alone = len(ahead) == 1  # what it is like nobody asks
    for boot in chain(ahead, boots):
        like = None if hold or alone else _likeness(boot)
        alike = like in known
        if alike:
            diagnosis = known[like]
            diagnosis = diagnosis if diagnosis.boot_id == boot.boot_id else diagnosis._replace(boot_id=boot.boot_id)
            judged.append(JudgedBoot(diagnosis, boot))
        else:
            boot = boot._replace(records=tuple(boot.records))  # noqa: PLW2901 - made once, as they are read again and again
            judged.append(judge(boot))
            diagnosis = judged[-1].diagnosis
            if like is not None and len(known) < _KNOWN and (tokens := tokens + len(diagnosis.events)) < _TOKENS:
                known[like] = _slimmed(diagnosis)
        place = len(judged) - 1
        if not place or decisive((judged[best].diagnosis, diagnosis)):
            best, lent = place, alike
        if not hold:
            held = _slim(judged, [*held, place], best)
    if not judged:
        return None
    if lent:
        judged[best] = judge(judged[best].records)
    return LogReport(source, tuple(judged), best)


def _likeness(boot: BootRecords) -> Hashable | None:
    if not timed(boot.records) or (len(boot.records) > _DIFFERENT and len(set(texts_of(boot.records))) > _DIFFERENT):
        return None
    return likeness(understood(boot.records).events, edges_of(boot))


def _slim(judged: list[JudgedBoot], held: Sequence[int], best: int) -> list[int]:
    """Let boots go that lie too far back, or had too many lines together with those behind them; return the places of the others."""
    last, lines, kept = held[-1], 0, []
    for place in reversed(held):
        one = judged[place]
        lines += len(one.records.records)
        if place in (best, last) or (place > last - _HELD and lines <= _LINES):
            kept.append(place)
        else:
            judged[place] = JudgedBoot(_slimmed(one.diagnosis), _GONE, one.findings)
    return kept[::-1]


def _slimmed(diagnosis: Diagnosis) -> Diagnosis:
    if not diagnosis.evidence and not diagnosis.notes and diagnosis.topology == _NOTHING:
        return diagnosis
    return diagnosis._replace(events=diagnosis.events[:2], topology=_NOTHING, notes=(), evidence=())


def decisive(boots: Sequence[Diagnosis]) -> int:
    """Return the place of the last boot of a host, or of the last one where no host speaks.

    A piece that says nothing (a torn head, a paste without an outcome) does not take the word from one that does, unless it
    names its kernel and so is a boot of its own; nor does a single line, quoted to show how things ought to look, from a log, nor the
    console of a VM that a program of the host hands on from what the host itself says.
    """
    places = range(len(boots))
    hosts = [place for place in places if boots[place].role == "host"] or list(places)
    hosts = [place for place in hosts if not all(is_relayed(event.record) for event in boots[place].events)] or hosts
    logs = [place for place in hosts if len(boots[place].events) > 1] or hosts
    telling = [place for place in logs if boots[place].outcome != "unknown" or boots[place].kernel is not None]
    return (telling or logs)[-1]
