"""What changes for users between two kernels: operations, lines, the order of steps, errnos, and what failing cases name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from tdxwhy.extract.book import table
from tdxwhy.know.decode import errno_name
from tdxwhy.know.names import named
from tdxwhy.levels import SHORT
from tdxwhy.noun import NamedTuple
from tdxwhy.replay.generation import Form, Generation
from tdxwhy.replay.view import Row, rows

_PLACE = re.compile(r"^[^\s:]+:\d+: ")
_ALIKE = 0.75


class LineChange(NamedTuple):
    """A line that users see anew, no more, or otherwise; `before` is None where there was none, `after` where there is none."""

    kind: str
    before: str | None
    after: str | None
    level_before: str | None
    level_after: str | None


class CaseChange(NamedTuple):
    """A failing case that came, went, or shows otherwise: where, why, and on both sides the lines, the errno and what they name."""

    kind: str
    operation: str
    step: str
    reason: str
    before: FailingCase | None
    after: FailingCase | None


class FailingCase(NamedTuple):
    """What a failing case shows: the lines' formats in order, the errno with its name, and whether they name package or CPU."""

    lines: tuple[str, ...]
    errno: int
    package: bool
    cpu: bool

    @property
    def errno_name(self) -> str:
        """Return -EIO of -5."""
        name = errno_name(self.errno)
        return (name if name.startswith("-") else f"-{name}") if name else str(self.errno)


class Move(NamedTuple):
    """A step that both kernels have and that comes elsewhere now: after which one before, and after which one now ("" at the begin)."""

    operation: str
    step: str
    before: str
    after: str


