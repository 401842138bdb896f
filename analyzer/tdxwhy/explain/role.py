"""Whose log it is: a guest's or a host's by what only one of them prints, and unknown where nothing tells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from tdxwhy.explain.facts import evidence_of
from tdxwhy.know import tables
from tdxwhy.know.rows import SignRow
from tdxwhy.noun import NamedTuple
from tdxwhy.records import BootRecords, Event, Evidence, LogRecord, Role

# What the forms of TDX lines say ranks with the surest signs; a refusal, and what is no line of TDX, with those of a host's programs.
_SURE, _LIKELY = 1, 3
_OF_TDX = ("host", "loader")
_VIRTUAL = 2
# A whole log of a boot has at least so many lines. One without a word of a hypervisor is that of a machine.
_WHOLE = 60


class Whose(NamedTuple):
    """A role with what carries it; `of_td`: the guest is known to be a TD, not just some virtual machine."""

    role: Role
    evidence: tuple[Evidence, ...] = ()
    of_td: bool = False


def whose(boot: BootRecords, events: Sequence[Event]) -> Whose:
    """Tell whose log it is. A host's own TDX lines win over a guest's, whose console a host's journal may hold."""
    seen = list(_of_forms(events))
    if not any(rank == _SURE for rank, _, _ in seen):
        seen += _of_signs(boot.records)
    if not seen:
        return Whose("host" if _is_of_a_machine(boot) else "unknown")
    best = min(rank for rank, _, _ in seen)
    roles = [(role, evidence) for rank, role, evidence in seen if rank == best]
    role: Role = "host" if any(role == "host" for role, _ in roles) else "guest"
    return Whose(role, tuple(evidence for one, evidence in roles if one == role)[:2], role == "guest" and best < _VIRTUAL)


def _of_forms(events: Sequence[Event]) -> Iterator[tuple[int, Role, Evidence]]:
    for event in events:
        form = event.form or event.nearest
        if form is None:
            continue
        if form.kind in (*_OF_TDX, "runtime") and form.outcome != "refusal":
            yield (_SURE if event.form is not None else _LIKELY), "host", evidence_of(event)
        elif form.kind == "guest":
            yield (_SURE if event.form is not None else _LIKELY), "guest", evidence_of(event)
        elif form.kind == "kvm" and event.form is not None:  # a machine that wants to be a host, be it virtual itself
            yield _VIRTUAL, "host", evidence_of(event)
        elif form.kind in (*_OF_TDX, "kvm", "report"):
            yield _LIKELY, "host", evidence_of(event)


def _of_signs(records: Sequence[LogRecord]) -> Iterator[tuple[int, Role, Evidence]]:
    whole = "\n".join([record.text for record in records])
    # Few signs are in a log, and to look for a word in all of it at once takes a fraction of looking line by line.
    there = [(sign, [word for word in sign.words if word in whole]) for sign in tables.signs()]
    there = [(sign, words) for sign, words in there if words]
    for record in records if there else ():
        for sign, words in there:
            if any(word in record.text for word in words) and (not sign.pattern or _pattern(sign).search(record.text)):
                yield sign.rank, sign.role, Evidence(record.place, record.text)


@cache
def _pattern(sign: SignRow) -> re.Pattern[str]:
    return re.compile(sign.pattern)


def _is_of_a_machine(boot: BootRecords) -> bool:
    return not boot.head_cut and not boot.gaps and boot.total >= _WHOLE
