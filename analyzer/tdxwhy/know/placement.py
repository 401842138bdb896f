"""Which package an offline CPU is in: inferred from how the CPUs that are online are numbered, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tdxwhy.hints import Literal
from tdxwhy.noun import NamedTuple

Known = Literal["stated", "inferred", "unknown"]
_MOST_CPUS = 8192


class Placement(NamedTuple):
    """Where a CPU is. CPUs of one `group` share a package, even where its id cannot be told."""

    package: int | None
    known: Known
    group: int | None = None


def place(packages: Sequence[int | None], package_count: int | None = None) -> tuple[Placement, ...]:
    """Return where each CPU is; `packages` holds the stated package of CPU 0, 1, ..., None where nothing states it.

    Firmware numbers the CPUs of a machine in equal blocks, the packages taking turns. A CPU's place is inferred if all such
    numberings that fit the stated packages agree on it. The id of a package without any stated CPU is inferred only where the count
    of packages is known and the other ids count up from 0 block by block: a gap in the ids alone proves nothing, for ids may be sparse.
    """
    unstated = tuple(Placement(None, "unknown") if package is None else Placement(package, "stated") for package in packages)
    if None not in packages or not any(package is not None for package in packages) or len(packages) > _MOST_CPUS:
        return unstated
    guesses = [guess for guess in _numberings(packages) if package_count is None or max(guess[1]) + 1 == package_count]
    if package_count is not None:
        guesses = [(_counted_up(ids), slots) for ids, slots in guesses]
    if not guesses:
        return unstated
    return tuple(known if known.package is not None else _agreed(cpu, guesses) for cpu, known in enumerate(unstated))


def _agreed(cpu: int, guesses: Sequence[tuple[list[int | None], list[int]]]) -> Placement:
    ids = {names[slots[cpu]] for names, slots in guesses}
    new = {names[slots[cpu]] is None for names, slots in guesses}
    group = guesses[0][1][cpu] if len(guesses) == 1 else None
    if len(ids) == 1 and ids != {None}:
        return Placement(ids.pop(), "inferred", group)
    return Placement(None, "unknown", group if new == {True} else None)


def _numberings(packages: Sequence[int | None]) -> Iterator[tuple[list[int | None], list[int]]]:
    """Yield the regular numberings that fit: the id of each slot (None: no CPU states it), and the slot of each CPU."""
    total = len(packages)
    for block in _divisors(total):
        for count in _divisors(total // block):
            slots = [cpu // block % count for cpu in range(total)]
            ids = _fit(packages, slots, count)
            if ids is not None and not (count == 1 and block < total):
                yield ids, slots


def _divisors(number: int) -> list[int]:
    return [divisor for divisor in range(1, number + 1) if number % divisor == 0]


def _fit(packages: Sequence[int | None], slots: Sequence[int], count: int) -> list[int | None] | None:
    ids: list[int | None] = [None] * count
    for package, slot in zip(packages, slots, strict=True):
        if package is not None:
            if ids[slot] not in (None, package):
                return None
            ids[slot] = package
    stated = [package for package in ids if package is not None]
    return ids if len(set(stated)) == len(stated) else None


def _counted_up(ids: list[int | None]) -> list[int | None]:
    """Fill in the ids that are not stated where at least two are and each of them is the number of its slot."""
    stated = [(slot, package) for slot, package in enumerate(ids) if package is not None]
    counting = len(stated) > 1 and all(slot == package for slot, package in stated)
    return list(range(len(ids))) if counting else ids
