"""The model's data, read once: generations, the module's leaves, the platform. Strict: an unknown key is an error."""

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from tdxwhy import shipped, toml
from tdxwhy.errors import RulesError
from tdxwhy.lazy import lazy

_CONVERSION = lazy(r"%(0?\d*)(?:ll|l|h)?([dux])")


class Form(NamedTuple):
    """A line that a kernel prints: format string, level, the names of its arguments."""

    id: str
    format: str
    level: int
    args: tuple[str, ...] = ()
    once: bool = False
    ratelimited: bool = False
    warning: str = ""
    each: str = ""
    role: str = ""

    def render(self, values: dict[str, Any]) -> str:
        """Return the line that the kernel prints. Accepted form: %d, %u, %x with a width and a length modifier."""
        python = _CONVERSION.sub(lambda found: f"%{found[1]}{'d' if found[2] == 'u' else found[2]}", self.format)
        return python % tuple(values[name] for name in self.args) if self.args else python


class Step(NamedTuple):
    """One step of an operation; `does` says which kind, the rest is what that kind needs."""

    name: str
    does: str
    when: str = ""
    print: tuple[str, ...] = ()
    stop: int | None = None
    set: str = ""
    cause: str = ""
    refusal: bool = False
    call: str = ""
    each: str = ""
    lock: str = ""
    installs: str = ""
    leaf: str = ""
    unless: str = ""
    remember: str = ""
    registers: bool = False
    print_vmfailinvalid: tuple[str, ...] = ()
    print_status: tuple[str, ...] = ()
    always_print: tuple[str, ...] = ()
    print_near_limit: tuple[str, ...] = ()
    ignore: bool = False
    errno: int = 0
    kind: str = ""
    arguments: str = ""
    fields: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    fault_errno: int = 0
    unsupported_errno: int = 0
    needed_by: tuple[str, ...] = ()
    gather_errno: int = 0


class Ending(NamedTuple):
    """What an operation prints and sets when it ends well or badly."""

    print: tuple[str, ...] = ()
    set: tuple[str, ...] = ()


class Operation(NamedTuple):
    """A named list of steps; `asked` is the word that starts it from outside (boot, enable, online ...)."""

    name: str
    step: tuple[Step, ...]
    asked: str = ""
    attempt: bool = False
    once: bool = False
    always: bool = False
    lock: str = ""
    needs: str = ""
    returns: int = 0
    returns_failure: int | None = None
    on_failure: Ending = Ending()
    on_success: Ending = Ending()


class Answer(NamedTuple):
    """What a kernel makes of one class of answer to a SEAMCALL."""

    errno: int
    print: tuple[str, ...] = ()
    print_registers: tuple[str, ...] = ()


class Retry(NamedTuple):
    """The status that a kernel asks again for, and how often it asks at most."""

    status: int
    tries: int


class Generation(NamedTuple):
    """What one kernel generation does, in order."""

    name: str
    aliases: tuple[str, ...]
    kernels: str
    covered: bool
    source: str
    by_role: bool
    module_state: str
    answers: dict[str, Answer]
    retry: Retry | None
    forms: dict[str, Form]
    operations: dict[str, Operation]

    def asked(self, word: str) -> Operation | None:
        """Return the operation that `word` starts, if this kernel has one."""
        return next((one for one in self.operations.values() if one.asked == word), None)


Row = TypeVar("Row", Form, Step, Ending, Operation, Answer, Retry)


def _take(kind: type[Row], row: object, place: str) -> Row:
    """Build the NamedTuple `kind` from a TOML table. Accepted form: a subset of its fields; anything else is an error."""
    if not isinstance(row, dict):
        raise RulesError(f"{place}: not a table")
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    try:
        return kind(**values)
    except TypeError:
        unknown = sorted(set(row) - set(kind._fields))
        missing = [field for field in kind._fields if field not in row and field not in kind._field_defaults]
        raise RulesError(f"{place}: unknown key {unknown[0]!r}" if unknown else f"{place}: {missing[0]!r} is missing") from None


def _operation(row: dict[str, Any], place: str) -> Operation:
    row = dict(row)
    row["step"] = [_take(Step, step, f"{place} {row.get('name')}") for step in _rows(row, "step", place)]
    for ending in ("on_failure", "on_success"):
        if ending in row:
            row[ending] = _take(Ending, row[ending], f"{place} {row.get('name')} {ending}")
    return _take(Operation, row, place)


def _rows(data: dict[str, Any], key: str, place: str) -> list[dict[str, Any]]:
    """Return a list of tables with names. Accepted form: each has a `name` of its own kind, a text."""
    rows = data.get(key, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) and isinstance(row.get("name"), str) for row in rows):
        raise RulesError(f"{place}: {key!r} wants a list of tables, each with a name")
    return rows


