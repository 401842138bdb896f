"""A generation file as nouns. Strict: an unknown key is an error.

What `tdxwhy model extract` wrote of a kernel has its corrections beside it, in a file of the same name: a generation that takes over what
was read, and says with a reason for each where it is otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tdxwhy.errors import RulesError
from tdxwhy.hints import Any, TypeVar
from tdxwhy.levels import LEVELS
from tdxwhy.replay.generation import Answer, Ending, Form, Generation, ModelStep, Operation, OwnAnswer, Retry, without

Row = TypeVar("Row", Form, ModelStep, Ending, Operation, Answer, OwnAnswer, Retry)


def take(kind: type[Row], row: object, place: str) -> Row:
    """Build the NamedTuple `kind` from a TOML table. Accepted form: a subset of its fields; anything else is an error."""
    if not isinstance(row, dict):
        raise RulesError(f"{place}: not a table")
    values: dict[str, Any] = dict(row)
    for key, value in row.items():
        if isinstance(value, list):
            values[key] = tuple(value)
    try:
        return kind(**values)
    except TypeError:
        unknown = sorted(set(row) - set(kind._fields))
        missing = [field for field in kind._fields if field not in row and field not in kind._field_defaults]
        raise RulesError(f"{place}: unknown key {unknown[0]!r}" if unknown else f"{place}: {missing[0]!r} is missing") from None


def operation_of(row: dict[str, Any], place: str, known: Operation | None = None) -> Operation:
    """Return an operation: a new one, or `known` with what a row says otherwise."""
    where = f"{place} {row.get('name')}"
    row = {key: value for key, value in row.items() if key != "reason"}
    if "step" in row or known is None:
        row["step"] = [_step(step, where) for step in _rows(row, "step", place)]
    if "returns_for" in row:
        row["returns_for"] = [_pair(pair, where) for pair in row["returns_for"]]
    for ending in ("on_failure", "on_success"):
        if ending in row:
            row[ending] = take(Ending, row[ending], f"{where} {ending}")
    return take(Operation, (known._asdict() if known is not None else {}) | row, place)


def _step(row: dict[str, Any], place: str, known: ModelStep | None = None) -> ModelStep:
    if "answers" in row:
        row = row | {"answers": own_answers(row["answers"], f"{place} {row.get('name', '')} answers")}
    return take(ModelStep, (known._asdict() if known is not None else {}) | row, place)


def own_answers(rows: object, place: str) -> tuple[OwnAnswer, ...]:
    """Return what a step makes of answers by itself. Accepted form: a list of tables."""
    if not isinstance(rows, list | tuple):
        raise RulesError(f"{place}: 'answers' is no list")
    return tuple([take(OwnAnswer, one, place) for one in rows])


def _pair(row: object, place: str) -> tuple[int, int]:
    """Return what a failure with one errno returns instead. Accepted form: [errno, returned]."""
    if not isinstance(row, list) or len(row) != 2 or not all(type(one) is int for one in row):
        raise RulesError(f"{place}: 'returns_for' wants pairs of numbers, not {row!r}")
    return row[0], row[1]


def _rows(data: dict[str, Any], key: str, place: str) -> list[dict[str, Any]]:
    """Return a list of tables with names. Accepted form: each has a `name` of its own kind, a text."""
    rows: list[dict[str, Any]] = data.get(key, [])
    names = [row.get("name") if isinstance(row, dict) else None for row in rows] if isinstance(rows, list) else [None]
    if not set(map(type, names)) <= {str}:
        raise RulesError(f"{place}: {key!r} wants a list of tables, each with a name")
    return rows


def _table(data: dict[str, Any], key: str, place: str) -> dict[str, Any]:
    row = data.get(key, {})
    if not isinstance(row, dict):
        raise RulesError(f"{place}: {key!r} is not a table")
    return row


_KEYS = {
    "name", "generation", "elsewhere", "aliases", "kernels", "covered", "source", "answers", "answers_of", "form", "operation", "extends",
    "without", "by_role", "module_state", "part", "variant", "change", "reason",
}  # fmt: skip
_CHANGE = {"of", "step", "put", "drop", "before", "after", "reason"}
CORRECTIONS = "corrections/"
_REASON = 40


def bases_of(data: dict[str, Any]) -> list[str]:
    """Return the names of what a generation takes over, in order. Accepted form: `extends` is one name or a list of them."""
    extends = data.get("extends", [])
    return [extends] if isinstance(extends, str) else list(extends)


def made(name: str, document: Callable[[str], dict[str, Any]], built: dict[str, Generation] | None = None) -> Generation:
    """Return the generation in one file of the model, with its corrections. Accepted form: as those in rules/model.

    `document` returns the table of a file, {} where there is none; `built` keeps what several extend.
    """
    built = {} if built is None else built
    if name not in built:
        bases = [made(f"{base}.toml", document, built) for base in bases_of(document(name))]
        found = _made(document(name), name, _joined(bases))
        place = CORRECTIONS + name
        if corrections := document(place):
            _with_reasons(corrections, place)
            parts = [made(f"{base}.toml", document, built) for base in bases_of(corrections)]
            found = _made(corrections, place, _joined([found, *parts]))._replace(extends=found.extends)
        built[name] = found.told()
    return built[name]


def _with_reasons(data: dict[str, Any], place: str) -> None:
    """Refuse a correction that does not say why it is made."""
    rows = [*_rows(data, "operation", place), *_changes(data, place), *([data] if bases_of(data) else [])]
    if any(len(str(row.get("reason", ""))) < _REASON for row in rows):
        raise RulesError(f"{place}: a correction wants its reason")


def _changes(data: dict[str, Any], place: str) -> list[dict[str, Any]]:
    """Return what is changed in operations. Accepted form: `of` one; `step`: those of its steps that have all that this says."""
    rows = data.get("change", [])
    for row in rows if isinstance(rows, list) else [rows]:
        if not isinstance(row, dict) or "of" not in row or set(row) - _CHANGE:
            raise RulesError(f"{place}: 'change' wants tables with {', '.join(sorted(_CHANGE))}")
    return list(rows)


def _changed(operation: Operation | None, row: dict[str, Any], place: str) -> Operation:
    """Return an operation of which something is otherwise: itself, or the steps that are as `step` says."""
    place = f"{place} {row['of']}"
    if operation is None:
        raise RulesError(f"{place}: no such operation to change")
    if "step" not in row:
        return operation_of(row.get("put", {}), place, operation)
    steps: list[ModelStep] = []
    for step in operation.step:
        if any(getattr(step, key, None) != value for key, value in row["step"].items()):
            steps.append(step)
            continue
        steps += [_step(one, place) for one in row.get("before", [])]
        steps += [] if row.get("drop") else [_step(row.get("put", {}), place, step)]
        steps += [_step(one, place) for one in row.get("after", [])]
    if tuple(steps) == operation.step:
        raise RulesError(f"{place}: a change that changes nothing: {row['step']}")
    return operation._replace(step=tuple(steps))


_NOTHING = Generation("", (), "", False, "", False, "", {}, None, {}, {}, {})


def _joined(bases: Sequence[Generation]) -> Generation:
    """Return what generations have together; where two say something of the same name, the later one."""
    whole = _NOTHING._replace(extends=tuple(one.name for one in bases))
    for base in bases:
        whole = whole._replace(
            answers=whole.answers | base.answers,
            retry=base.retry or whole.retry,
            forms=whole.forms | base.forms,
            operations={**whole.operations, **base.operations},
            answers_of=whole.answers_of | base.answers_of,
        )
    return whole


def _made(data: dict[str, Any], place: str, base: Generation) -> Generation:
    unknown = set(data) - _KEYS
    if unknown or "name" not in data:
        raise RulesError(f"{place}: unknown key {sorted(unknown)[0]!r}" if unknown else f"{place}: 'name' is missing")
    forms = base.forms | {one: take(Form, row, f"{place} {one}") for one, row in resolved(data, place).items()}
    operations = {**base.operations, **{row["name"]: operation_of(row, place) for row in _rows(data, "operation", place)}}
    for row in _changes(data, place):
        operations[row["of"]] = _changed(operations.get(row["of"]), row, place)
    raw = dict(_table(data, "answers", place))
    retry = take(Retry, raw.pop("retry"), place) if "retry" in raw else base.retry
    named = {name: own_answers(rows, f"{place} answers_of {name}") for name, rows in _table(data, "answers_of", place).items()}
    return Generation(
        data["name"],
        tuple(data.get("aliases", ())),
        data.get("kernels", ""),
        data.get("covered", False),
        data.get("source", ""),
        data.get("by_role", False),
        data.get("module_state", ""),
        base.answers | {k: take(Answer, v, f"{place} {k}") for k, v in raw.items()},
        retry,
        forms,
        {name: without(one, data.get("without", ())) for name, one in operations.items()},
        base.answers_of | named,
        base.extends,
        data.get("part", False),
        data.get("variant", False),
    )


def resolved(data: dict[str, Any], place: str) -> dict[str, dict[str, Any]]:
    """Return the forms of a generation with what the catalogue says of them. Accepted form: an id, or a table with one."""
    found = {}
    for name, row in _table(data, "form", place).items():
        given = {"id": row} if isinstance(row, str) else row
        if not isinstance(given, dict):
            raise RulesError(f"{place} {name}: neither the id of a form nor a table with one")
        said = {} if "format" in given else _catalogued(given, f"{place} {name}")
        found[name] = {"name": name, **said, **given}
    return found


def _catalogued(row: dict[str, Any], place: str) -> dict[str, Any]:
    from tdxwhy.know import tables

    try:
        form = tables.form(row.get("id", ""))
        level = LEVELS.index(form.level)
    except (KeyError, ValueError):
        raise RulesError(f"{place}: no form {row.get('id', '')!r} with a level in rules/knowledge") from None
    return {"format": form.format, "level": level, "args": list(form.args), "once": form.once, "ratelimited": form.ratelimited}
