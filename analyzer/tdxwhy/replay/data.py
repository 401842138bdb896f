"""The model's data, read once: generations, the module's leaves, the platform. Strict: an unknown key is an error."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from tdxwhy import compiled, shipped, toml
from tdxwhy.errors import RulesError, TdxwhyError
from tdxwhy.know import tables
from tdxwhy.know.decode import decode_status
from tdxwhy.know.stored import KNOWLEDGE
from tdxwhy.levels import LEVELS
from tdxwhy.records import When
from tdxwhy.replay.generation import VALUES, Answer, Ending, Form, Generation, ModelStep, Operation, OwnAnswer, Retry, without

Row = TypeVar("Row", Form, ModelStep, Ending, Operation, Answer, OwnAnswer, Retry)


def _take(kind: type[Row], row: object, place: str) -> Row:
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


def _operation(row: dict[str, Any], place: str) -> Operation:
    row = dict(row)
    row["step"] = [_step(step, f"{place} {row.get('name')}") for step in _rows(row, "step", place)]
    row["returns_for"] = [_pair(pair, f"{place} {row.get('name')}") for pair in row.get("returns_for", [])]
    for ending in ("on_failure", "on_success"):
        if ending in row:
            row[ending] = _take(Ending, row[ending], f"{place} {row.get('name')} {ending}")
    return _take(Operation, row, place)


def _step(row: dict[str, Any], place: str) -> ModelStep:
    if "answers" not in row:
        return _take(ModelStep, row, place)
    return _take(ModelStep, row | {"answers": _own(row["answers"], f"{place} {row['name']} answers")}, place)


def _own(rows: object, place: str) -> tuple[OwnAnswer, ...]:
    if not isinstance(rows, list | tuple):
        raise RulesError(f"{place}: 'answers' is no list")
    return tuple([_take(OwnAnswer, one, place) for one in rows])


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
    "without", "by_role", "module_state", "part", "variant",
}  # fmt: skip


def bases_of(data: dict[str, Any]) -> list[str]:
    """Return the names of what a generation takes over, in order. Accepted form: `extends` is one name or a list of them."""
    extends = data.get("extends", [])
    return [extends] if isinstance(extends, str) else list(extends)


def made(name: str, document: Callable[[str], dict[str, Any]], built: dict[str, Generation] | None = None) -> Generation:
    """Return the generation in one file of the model. Accepted form: as those in rules/model, whole or with `extends`.

    `built` keeps what several extend.
    """
    built = {} if built is None else built
    if name in built:
        return built[name]
    data = document(name)
    unknown = set(data) - _KEYS
    if unknown or "name" not in data:
        raise RulesError(f"{name}: unknown key {sorted(unknown)[0]!r}" if unknown else f"{name}: 'name' is missing")
    built[name] = _made(data, name, _joined([made(f"{base}.toml", document, built) for base in bases_of(data)]))
    return built[name]


_NOTHING = Generation("", (), "", False, "", False, "", {}, None, {}, {}, {})


def _joined(bases: Sequence[Generation]) -> Generation:
    """Return what generations have together; where two say something of the same name, the later one."""
    whole = _NOTHING._replace(extends=tuple(one.name for one in bases))
    for base in bases:
        whole = whole._replace(
            answers=whole.answers | base.answers,
            retry=base.retry or whole.retry,
            forms=whole.forms | base.forms,
            operations=whole.operations | base.operations,
            answers_of=whole.answers_of | base.answers_of,
        )
    return whole


def _made(data: dict[str, Any], place: str, base: Generation) -> Generation:
    forms = base.forms | {one: _take(Form, row, f"{place} {one}") for one, row in resolved(data, place).items()}
    operations = base.operations | {row["name"]: _operation(row, place) for row in _rows(data, "operation", place)}
    raw = dict(_table(data, "answers", place))
    retry = _take(Retry, raw.pop("retry"), place) if "retry" in raw else base.retry
    named = {name: _own(rows, f"{place} answers_of {name}") for name, rows in _table(data, "answers_of", place).items()}
    return Generation(
        data["name"],
        tuple(data.get("aliases", ())),
        data.get("kernels", ""),
        data.get("covered", False),
        data.get("source", ""),
        data.get("by_role", False),
        data.get("module_state", ""),
        base.answers | {k: _take(Answer, v, f"{place} {k}") for k, v in raw.items()},
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


def load(path: Path) -> Generation:
    """Return the generation in one file, proved; what it extends stands beside it."""
    return _proved(path.name, lambda name: toml.read(path.with_name(name)))


def single(name: str, data: dict[str, Any]) -> Generation:
    """Return the generation in one document that extends no other, proved; `name` is what complaints call it."""
    return _proved(name, {name: data}.__getitem__)


def _proved(name: str, document: Callable[[str], dict[str, Any]]) -> Generation:
    from tdxwhy.replay.proof import prove

    generation = made(name, document)
    prove(generation, name)
    return generation


def values(module: dict[str, Any] | None = None, platform: dict[str, Any] | None = None) -> frozenset[str]:
    """Return the names of all that a kernel can print: what it knows by itself, of the platform, and of the module's fields."""
    fields = (module or module_data())["fields"].values()
    return VALUES | frozenset((platform or platform_data())["module"]) | {row["name"] for row in fields}


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the model's files by name, proved: keys, kinds of values, and that every name stands for something."""
    from tdxwhy.replay.proof import bases_first, prove, prove_file, prove_forms

    documents = {path.name: toml.read(path) for path in sorted(folder.glob("*.toml"))}
    for name in _NOT_GENERATIONS:
        prove_file(documents.get(name, {}), name)
    known = values(documents["module.toml"], documents["platform.toml"])
    called: dict[str, str] = {}
    for name in bases_first({name: data for name, data in documents.items() if name not in _NOT_GENERATIONS}):
        generation = made(name, documents.__getitem__)
        for one in (generation.name, *generation.aliases):
            if called.setdefault(one, name) != name:
                raise RulesError(f"{name}: {called[one]} is called {one!r} too")
        prove(generation, name)
        prove_forms(generation, name, known)
        if own := [one.name for one in generation.forms.values() if not one.id and not one.role]:
            raise RulesError(f"{name}: form {own[0]}: wants the id of a form in rules/knowledge, which says its format and level")
        documents[name]["form"] = resolved(documents[name], name)
    return documents