def _table(data: dict[str, Any], key: str, place: str) -> dict[str, Any]:
    row = data.get(key, {})
    if not isinstance(row, dict):
        raise RulesError(f"{place}: {key!r} is not a table")
    return row


_KEYS = {"name", "aliases", "kernels", "covered", "source", "answers", "form", "operation", "extends", "without", "by_role", "module_state"}


@cache
def load(path: Path) -> Generation:
    """Read one generation. Accepted form: a TOML file as those in rules/model, whole or with `extends`."""
    fresh: list[dict[str, Any]] = []
    data = toml.read(path, fresh.append)
    unknown = set(data) - _KEYS
    if unknown or "name" not in data:
        raise RulesError(f"{path.name}: unknown key {sorted(unknown)[0]!r}" if unknown else f"{path.name}: 'name' is missing")
    base = load(path.with_name(f"{data['extends']}.toml")) if "extends" in data else None
    forms = dict(base.forms) if base else {}
    for id, row in _table(data, "form", path.name).items():
        forms[id] = _take(Form, {"id": id, **row} if isinstance(row, dict) else row, f"{path.name} {id}")
    operations = dict(base.operations) if base else {}
    operations |= {row["name"]: _operation(row, path.name) for row in _rows(data, "operation", path.name)}
    operations = {name: without(one, data.get("without", ())) for name, one in operations.items()}
    answers = dict(base.answers) if base else {}
    raw = dict(_table(data, "answers", path.name))
    retry = _take(Retry, raw.pop("retry"), path.name) if "retry" in raw else base.retry if base else None
    answers |= {k: _take(Answer, v, f"{path.name} {k}") for k, v in raw.items()}
    made = Generation(
        data["name"],
        tuple(data.get("aliases", ())),
        data.get("kernels", ""),
        data.get("covered", False),
        data.get("source", ""),
        data.get("by_role", False),
        data.get("module_state", ""),
        answers,
        retry,
        forms,
        operations,
    )
    if fresh:  # what was compiled was proved before
        from tdxwhy.replay.proof import prove

        prove(made, path.name)
    return made


def without(operation: Operation, names: tuple[str, ...]) -> Operation:
    """Return the operation without the steps of these names."""
    return operation._replace(step=tuple(step for step in operation.step if step.name not in names))


def folder() -> Path:
    """Return the folder of the model's data."""
    return shipped.folder("rules/model")


_NOT_GENERATIONS = {"module.toml", "platform.toml"}


@cache
def generations() -> dict[str, Generation]:
    """Return every generation by name, in the order of their names."""
    paths = sorted(path for path in folder().glob("*.toml") if path.name not in _NOT_GENERATIONS)
    return {one.name: one for one in map(load, paths)}


def generation(name: str) -> Generation:
    """Return the generation of that name or alias."""
    from tdxwhy.errors import TdxwhyError

    for one in generations().values():
        if name == one.name or name in one.aliases:
            return one
    raise TdxwhyError(f"no kernel generation {name!r}", "known: " + ", ".join(generations()))


def _whole(name: str) -> dict[str, Any]:
    fresh: list[dict[str, Any]] = []
    data = toml.read(folder() / name, fresh.append)
    if fresh:
        from tdxwhy.replay.proof import prove_file

        prove_file(data, name)
    return data


@cache
def module_data() -> dict[str, Any]:
    """Return rules/model/module.toml."""
    return _whole("module.toml")


@cache
def platform_data() -> dict[str, Any]:
    """Return rules/model/platform.toml."""
    return _whole("platform.toml")


@cache
def leaf_numbers() -> dict[str, int]:
    """Return the number of every leaf that the module's data names."""
    return {leaf["name"]: leaf["number"] for leaf in module_data()["leaf"]}


@cache
def _classes() -> dict[int, frozenset[str]]:
    return {value: frozenset(row["leaves"]) for row in module_data()["belongs"] for value in row["classes"]}


def status_class(status: int) -> int:
    """Return a status without its detail, or 1 << 63 for one that any leaf may answer: all that `can_answer` asks."""
    return status >> 32 << 32 if status >> 32 in _classes() else 1 << 63


def can_answer(leaf: str, status: int) -> bool:
    """Tell whether some module can give this status at that leaf, its own rules and faults included."""
    owners = _classes().get(status >> 32)
    return owners is None or leaf in owners


def answer_class(status: int) -> str:
    """Return which class an answer belongs to: status, or the software code of a faulting SEAMCALL."""
    return next((name for name, code in module_data()["software"].items() if code == status), "status")
