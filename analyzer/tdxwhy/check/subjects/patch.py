"""Print calls and failing paths of a patch or a C file as subjects."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from tdxwhy.check.scope import scope
from tdxwhy.check.subjects.message import scope_of, spelt
from tdxwhy.check.subjects.nouns import Area, MessageSubject, PathSubject, Shown
from tdxwhy.know import tables
from tdxwhy.know.printf import CONVERSION, conversions
from tdxwhy.records import Evidence, Place
from tdxwhy.source.nouns import FailingPath, PrintSite

# The end of a format, backwards: full stops, colons, blanks and \\n.
_END_BACKWARDS = re.compile(r"(?:n\\|[\s.:])++")
_LEVELS = {"warn": "warning", "error": "err", "dbg": "debug"}
_SHOWN: tuple[Shown, ...] = ("leaf", "status", "errno")


def patch_subjects(
    prints: Sequence[PrintSite], paths: Sequence[FailingPath], everything: bool = False
) -> Iterator[MessageSubject | PathSubject]:
    """Yield what a patch adds or changes; with `everything` (a C file) all that stands there."""
    judged = [site for site in prints if site.format.strip() and (everything or site.added)]
    counts = Counter(_identity(site) for site in judged)
    for site in judged:
        yield message(site, counts[_identity(site)])
    for path in paths:
        yield failing(path)


def message(site: PrintSite, equals: int = 1) -> MessageSubject:
    """Return a print call as a message."""
    said = re.sub(r"\\[nrt]$", "", site.format.strip())
    by_user = scope().matches("user", "functions", site.function)
    shows = _shows(site)
    spread = scope().matches("cpu", "functions", site.function)
    of_cpus = spread or scope().matches("cpu", "texts", said)
    of_device = scope().matches("device", "calls", site.call) or scope().matches("device", "texts", said)
    return MessageSubject(
        kind="print",
        text=said,
        evidence=_evidence(site, f'{site.call}("{site.format}"{"".join(", " + one for one in site.args)})'),
        names=site.names,
        level=_LEVELS.get(site.level, site.level),
        is_failure=site.is_failure and not _only_numbers(said),
        once=site.once,
        ratelimited=site.ratelimited,
        spread=spread,
        scope="cpu" if of_cpus else scope_of([said], [tables.opening_step()], frozenset() if of_device else shows),
        shows=shows,
        spells=spelt(said) | _named(site),
        equals=equals,
        area=_area(site.file or site.place.source, said, site.function),
        by_user=by_user,
        function=site.function,
        proposal=proposal(site),
    )


def failing(path: FailingPath) -> PathSubject:
    """Return a failing path as a subject."""
    told = scope()
    by_user = told.matches("user", "functions", path.function) or told.matches("user", "conditions", path.condition)
    spread = told.matches("cpu", "conditions", path.condition)
    return PathSubject(
        kind="path",
        evidence=_evidence(path, path.condition or f"{path.function}()"),
        function=path.function,
        condition=path.condition,
        printed=path.printed,
        errno=path.errno,
        area=_area(path.file or path.place.source, "", path.function),
        by_user=by_user,
        spread=spread,
    )


def _evidence(found: PrintSite | FailingPath, quote: str) -> tuple[Evidence, ...]:
    """Return where it stands: in the patch, and in the tree after it."""
    here = Evidence(found.place, quote)
    if not found.file or found.file == found.place.source or found.file_line is None:
        return (here,)
    return here, Evidence(Place(found.file, found.file_line), quote)


def proposal(site: PrintSite) -> str:
    """Return the format with what it leaves out: the package, the CPU, the CPU's state."""
    body = unended(site.format)
    lacks = []
    if not site.names.package:
        lacks.append("package %u")
    if not site.names.cpu:
        lacks.append("CPU %u")
    if not site.names.cpu_state:
        lacks.append("%s")
    return f"{body}: {' '.join(lacks)}" if lacks else body


def unended(format: str) -> str:
    """Return a format without the full stop, colon, blanks and line end at its end."""
    behind = _END_BACKWARDS.match(format[::-1])
    return format[: len(format) - behind.end()] if behind else format


def _only_numbers(said: str) -> bool:
    """Tell whether a message is a dump of registers, which belongs to the message before it."""
    return re.search(r"[a-z]{3}", CONVERSION.sub("", said)) is None


def _identity(site: PrintSite) -> tuple[str, str] | None:
    """What a reader sees of a failure message: only its text; calls that are no failure, or say where they stand, differ from all."""
    if not site.is_failure or any(one in ("__func__", "__LINE__") for one in site.args):
        return ("", f"{site.place}")
    return (site.file or site.place.source, site.format)


def _area(path: str, text: str, function: str | None) -> Area:
    return scope().area(path, text, function)


def _shows(site: PrintSite) -> frozenset[Shown]:
    """A status is printed in hex, an errno as a signed number; the same variable may hold either."""
    shown: set[Shown] = set()
    for conversion, argument in _pairs(site):
        hexadecimal = conversion[-1] in "xX"
        for name in _SHOWN:
            if scope().matches("shows", name, argument) and (name == "leaf" or hexadecimal is (name == "status")):
                shown.add(name)
    return frozenset(shown)


def _named(site: PrintSite) -> frozenset[Shown]:
    spells: set[Shown] = set()
    for conversion, argument in _pairs(site):
        if conversion.endswith("s") and scope().matches("shows", "names", argument):
            spells.update(("leaf", "status", "errno"))
    return frozenset(spells)


def _pairs(site: PrintSite) -> Iterator[tuple[str, str]]:
    return zip((found[0] for found in conversions(site.format)), site.args, strict=False)