class Difference(NamedTuple):
    """All that changes from one kernel to another; `points` say the most important in words."""

    before: str
    after: str
    points: tuple[str, ...]
    lines: tuple[LineChange, ...]
    moves: tuple[Move, ...]
    cases: tuple[CaseChange, ...]

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing changes."""
        return not (self.points or self.lines or self.moves or self.cases)


def difference(before: Generation, after: Generation) -> Difference:
    """Compare two generations, drafted or shipped."""
    one, other = _cases(before), _cases(after)
    changes = tuple(_changes(one, other))
    lines = tuple(_lines(before, after, changes))
    words = {each.before: each.after for each in lines if each.kind == "reworded"}
    changes = tuple(_only_words(each, words) for each in changes)
    points = dict.fromkeys((*_by_operation(before, after), *_refusals(changes, before, after)))
    return Difference(before.name, after.name, tuple(points), lines, tuple(_moves(before, after)), changes)


# ---- failing cases

_Key = tuple[str, str, str, int]


def _cases(generation: Generation) -> dict[_Key, FailingCase]:
    """Return every failing case by operation, step, reason, and which of several of that reason it is; what nobody is told of is none."""
    forms = {form.format: form for form in generation.forms.values()}
    found: dict[_Key, FailingCase] = {}
    for row in rows(generation):
        for failing in (each for each in row.failing if each.lines or each.errno):
            reason = _reason(row, failing.how)
            number = 0
            while (row.asked, row.name, reason, number) in found:
                number += 1
            names = [named(line, forms[line].args) for line in failing.lines if line in forms]
            traced = any(line not in forms or forms[line].warning for line in failing.lines)
            case = FailingCase(failing.lines, failing.errno, any(each.package for each in names), traced or any(each.cpu for each in names))
            found[row.asked, row.name, reason, number] = case
    return found


def _reason(row: Row, how: str) -> str:
    what = _PLACE.sub("", row.what)
    words = table().words
    what = words.get(what.rstrip("?").replace(" ", "-"), what)
    return what if how in ("yes", "fails") else how if what == row.name else f"{what}: {how}"


def _changes(one: dict[_Key, FailingCase], other: dict[_Key, FailingCase]) -> Iterator[CaseChange]:
    for key in dict.fromkeys((*one, *other)):
        before, after = one.get(key), other.get(key)
        if before == after:
            continue
        kind = "new" if before is None else "gone" if after is None else _kind(before, after)
        yield CaseChange(kind, *key[:3], before, after)


def _only_words(change: CaseChange, words: dict[str | None, str | None]) -> CaseChange:
    """Call a case reworded that shows the same lines as before in other words, and returns the same."""
    if change.kind != "lines" or change.before is None or change.after is None or change.before.errno != change.after.errno:
        return change
    same = tuple(words.get(line, line) for line in change.before.lines) == change.after.lines
    return change._replace(kind="reworded") if same else change


def _kind(before: FailingCase, after: FailingCase) -> str:
    """Say what of a case changes most."""
    if (before.package, before.cpu) != (after.package, after.cpu):
        return "names"
    return "lines" if before.lines != after.lines else "errno"


# ---- lines


def _lines(before: Generation, after: Generation, changes: tuple[CaseChange, ...]) -> Iterator[LineChange]:
    old = {form.format: form for form in before.forms.values() if form.format}
    new = {form.format: form for form in after.forms.values() if form.format}
    gone = [text for text in old if text not in new]
    come = [text for text in new if text not in old]
    for was, text in _reworded(gone, come, changes):
        gone.remove(was)
        come.remove(text)
        yield LineChange("reworded", was, text, _level(old[was]), _level(new[text]))
    for text, form in old.items():
        if text in new and _level(form) != _level(new[text]):
            yield LineChange("level", text, text, _level(form), _level(new[text]))
    yield from (LineChange("new", None, text, None, _level(new[text])) for text in come)
    yield from (LineChange("gone", text, None, _level(old[text]), None) for text in gone)


def _level(form: Form) -> str:
    return SHORT[form.level] if 0 <= form.level < len(SHORT) else str(form.level)


def _reworded(gone: list[str], come: list[str], changes: tuple[CaseChange, ...]) -> list[tuple[str, str]]:
    """Pair lines that say the same in other words: those of one case in one place, then those that are much alike."""
    pairs: dict[str, str] = {}
    for change in changes:
        if change.before is not None and change.after is not None and len(change.before.lines) == len(change.after.lines):
            for was, now in zip(change.before.lines, change.after.lines, strict=True):
                if was in gone and now in come and now not in pairs.values():
                    pairs.setdefault(was, now)
    for was in gone:
        left = [now for now in come if now not in pairs.values()]
        best = max(left, key=lambda now: SequenceMatcher(None, was, now).ratio(), default=None)
        if was not in pairs and best is not None and SequenceMatcher(None, was, best).ratio() >= _ALIKE:
            pairs[was] = best
    return list(pairs.items())


# ---- the order of steps


def _moves(before: Generation, after: Generation) -> Iterator[Move]:
    """Yield the steps that come elsewhere in an operation that both have."""
    one, other = _orders(before), _orders(after)
    for asked in one:
        if asked not in other:
            continue
        shared = [key for key in one[asked] if key in other[asked]]
        now = [key for key in other[asked] if key in one[asked]]
        matcher = SequenceMatcher(None, shared, now, autojunk=False)
        kept = {key for match in matcher.get_matching_blocks() for key in shared[match.a : match.a + match.size]}
        for key in now:
            if key not in kept:
                yield Move(asked, key, _comes_after(one[asked], key), _comes_after(other[asked], key))


def _orders(generation: Generation) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows(generation):
        reason = _reason(row, "yes")
        label = row.name if reason in (row.name, "print") else f"{row.name}: {reason}"
        order = found.setdefault(row.asked, [])
        if reason != "print" and row.name != "done" and label not in order:
            order.append(label)
    return found


def _comes_after(order: list[str], key: str) -> str:
    place = order.index(key)
    return order[place - 1] if place else ""


# ---- in words


def _by_operation(before: Generation, after: Generation) -> Iterator[str]:
    one, other = ({each.asked: each for each in kernel.operations.values() if each.asked} for kernel in (before, after))
    for sought in table().operation:
        asked, ability = sought.asked, sought.ability
        if ability and (asked in one) != (asked in other):
            yield ability if asked in other else f"no longer: {ability}"
    if "enable" in one and "enable" in other and one["enable"].always != other["enable"].always:
        itself, kvm = "by the kernel itself while it boots", "when KVM asks for it"
        yield f"the TDX module is initialised {itself if other['enable'].always else kvm}, not {kvm if other['enable'].always else itself}"


def _refusals(changes: tuple[CaseChange, ...], before: Generation, after: Generation) -> Iterator[str]:
    subjects = {each.asked: each.subject for each in table().operation if each.subject}
    able = {each.asked for each in table().operation if each.ability}
    entered = [next((each.always for each in kernel.operations.values() if each.asked == "enable"), None) for kernel in (before, after)]
    subjects |= table().subjects if entered[0] == entered[1] else {}
    for change in changes:
        subject = subjects.get(change.operation)
        if subject is None or change.kind not in ("new", "gone"):
            continue
        case = change.after or change.before
        known = {each.asked for each in (before if change.kind == "new" else after).operations.values()}
        if case is None or change.reason not in table().words.values():
            continue
        if change.operation not in known and change.operation in able:
            continue
        said = f': "{case.lines[-1]}"' if case.lines else ", without a line"
        how = "is refused" if change.kind == "new" else "is no longer refused"
        yield f"{subject} {how} {change.reason}{f' ({case.errno_name})' if case.errno else ''}{said}"
