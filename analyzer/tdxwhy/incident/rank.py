"""Which causes a case can have, best first: candidates by message, call and answer, weighed by the conditions of each cause."""

from __future__ import annotations

from tdxwhy.incident import tables
from tdxwhy.incident.cases import Case, StagedSign
from tdxwhy.incident.nouns import FailedCall
from tdxwhy.incident.numbers import answer_of, codes_of, errno_name, row_of
from tdxwhy.incident.rows import Condition, IncidentCause
from tdxwhy.noun import NamedTuple

_WORTH = {"settles": 100, "likely": 20, "unlikely": -20}
# So many are said of what is settled, and of what the evidence leaves open.
_MOST, _MOST_OPEN = 3, 3
# One that is likely and the others not is enough to be said first; it is settled from here on.
_SETTLED = 60


class Ranked(NamedTuple):
    """The causes best first, and whether the evidence leaves open which."""

    causes: tuple[str, ...]
    is_open: bool


def rank(case: Case, facts: frozenset[str]) -> Ranked:
    """Return the causes of a case."""
    found: dict[str, int] = {}
    for place, one in enumerate(candidates(case)):
        found.setdefault(one, 10 - min(place, 9))
    scored: list[tuple[int, int, str]] = []
    for id, cause in tables.causes().items():
        worth = _worth(cause, case, facts)
        if worth is None or (id not in found and worth < _WORTH["settles"]):
            continue
        scored.append((-(found.get(id, 0) + worth), len(scored), id))
    scored.sort()
    if not scored:
        return Ranked((), True)
    best = -scored[0][0]
    if best >= _SETTLED:
        near = [id for score, _, id in scored if -score >= _SETTLED]
        return Ranked(tuple(near[:_MOST]), False)
    if len(scored) == 1:
        return Ranked((scored[0][2],), False)
    standing = [id for score, _, id in scored if -score > best - 35]
    return Ranked(tuple(standing[:_MOST_OPEN]), len(standing) > 1)


def candidates(case: Case) -> tuple[str, ...]:
    """Return what the messages, the calls and the answers of a case can come to, the main one's first."""
    found: list[str] = []
    for mark in case.marks:
        if mark.sign.message.outcome in ("consequence", "result") and case.has_failure and mark is not case.main:
            continue
        found += _of(mark, case.stage)
    return tuple(dict.fromkeys(found))


def _of(mark: StagedSign, stage: str) -> tuple[str, ...]:
    if mark.seamcall is not None:
        return _of_seamcall(mark.seamcall, stage)
    codes = [code for code in codes_of(mark.sign) if not (code.sum and mark.sign.message.causes)]
    if codes:
        return tuple(one for code in sorted(codes, key=lambda code: code.sum) for one in code.causes)
    if mark.call and ("call" in mark.sign.values or "number" in mark.sign.values or mark.errno is not None):
        name = errno_name(mark.errno)
        rows = [row for row in tables.calls() if row.call == mark.call and row.errno == name]
        by_call = [one for row in rows for one in row.causes]
        if by_call or (rows and mark.sign.message.causes):  # a reason that is none of TDX, as a limit of open files
            return tuple(by_call)
        if not mark.sign.message.causes:
            return tuple(one for row in tables.calls() if row.call == mark.call for one in row.causes)
    return mark.sign.message.causes


def _of_seamcall(call: FailedCall, stage: str) -> tuple[str, ...]:
    """Return what the answer of a SEAMCALL comes to, or what its stage does."""
    answer = answer_of(call, stage)
    if answer is not None:
        return answer.causes
    row = row_of(call)
    if row.stage != stage:
        row = next(one for one in tables.seamcalls() if one.stage == stage)
    return row.causes or tables.seamcalls()[-1].causes


def _worth(cause: IncidentCause, case: Case, facts: frozenset[str]) -> int | None:
    """Return what the conditions add to a cause; None where one excludes it, unless a line states it outright."""
    total = 0
    stated = any(mark.sign.message.causes == (cause.id,) for mark in case.marks)
    for condition in cause.when:
        if _holds(condition, case, facts):
            if condition.verdict == "excluded" and not stated:
                return None
            total += _WORTH.get(condition.verdict, 0)
    return total


def _holds(condition: Condition, case: Case, facts: frozenset[str]) -> bool:
    if condition.stages and case.stage not in condition.stages:
        return False
    if not (facts.issuperset(condition.facts) and facts.isdisjoint(condition.without)):
        return False
    if not (condition.forms or condition.calls or condition.errnos or condition.statuses):
        return bool(condition.facts or condition.stages)
    return any(_fits(condition, mark) for mark in case.marks if not (mark.sign.message.outcome == "consequence" and case.has_failure))


def _fits(condition: Condition, mark: StagedSign) -> bool:
    name = errno_name(mark.errno)
    status = (mark.seamcall.status_name or "") if mark.seamcall is not None else ""
    return (
        (not condition.forms or mark.sign.message.id.startswith(condition.forms))
        and (not condition.calls or mark.call in condition.calls)
        and (not condition.errnos or name in condition.errnos)
        and (not condition.statuses or any(one in status for one in condition.statuses))
    )
