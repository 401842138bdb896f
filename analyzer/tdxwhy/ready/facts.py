"""What a machine, or a copy of its files, tells before anybody tries: the facts that the readings name, each with where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tdxwhy.lazy import lazy
from tdxwhy.noun import NamedTuple
from tdxwhy.read.host.msr import MSRS, parsed, read_msr
from tdxwhy.read.host.tree import HostFolder, HostTree, kept
from tdxwhy.ready import tables
from tdxwhy.ready.rows import DERIVED, DerivedFact, ReadingRow, UsedFact

LOG = "@log"
UNREAD = kept("not-read")
_VALUE, _NAMES = 4000, 8
_PLACEHOLDER = lazy(r"\{([\w-]+)\}")


class HostFact(NamedTuple):
    """A value and the passage that carries it: `source` is a file or a command."""

    value: str
    source: str
    quote: str


class HostFacts:
    """HostFacts by their names. A fact that is `looked` for and has no value is absent; of any other without a value nothing tells."""

    def __init__(self) -> None:
        self.found: dict[str, HostFact] = {}
        self.looked: set[str] = set(DERIVED)

    def value(self, name: UsedFact | DerivedFact) -> str | None:
        """Return the value of a fact that the program goes on with."""
        fact = self.found.get(name)
        return None if fact is None else fact.value

    def derive(self, name: DerivedFact, value: object, of: UsedFact | DerivedFact | None = None) -> None:
        """Put in a fact that was worked out, with the passage of the fact that it follows `of`."""
        basis = self.found.get(of or "")
        self.found[name] = HostFact(str(value), basis.source if basis else "", basis.quote if basis else "")


def gather(tree: HostTree) -> HostFacts:
    """Read the facts of a machine."""
    facts, log = HostFacts(), tree.log()
    unread = set((tree.read(UNREAD) or "").split())
    for reading in tables.readings():
        if reading.fact in facts.found:
            continue
        fact, looked = _read(tree, reading, facts, log)
        if fact is not None:
            facts.found[reading.fact] = fact
        if looked and reading.fact not in unread:
            facts.looked.add(reading.fact)
    return facts


def _read(tree: HostTree, reading: ReadingRow, facts: HostFacts, log: str) -> tuple[HostFact | None, bool]:
    """Return what one reading gives, and whether it could be looked for."""
    if reading.msr is not None:
        value = register_of(tree, reading.msr)
        return (None if value is None else HostFact(value, f"MSR {reading.msr:#x}", value)), value is not None
    if reading.names:
        return _named(tree, reading, facts)
    looked = False
    for source, text in texts(tree, reading, facts, log):
        looked = True
        fact = _found(reading, text, source)
        if fact is not None:
            return fact, True
    return None, looked


def _named(tree: HostTree, reading: ReadingRow, facts: HostFacts) -> tuple[HostFact | None, bool]:
    names = names_of(tree, reading, facts)
    if not names:
        listed = tree.read(kept(reading.fact)) is not None
        return None, listed or bool(reading.within and tree.holds(reading.within))
    value = ", ".join(f"/{name}" for name in names[:_NAMES]) + (f" and {len(names) - _NAMES} more" if len(names) > _NAMES else "")
    return HostFact(value, f"/{names[0]}", "is there"), True


def names_of(tree: HostTree, reading: ReadingRow, facts: HostFacts) -> list[str]:
    """Return the names of the files that are there; of a bundle those that were there where it was made."""
    listed = tree.read(kept(reading.fact))
    names = listed.split("\n") if listed is not None else paths_of(tree, reading, facts)
    return [shown for name in names if (shown := _shown(name))]


def paths_of(tree: HostTree, reading: ReadingRow, facts: HostFacts) -> list[str]:
    """Return the files that a reading names and that are there."""
    return [path for pattern in reading.files if pattern != LOG for path in tree.paths(_filled(pattern, facts))]


def texts(tree: HostTree, reading: ReadingRow, facts: HostFacts, log: str) -> Iterator[tuple[str, str]]:
    """Yield what a reading looks at, with the name of the source."""
    if LOG in reading.files and log:
        yield "kernel log", log
    for path in paths_of(tree, reading, facts):
        text = tree.read(path)
        if text is not None:
            yield f"/{path}", text
    if reading.command:
        told = answer_of(tree, reading)
        if told is not None:
            yield " ".join(reading.command), told


def answer_of(tree: HostTree, reading: ReadingRow) -> str | None:
    """Return what a reading's command says on this machine, or said where the files are from; None where it said nothing."""
    return tree.run(reading.command) if isinstance(tree, HostFolder) and tree.live else tree.read(kept(reading.fact))


def register_of(tree: HostTree, number: int) -> str | None:
    """Return a register of this machine, or of that where the files are from; None where it could not be read."""
    return read_msr(number) if tree.live else parsed(tree.read(MSRS) or "").get(number)


def _filled(pattern: str, facts: HostFacts) -> str:
    """Put facts into a path; one that is not known may be anything, and none may lead elsewhere."""

    def value(found: re.Match[str]) -> str:
        fact = facts.found.get(found[1])
        return "*" if fact is None else fact.value.replace("/", "_").replace("..", "_")

    return _PLACEHOLDER.sub(value, pattern)


def _found(reading: ReadingRow, text: str, source: str) -> HostFact | None:
    if reading.counts:
        matches = re.findall(reading.pattern, text)
        distinct = dict.fromkeys(map(str, matches)) if source == "kernel log" else matches
        return HostFact(str(len(distinct)), source, f"{len(distinct)} times") if matches else None
    if not reading.pattern:
        line = _shown(text.strip().split("\n", 1)[0])
        return HostFact(line, source, line) if line else None
    match = re.search(reading.pattern, text)
    if match is None:
        return None
    value = "-".join(one for one in match.groups() if one)
    return HostFact(_shown(value), source, _shown(" ".join(match[0].split())))


def _shown(text: str) -> str:
    return "".join(c for c in text if c.isprintable()).strip()[:_VALUE]
