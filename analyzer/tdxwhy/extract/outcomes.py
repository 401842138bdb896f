"""What comes of a run in which one thing goes wrong: the lines in their parts, the errno, and whether the kernel goes on."""

from __future__ import annotations

from tdxwhy.extract.book import number
from tdxwhy.extract.stage import point, site
from tdxwhy.noun import NamedTuple
from tdxwhy.source.run.branching import CodeScope, Decision, RunResult
from tdxwhy.source.run.lines import PrintedLine
from tdxwhy.source.run.values import Unknown, is_error


class Outcome(NamedTuple):
    """A failing run against the one that goes well.

    `asked` are the lines that those print who ask on behalf of others, `after` what the functions around print then; `always` lines of
    the good run come all the same. `errno` is None where it is not known; `goes_on`: the kernel does the rest as if nothing had happened.
    """

    asked: tuple[PrintedLine, ...]
    after: tuple[PrintedLine, ...]
    always: tuple[PrintedLine, ...]
    errno: int | None
    result: int | None
    goes_on: bool
    unregisters: bool

    @property
    def lines(self) -> tuple[PrintedLine, ...]:
        """Return all lines that the failure brings."""
        return self.asked + self.after


def outcome(well: RunResult, run: RunResult, function: str) -> Outcome:
    """Compare a failing run with the good one; `function` is the one whose errno counts, "" the innermost that returns one."""
    fault = run.failed_at
    later = _sites(well, fault)
    after = run.lines[run.answered :]
    always = tuple(line for line in after if site(line) in later)
    goes_on = run.result == well.result and later <= {site(line) for line in after}
    goes_on = goes_on and _points(run, fault) >= _points(well, fault) - _swallowed(well, run)
    rest = tuple(line for line in after if site(line) not in later)
    known = number(run.result) if not isinstance(run.result, Unknown) or not is_error(run.result) else None
    unregisters = any(isinstance(each, CodeScope) and each.kind == "unregister" for each in run.events)
    return Outcome(run.lines[run.before : run.answered], rest, always, _errno(run, function), known, goes_on, unregisters)


def _sites(well: RunResult, fault: Decision | None) -> set[tuple[str, int, str]]:
    """Return where the good run prints after the point of the fault."""
    sites: set[tuple[str, int, str]] = set()
    for event in reversed(well.events):
        if isinstance(event, Decision) and fault is not None and event.nth == fault.nth:
            break
        if isinstance(event, PrintedLine):
            sites.add(site(event))
    return sites


def _swallowed(well: RunResult, run: RunResult) -> set[object]:
    """Return the points that are left out where a function takes no notice of an error: those of the call, if all ask one leaf."""
    fault = run.failed_at
    errors = [is_error(value) for _, value in run.returned]
    if fault is None or fault.kind != "leaf" or True not in errors or False not in errors[errors.index(True) :]:
        return set()
    failed = run.returned[errors.index(False, errors.index(True)) - 1][0]
    inside = fault.chain[: fault.chain.index(failed) + 1] if failed in fault.chain else fault.chain
    left = [each for each in well.decisions if each.nth > fault.nth and each.chain[: len(inside)] == inside]
    if any(each.kind == "leaf" and each.leaf != fault.leaf for each in left):
        return set()
    return {point(each) for each in left}


def _points(run: RunResult, fault: Decision | None) -> set[object]:
    """Return the points that a run passes from the fault on."""
    return {point(each) for each in run.decisions if fault is not None and each.nth > fault.nth}


def _errno(run: RunResult, function: str) -> int | None:
    """Return the errno that a function, or the innermost one, returned; None where it is one whose number is not in view."""
    returned = dict(run.returned)
    if function in returned:
        value = returned[function]
        return None if isinstance(value, Unknown) and is_error(value) else number(value)
    for value in returned.values():
        if isinstance(value, int) and -4095 <= value < 0:
            return value
    return None if isinstance(run.result, Unknown) and is_error(run.result) else number(run.result)
