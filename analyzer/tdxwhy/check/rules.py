"""Read rule files strictly: one TOML a rule, named after its id. Whatever is odd is one line of complaint with the file."""

from __future__ import annotations

from collections.abc import Iterable

from tdxwhy.check.predicates import PREDICATES
from tdxwhy.check.subjects.nouns import WORDS, Kind
from tdxwhy.digits import is_whole
from tdxwhy.errors import RulesError, nearest, reason
from tdxwhy.files import reading
from tdxwhy.hints import TYPE_CHECKING, Any, Literal
from tdxwhy.noun import NamedTuple
from tdxwhy.records import Precision, Severity
from tdxwhy.strict import strict, typed

if TYPE_CHECKING:
    from pathlib import Path

FOLDERS = ("gate", "log", "patch", "thread", "replay", "outcome")
_MAX_BYTES = 256 * 1024


Remedy = Literal["name-the-cpu", "each-time", "raise-level", "spell-errno", "debug"]


class Example(NamedTuple):
    """An input on which the rule fires ("bad") or stays silent ("good"); it is a test and part of the rule's page."""

    kind: Literal["bad", "good"]
    text: str
    note: str = ""


class Rule(NamedTuple):
    """A rule: about which subjects it speaks ([when]), what it demands of them ([require]), and why.

    `remedy` names the change to a print call that `gate --fix` proposes.
    """

    id: str
    title: str
    subject: Kind
    severity: Severity
    precision: Precision
    message: str
    why: str
    fix: str
    gaps: str
    source: str
    when: dict[str, Any]
    require: dict[str, Any]
    example: tuple[Example, ...]
    status: Literal["stable", "preview"] = "stable"
    remedy: Remedy | None = None


def load_folders(folders: Iterable[Path]) -> tuple[Rule, ...]:
    """Read the rules of all folders and return them in the order of their ids."""
    rules: dict[str, Rule] = {}
    for folder in folders:
        if not folder.is_dir():
            raise RulesError(f"{folder}: no such folder of rules")
        for path in sorted(folder.glob("TDX*.toml")):
            rule = load_rule(path)
            if rule.id in rules:
                raise RulesError(f"{path.name}: there is another rule {rule.id}")
            rules[rule.id] = rule
    return tuple(rules[name] for name in sorted(rules))


def load_rule(path: Path) -> Rule:
    """Read one rule file and check all of it."""
    from tdxwhy.files import toml

    try:
        with reading(path) as stream:
            content = stream.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise RulesError(f"{path.name}: larger than {_MAX_BYTES} bytes")
        document = toml(content.decode("utf-8"))
    except OSError as error:
        raise RulesError(f"{path.name}: cannot be read: {reason(error)}") from error
    except ValueError as error:
        raise RulesError(f"{path.name}: not TOML: {error}".replace("\n", " ")) from error
    try:
        rule: Rule = typed(document, schema_type())
    except ValueError as error:
        raise RulesError(f"{path.name}: {error}") from error
    for complaint in _complaints(path.stem, rule):
        raise RulesError(f"{path.name}: {complaint}")
    return rule


def schema_type() -> type:
    """Return the strict schema of a rule file."""
    return strict(Rule)


def _complaints(stem: str, rule: Rule) -> Iterable[str]:
    if rule.id != stem:
        yield f"id is {rule.id!r}, the file name says {stem!r}"
    if not (rule.id.startswith("TDX") and is_whole(rule.id[3:], 3) and len(rule.id) == 6):
        yield f"id {rule.id!r} is not TDX and three digits"
    yield from (f"{field} is empty" for field in ("title", "message", "why", "fix", "gaps", "source") if not getattr(rule, field).strip())
    if not rule.require:
        yield "[require] is empty: the rule demands nothing"
    for table in ("when", "require"):
        for name, argument in getattr(rule, table).items():
            yield from _misuse(rule.subject, table, name, argument)
    yield from _placeholders(rule)
    kinds = {example.kind for example in rule.example}
    yield from (f'no [[example]] of kind "{kind}"' for kind in ("bad", "good") if kind not in kinds)


def _misuse(subject: str, table: str, name: str, argument: object) -> Iterable[str]:
    known = PREDICATES.get(name)
    if known is None:
        near = nearest(name, (one for one, known in PREDICATES.items() if subject in known.kinds))
        yield f"[{table}] unknown predicate {name!r}" + (f"; {near}" if near else "")
        return
    if subject not in known.kinds:
        yield f"[{table}] {name} cannot be asked of a {subject}"
    if known.argument is bool:
        if not isinstance(argument, bool):
            yield f"[{table}] {name} wants true or false"
        return
    if not isinstance(argument, list) or not argument or not all(isinstance(word, str) and word for word in argument):
        yield f"[{table}] {name} wants a list of words"
    elif known.choices and (odd := sorted(set(argument) - known.choices)):
        yield f"[{table}] {name}: {odd[0]!r} is none of {', '.join(sorted(known.choices))}"


def _placeholders(rule: Rule) -> Iterable[str]:
    from string import Formatter

    try:
        used = [(name, spec, conversion) for _, name, spec, conversion in Formatter().parse(rule.message) if name is not None]
    except ValueError as error:
        yield f"message: {error}"
        return
    for name, spec, conversion in used:
        if name not in WORDS[rule.subject] or spec or conversion:
            yield f"message: no placeholder {{{name}}} for a {rule.subject}; there are {', '.join(sorted(WORDS[rule.subject]))}"
