"""The rules in force: those shipped with tdxwhy and the user's own folders, chosen by prefixes of their ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from tdxwhy import compiled
from tdxwhy.check.rules import FOLDERS, Example, Rule, load_folders
from tdxwhy.errors import RulesError, TdxwhyError, nearest
from tdxwhy.hints import TYPE_CHECKING, Any
from tdxwhy.shipped import folder

if TYPE_CHECKING:
    from pathlib import Path

# The first digit of a rule's id says what it is about, and so in which folder it lies.
_DIGITS = dict(zip("012345", FOLDERS, strict=True))
# What came of TDX is judged where somebody asks for it; all else where nobody says otherwise.
OUTCOME = "outcome"
STANDING = tuple(name for name in FOLDERS if name != OUTCOME)


def shipped_folders() -> tuple[Path, ...]:
    """Return the folders of the shipped rules."""
    return tuple(folder(f"rules/{name}") for name in FOLDERS)


def folder_of(rule_id: str) -> str | None:
    """Return the folder in which a shipped rule of this id lies; None for the users' own range."""
    return _DIGITS.get(rule_id[3:4])


@lru_cache(maxsize=8)
def rules_of(*folders: Path, only: tuple[str, ...] = STANDING) -> tuple[Rule, ...]:
    """Return the shipped rules of the given kinds, without their examples, and all rules of the user's own folders."""
    return _beside(tuple(rule for rule in _shipped() if _DIGITS[rule.id[3]] in only), load_folders(folders))


def _beside(shipped: tuple[Rule, ...], own: tuple[Rule, ...]) -> tuple[Rule, ...]:
    taken = {rule.id for rule in shipped}
    for rule in own:
        if rule.id in taken:
            raise RulesError(f"{rule.id}.toml: there is a shipped rule {rule.id}", "own rules are TDX9nn")
    return shipped + own


@lru_cache(maxsize=1)
def _shipped() -> tuple[Rule, ...]:
    return tuple(Rule(**row, example=()) for row in compiled.table(RULES, "rules"))


def _sources() -> Iterable[compiled.Source]:
    code = (
        "records.py",
        "digits.py",
        "strict.py",
        "check/rules.py",
        "check/predicates.py",
        "check/subjects/nouns.py",
        "check/catalogue.py",
    )
    return compiled.files(FOLDERS, lambda stem: stem.startswith("TDX"), code)


def _tables() -> dict[str, Any]:
    rows = [rule._asdict() for rule in load_folders(shipped_folders())]
    return {"rules": [{name: value for name, value in row.items() if name != "example"} for row in rows]}


RULES = compiled.Piece("rules", _sources, _tables)


def _examples() -> dict[str, Any]:
    return {"examples": {rule.id: rule.example for rule in load_folders(shipped_folders())}}


# Apart from the rules, since no verdict wants them.
EXAMPLES = compiled.Piece("examples", _sources, _examples)


def with_examples(folders: Sequence[Path] = ()) -> tuple[Rule, ...]:
    """Return all shipped rules and those of the user's own folders, with their examples."""
    examples = compiled.table(EXAMPLES, "examples")
    shipped = tuple(rule._replace(example=tuple(Example(*one) for one in examples[rule.id])) for rule in _shipped())
    return _beside(shipped, load_folders(folders))


def find(rule_id: str, folders: Sequence[Path] = ()) -> Rule:
    """Return one rule by its id, with its examples."""
    known = with_examples(folders)
    for rule in known:
        if rule.id == rule_id.upper():
            return rule
    raise TdxwhyError(f"no rule {rule_id!r}", nearest(rule_id, [rule.id for rule in known]) or "tdxwhy rules list shows them")


def chosen(rules: Iterable[Rule], select: Sequence[str] = (), ignore: Sequence[str] = ()) -> tuple[Rule, ...]:
    """Keep the rules whose id starts with a selected prefix and with no ignored one; the longer prefix wins."""
    kept = tuple(rules)
    if not (select or ignore):
        return kept
    ids = [rule.id for rule in kept]
    for prefix in (*select, *ignore):
        if not any(one.startswith(prefix.upper()) for one in ids):
            raise TdxwhyError(f"no rule starts with {prefix!r}", "tdxwhy rules list shows them")
    return tuple(rule for rule in kept if _longest(rule.id, select, 0 if select else 1) > _longest(rule.id, ignore, 0))


def in_force(folders: Iterable[Path], select: Sequence[str] = (), ignore: Sequence[str] = ()) -> tuple[Rule, ...]:
    """Return the rules that judge, those of the user's own folders among them: one on what came of TDX if its whole id is selected."""
    named = {prefix.upper() for prefix in select}
    found = chosen(rules_of(*folders, only=FOLDERS), select, ignore)
    return tuple(rule for rule in found if folder_of(rule.id) != OUTCOME or rule.id in named)


def _longest(rule_id: str, prefixes: Sequence[str], default: int) -> int:
    return max((len(one) for one in prefixes if rule_id.startswith(one.upper())), default=default)
