"""The smallest change that makes an impossible log possible: a line back in, a line out, two exchanged, or so many lines lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tdxwhy.replay.generation import Form
from tdxwhy.replay.run import LogLine, Reading, ReplayRun, SeenLine, beliefs, follow, read
from tdxwhy.replay.states import Pattern, Symbol

_MOST = 4


def repairs(runs: Sequence[ReplayRun]) -> tuple[str, ...]:
    """Return the smallest changes, those of one line first."""
    found = [text for run in runs for text in (*_with(run), *_without(run), *_exchanged(run))]
    found += [text for run in runs for text in _lost(run)] if not found else []
    return tuple(dict.fromkeys(found))[:_MOST]


def shown(form: Form, pattern: Pattern) -> str:
    """Return the text of a line that is owed, or its format where its values are not certain."""
    return form.render(dict(pattern.fixed)) if form.args and len(form.args) == len(pattern.fixed) else form.format


def _conforms(run: ReplayRun, seen: tuple[SeenLine, ...]) -> bool:
    return follow(Reading(run.generation, seen, 0, 0, False), whole=True).conforms


def _without(run: ReplayRun) -> Iterator[str]:
    at = run.consumed
    for place in range(max(0, at - 1), min(len(run.seen), at + 2)):
        if _conforms(run, run.seen[:place] + run.seen[place + 1 :]):
            yield f"line {run.seen[place].line.number} is not of this boot"


def _exchanged(run: ReplayRun) -> Iterator[str]:
    seen = run.seen
    for place in range(max(1, run.consumed), min(len(seen), run.consumed + 2)):
        if _conforms(run, (*seen[: place - 1], seen[place], seen[place - 1], *seen[place + 1 :])):
            yield f"lines {seen[place - 1].line.number} and {seen[place].line.number} stand in each other's place"


def _with(run: ReplayRun) -> Iterator[str]:
    at = run.consumed
    where = f"before line {run.seen[at].line.number}" if at < len(run.seen) else "at the end"
    for pattern in beliefs(run.generation.name, run.lossy).expected(run.belief):
        form = run.generation.forms[pattern.form]
        seen = SeenLine(LogLine("", None, 0), Symbol(pattern.form, _values(form, pattern)))
        if _conforms(run, (*run.seen[:at], seen, *run.seen[at:])):
            yield f"a line was lost {where}: {shown(form, pattern)}"


def _values(form: Form, pattern: Pattern) -> tuple[tuple[str, int | str], ...]:
    status = (("status", 1 << 63),) if "status" in form.args else ()
    keyids = (("keyids", 2),) if "keyid_end" in form.args else ()
    return (*pattern.fixed, *status, *keyids)


def _lost(run: ReplayRun) -> Iterator[str]:
    lossy = follow(read(run.generation, [one.line for one in run.seen], True))
    if lossy.conforms and lossy.lost:
        yield f"{lossy.lost} lines lost"
