"""The tables of `rules/ready/`, read strictly and each when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from tdxwhy import compiled, shipped
from tdxwhy.errors import RulesError
from tdxwhy.lazy import lazy
from tdxwhy.ready import rows

_FOLDER = "ready"
_NOUNS: dict[str, type] = {"reading": rows.ReadingRow, "check": rows.CheckRow, "finding": rows.CheckFinding}
_NAMED = lazy(r"\{([\w-]+)\}")


def _make() -> dict[str, Any]:
    """Return the rows of every file by table; RulesError names the row that is wrong."""
    from tdxwhy import toml
    from tdxwhy.strict import strict

    found = toml.rows(shipped.folder(f"rules/{_FOLDER}"), {name: strict(noun) for name, noun in _NOUNS.items()})
    for complaint in _complaints(found):
        raise RulesError(f"{_FOLDER}: {complaint}")
    return found


def _complaints(found: Mapping[str, list[Any]]) -> Iterator[str]:
    """Yield what does not hold across rows."""
    facts = {row.fact for row in found["reading"]} | set(rows.DERIVED)
    yield from (f"no reading of {one!r}, with which the program goes on" for one in rows.USED if one not in facts)
    yield from (f"reading {row.fact}: the program works it out itself" for row in found["reading"] if row.fact in rows.DERIVED)
    checks = [row.id for row in found["check"]]
    yield from (f"check {one} stands twice" for one in sorted({one for one in checks if checks.count(one) > 1}))
    yield from (f"check {one} has no finding" for one in checks if all(row.check != one for row in found["finding"]))
    for row in found["finding"]:
        if row.check not in checks:
            yield f"finding: no check {row.check!r}"
        named = [condition.fact for condition in row.when]
        named += [name for text in (row.says, row.fix, row.command) for name in _NAMED.findall(text)]
        yield from (f"finding of {row.check}: no fact {name!r}" for name in named if name not in facts)


READY = compiled.Piece(
    "ready",
    lambda: compiled.files((_FOLDER,), lambda _: True, ("toml.py", "strict.py", "ready/rows.py", "ready/tables.py")),
    _make,
)


@cache
def readings() -> tuple[rows.ReadingRow, ...]:
    """Return what is read of a machine."""
    return compiled.rows(READY, "reading", rows.ReadingRow)


@cache
def checks() -> tuple[rows.CheckRow, ...]:
    """Return the checks in their order."""
    return compiled.rows(READY, "check", rows.CheckRow)


@cache
def findings() -> Mapping[str, tuple[rows.CheckFinding, ...]]:
    """Return what each check can come to, by its id."""
    found: dict[str, tuple[rows.CheckFinding, ...]] = {}
    for row in compiled.rows(READY, "finding", rows.CheckFinding, when=rows.FactCondition):
        found[row.check] = (*found.get(row.check, ()), row)
    return found
