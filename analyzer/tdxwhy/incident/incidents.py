"""The incidents of one log: lines to signs, signs to cases, each with its causes, whom it concerns, and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from tdxwhy.incident import facts as about
from tdxwhy.incident import tables
from tdxwhy.incident.blame import Named, blame, concerns_cpus
from tdxwhy.incident.cases import Case, StagedSign, cases_of
from tdxwhy.incident.cpus import topology_of
from tdxwhy.incident.evidence import PastedEvidence, gather
from tdxwhy.incident.nouns import FailedCall, Host, Incident, PastedFact, PasteLine
from tdxwhy.incident.phrase import actions, sentence, settles, whom_settles
from tdxwhy.incident.rank import Ranked, rank
from tdxwhy.incident.signs import signs_of
from tdxwhy.incident.values import values_of
from tdxwhy.ranges import ranges
from tdxwhy.records import Evidence as Quote
from tdxwhy.records import Topology

# So many stages are told of, each with so many quotes.
_MOST, _QUOTES = 3, 8


def incidents_of(lines: Sequence[PasteLine], host: Host) -> tuple[Incident, ...]:
    """Return the incidents of a paste or of the lines that were kept of a large log."""
    signs = signs_of(lines)
    if not signs:
        return ()
    topology = topology_of(lines, host.topology)
    evidence = gather(lines, [sign.line for sign in signs])
    if host.keyids is not None and "keyid-range" not in evidence:
        first, end, shown = host.keyids
        evidence.add(PastedFact("keyid-range", str(first), PasteLine(shown.place, shown.quote), str(end)))
    cases = cases_of(signs, lines, host, frozenset(evidence.facts))
    if not cases:
        return ()
    shared = about.of_paste(evidence, host, cases, topology)
    stages = list(dict.fromkeys(case.stage for case in cases))[:_MOST]
    return tuple(_incident(case, cases, lines, host, evidence, shared, topology) for case in cases if case.stage in stages)


def _incident(  # noqa: PLR0913, PLR0917 - what a paste is
    case: Case,
    cases: Sequence[Case],
    lines: Sequence[PasteLine],
    host: Host,
    evidence: PastedEvidence,
    shared: frozenset[str],
    topology: Topology,
) -> Incident:
    usable = about.usable_of(case, evidence)
    known = shared | about.of_case(case, usable, blame(case, (), lines, topology))
    ranked = rank(case, known)
    named = blame(case, ranked.causes, lines, topology)
    values = {**values_of(case, evidence, host, cases), **_named_values(named)}
    brought = set(evidence.brought) | ({"kernel-log"} if "host-up" in shared else set())
    numbers = [mark.sign.line.place.line for mark in case.marks if mark.sign.line.place.line is not None]
    calls = _calls(case) or (_calls(*cases) if ranked.causes and tables.causes()[ranked.causes[0]].blames == "machine-check" else ())
    same = [mark for mark in case.marks if mark.sign.message.id == case.main.sign.message.id]
    return Incident(
        stage=case.stage,
        component=case.main.component,
        evidence=_quotes(case, ranked, evidence),
        causes=_with_host(ranked, host, known),
        seamcall=calls[0] if calls else None,
        calls=calls,
        errno=_errno(case),
        packages=named.packages,
        cpus=named.cpus,
        keyids=named.keyids,
        module_usable=usable,
        sentence=sentence(case, ranked, values),
        actions=actions(case, ranked, known, values),
        settles=(*settles(case, ranked, brought, known), *whom_settles(case, evidence, bool(named.cpus or named.packages))),
        times=sum(mark.sign.line.times for mark in same),
        first=min(numbers, default=None),
        last=max(numbers, default=None),
        vms=tuple(sorted({mark.sign.vm for mark in case.marks if mark.sign.vm}))[:16],
        is_open=ranked.is_open,
        of_cpus=concerns_cpus(case, ranked.causes),
    )


def _with_host(ranked: Ranked, host: Host, facts: frozenset[str]) -> tuple[str, ...]:
    """Put what keeps the host's TDX off behind the fact that it is off: what its log names, or what a silent one leaves open."""
    causes = ranked.causes
    behind = tables.causes()[causes[0]].behind if causes else ()
    if not behind or host.outcome == "initialized" or (host.outcome == "unknown" and "host-silent" not in facts):
        return causes
    named = host.causes[:1] if host.outcome != "unknown" else behind
    return tuple(dict.fromkeys((causes[0], *named, *causes[1:])))[:3]


def _calls(*cases: Case) -> tuple[FailedCall, ...]:
    return tuple(dict.fromkeys(mark.seamcall for case in cases for mark in case.marks if mark.seamcall is not None))


def _errno(case: Case) -> int | None:
    found = [mark for mark in case.marks if mark.errno is not None]
    by_call = next((mark.errno for mark in found if mark.call and "call" in mark.sign.values), None)
    return by_call if by_call is not None else found[0].errno if found else None


def _named_values(named: Named) -> dict[str, str]:
    values = {}
    if named.packages:
        values["packages"] = f"package{'s' if len(named.packages) > 1 else ''} {ranges(named.packages)}"
    if named.cpus:
        many = "s" if len(named.cpus) > 1 else ""
        values["cpus"] = f"CPU{many} {ranges(named.cpus)}"
        values["cpus_that"] = values["cpus"]
        values["cpu_list"] = ranges(named.cpus).replace(" ", "")
    if named.keyids:
        values["keyids"] = ranges(named.keyids)
    return values


def _quotes(case: Case, ranked: Ranked, evidence: PastedEvidence) -> tuple[Quote, ...]:
    """Return the passages that carry the incident: its main line, each other kind of line once, then the facts beside."""
    found: dict[str, Quote] = {}
    for mark in case.marks:
        found.setdefault(_kind(mark), Quote(mark.sign.line.place, mark.sign.quote))
    beside = [name for id in ranked.causes[:2] for name in tables.causes()[id].beside]
    facts = [fact for name in dict.fromkeys(beside) if (fact := evidence.last(name)) is not None]
    quotes = [*list(found.values())[: _QUOTES - 3], *(Quote(fact.line.place, _passage(fact.line.text)) for fact in facts[:3])]
    return tuple(dict.fromkeys(quotes))[:_QUOTES]


def _kind(mark: StagedSign) -> str:
    call: FailedCall | None = mark.seamcall
    return f"{mark.sign.message.id} {call.name if call is not None else ''} {mark.errno}"


def _passage(text: str) -> str:
    return text.strip()[:240]
