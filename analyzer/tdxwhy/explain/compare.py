"""Two boots side by side: where the bad one leaves the good one's way, and what else changed between them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tdxwhy.explain.logs import JudgedBoot
from tdxwhy.explain.nouns import Diagnosis
from tdxwhy.know import tables
from tdxwhy.noun import NamedTuple
from tdxwhy.ranges import ranges
from tdxwhy.records import Event, Evidence, Topology

if TYPE_CHECKING:
    from tdxwhy.incident.nouns import Incident

_MICROCODE = re.compile(r"microcode:? .*?revision[:=]? ?(0x[0-9a-f]+)", re.I)
_BIOS = re.compile(r"\bBIOS (.+)")
# Words of a command line that differ on every boot or machine and say nothing of TDX.
_PLAIN_WORDS = re.compile(r"(BOOT_IMAGE|initrd|root|resume|crashkernel)=")


class Change(NamedTuple):
    """Something that is not the same in both; None where that log does not tell."""

    what: str
    good: str | None
    bad: str | None


class Comparison(NamedTuple):
    """The first step that the good boot got past and the bad one did not, the lines on either side, and what else changed.

    `order` says whether the boots were given as asked: a good one that came up and a bad one that did not.
    """

    good: Diagnosis
    bad: Diagnosis
    step: str | None
    lines: tuple[Evidence | None, Evidence | None]
    changes: tuple[Change, ...]

    @property
    def order(self) -> bool:
        """Tell whether the good boot came up and the bad one did not."""
        return self.good.outcome == "initialized" != self.bad.outcome


def compare(good: JudgedBoot, bad: JudgedBoot, later: tuple[Sequence[Incident], Sequence[Incident]] = ((), ())) -> Comparison:
    """Compare two boots, each the one that decides in its log; `later` are the incidents of the two logs."""
    first, second = good.diagnosis, bad.diagnosis
    changes = (*_changes(good, bad), *_incidents(*later))
    return Comparison(first, second, _step(first, second), _lines(first.events, second.events), changes)


def _incidents(good: Sequence[Incident], bad: Sequence[Incident]) -> Iterator[Change]:
    """Yield the incidents that only one of the two has, by stage and first cause."""
    ours, theirs = ([f"{one.stage}: {one.causes[0] if one.causes else 'cause not known'}" for one in side] for side in (good, bad))
    yield from (Change("incident", one, None) for one in ours if one not in theirs)
    yield from (Change("incident", None, one) for one in theirs if one not in ours)


def _step(good: Diagnosis, bad: Diagnosis) -> str | None:
    if bad.outcome == good.outcome == "initialized":
        return None
    if bad.steps == good.steps and bad.reached == good.reached:
        return None
    behind = set(bad.reached)
    beyond = next((step for step in tables.steps() if step in good.reached and step not in behind), None)
    return bad.steps[0] if bad.steps else beyond


def _lines(good: Sequence[Event], bad: Sequence[Event]) -> tuple[Evidence | None, Evidence | None]:
    """Return the first line about the host's TDX that differs in form: what the good boot printed there, and what the bad one."""
    ours, theirs = _telling(good), _telling(bad)
    shorter = min(len(ours), len(theirs))
    at = next((number for number in range(shorter) if ours[number].form != theirs[number].form), shorter)
    return _at(ours, at), _at(theirs, at)


def _at(events: Sequence[Event], number: int) -> Evidence | None:
    return Evidence(events[number].record.place, events[number].record.text) if number < len(events) else None


def _telling(events: Sequence[Event]) -> list[Event]:
    kinds = ("host", "kvm", "loader")
    told = [event for event in events if event.form is not None and event.form.kind in kinds and event.form.outcome != "detail"]
    return [event for number, event in enumerate(told) if not number or event.form != told[number - 1].form]


def _changes(good: JudgedBoot, bad: JudgedBoot) -> Iterator[Change]:
    first, second = good.diagnosis, bad.diagnosis
    pairs = (
        ("kernel", first.kernel, second.kernel),
        ("firmware", _firmware(good), _firmware(bad)),
        ("TDX module", first.module, second.module),
        ("microcode", _microcode(good), _microcode(bad)),
        ("private KeyIDs", _keyids(first), _keyids(second)),
        ("CPUs online", _online(first.topology), _online(second.topology)),
        ("CPUs offline", _offline(first.topology), _offline(second.topology)),
        ("packages", _packages(first.topology), _packages(second.topology)),
    )
    yield from (Change(what, one, other) for what, one, other in pairs if one != other)
    ours, theirs = _words(first.command_line), _words(second.command_line)
    if ours is not None and theirs is not None:
        yield from (Change("command line", word, None) for word in ours if word not in theirs)
        yield from (Change("command line", None, word) for word in theirs if word not in ours)


def _words(command_line: str | None) -> tuple[str, ...] | None:
    return None if command_line is None else tuple(word for word in command_line.split() if not _PLAIN_WORDS.match(word))


def _firmware(side: JudgedBoot) -> str | None:
    for event in side.diagnosis.events:
        found = _BIOS.search(event.record.text) if "machine" in event.values else None
        if found:
            return found[1].strip()
    return None


def _microcode(side: JudgedBoot) -> str | None:
    found = [match[1] for record in side.records.records if (match := _MICROCODE.match(record.text))]
    return found[-1] if found else None


def _keyids(diagnosis: Diagnosis) -> str | None:
    for event in diagnosis.events:
        if event.form is not None and event.form.args == ("first", "end") and event.form.kind == "host":
            return f"{event.values['first']} to {event.values['end'] - 1}"
    return None


def _online(topology: Topology) -> str | None:
    return None if topology.online_count is None else str(topology.online_count)


def _offline(topology: Topology) -> str | None:
    return ranges(cpu.number for cpu in topology.cpus if cpu.presence in ("offline", "never-seen")) or None


def _packages(topology: Topology) -> str | None:
    return None if topology.package_count is None else str(topology.package_count)