def _sources() -> Iterable[bytes]:
    yield from compiled.files(
        ("model",),
        bool,
        (
            "toml.py",
            "levels.py",
            *(f"know/{name}.py" for name in ("printf", "rows", "stored", "tables")),
            *(f"replay/{name}.py" for name in ("data", "generation", "proof")),
        ),
    )
    yield compiled.text(KNOWLEDGE, "FORM").encode()


MODEL = compiled.Piece("model", _sources, lambda: read(shipped.folder("rules/model")))
_NOT_GENERATIONS = ("module.toml", "platform.toml")


@cache
def _document(name: str) -> dict[str, Any]:
    return compiled.table(MODEL, name)  # type: ignore[no-any-return]


@cache
def generations() -> dict[str, Generation]:
    """Return every generation by name, in the order of their files."""
    built: dict[str, Generation] = {}
    all_made = (made(name, _document, built) for name in compiled.names(MODEL) if name not in _NOT_GENERATIONS)
    return {one.name: one for one in all_made if not one.part}


def generation(name: str) -> Generation:
    """Return the generation of that name or alias."""
    for one in generations().values():
        if name == one.name or name in one.aliases:
            return one
    raise TdxwhyError(f"no kernel generation {name!r}", "known: " + ", ".join(generations()))


def module_data() -> dict[str, Any]:
    """Return rules/model/module.toml."""
    return _document("module.toml")


def platform_data() -> dict[str, Any]:
    """Return rules/model/platform.toml."""
    return _document("platform.toml")


@cache
def leaf_numbers() -> dict[str, int]:
    """Return the number of every leaf that the module's data names."""
    return {leaf["name"]: leaf["number"] for leaf in module_data()["leaf"]}


def leaf_number(name: str) -> int:
    """Return a leaf's number: of one that the module's data has, else of any public one, else 0."""
    found = leaf_numbers().get(name)
    if found is not None:
        return found
    from tdxwhy.know.decode import leaf_named

    return leaf_named(name) or 0


@cache
def _classes() -> dict[int, frozenset[str]]:
    return {value: frozenset(row["leaves"]) for row in module_data()["belongs"] for value in row["classes"]}


@cache
def cause_of_answer(kind: str) -> str:
    """Return the likeliest cause of a SEAMCALL that ends with one of the software codes: ud, gp, vmfailinvalid."""
    name = decode_status(module_data()["software"][kind]).name
    return tables.causes_for(When(0, status=name))[0].id


@cache
def _judged() -> frozenset[str]:
    return frozenset(leaf for row in module_data()["belongs"] for leaf in row["leaves"])


def status_class(status: int) -> int:
    """Return a status without its detail, or 1 << 63 for one that any leaf may answer: all that `can_answer` asks."""
    return status >> 32 << 32 if status >> 32 in _classes() else 1 << 63


def can_answer(leaf: str, status: int) -> bool:
    """Tell whether some module can give this status at that leaf, its own rules and faults included."""
    owners = _classes().get(status >> 32)
    return owners is None or leaf in owners or leaf not in _judged()


def answer_class(status: int) -> str:
    """Return which class an answer belongs to: status, or the software code of a faulting SEAMCALL."""
    return next((name for name, code in module_data()["software"].items() if code == status), "status")


def serving(kernel: Generation, words: Sequence[str]) -> Generation:
    """Return the kernel that has operations of these names: the one asked for, or a variant of it that has more."""
    variants = (one for one in generations().values() if one.variant and kernel.name in one.extends)
    for one in (kernel, *variants):
        if all(one.asked(word) for word in words):
            return one
    missing = [word for word in words if kernel.asked(word) is None]
    known = (word for one in kernel.operations.values() for word in (one.asked, one.also) if word)
    raise TdxwhyError(f"operations: {kernel.name} has no {missing[0]!r}", "known: " + ", ".join(known))
