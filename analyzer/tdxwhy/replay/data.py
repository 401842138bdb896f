"""The model's data, read once: generations, the module's leaves, the platform. Strict: an unknown key is an error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache

from tdxwhy import compiled, shipped, toml
from tdxwhy.errors import RulesError, TdxwhyError, nearest
from tdxwhy.hints import TYPE_CHECKING, Any
from tdxwhy.know import tables
from tdxwhy.know.decode import decode_status
from tdxwhy.know.rows import When
from tdxwhy.know.stored import KNOWLEDGE
from tdxwhy.replay import kept
from tdxwhy.replay.generation import VALUES, Generation
from tdxwhy.replay.written import CORRECTIONS, bases_of, made

if TYPE_CHECKING:
    from pathlib import Path


def load(path: Path) -> Generation:
    """Return the generation in one file, proved; what it extends stands beside it."""
    return _proved(path.name, lambda name: toml.read(path.parent / name) if name == path.name or (path.parent / name).is_file() else {})


def single(name: str, data: dict[str, Any]) -> Generation:
    """Return the generation in one document that extends no other, proved; `name` is what complaints call it."""
    return _proved(name, lambda asked: data if asked == name else {})


def _proved(name: str, document: Callable[[str], dict[str, Any]]) -> Generation:
    from tdxwhy.replay.proof import prove

    generation = made(name, document)
    prove(generation, name)
    return generation


def values(module: dict[str, Any] | None = None, platform: dict[str, Any] | None = None) -> frozenset[str]:
    """Return the names of all that a kernel can print: what it knows by itself, of the platform, and of the module's fields."""
    fields = (module or module_data())["fields"].values()
    return VALUES | frozenset((platform or platform_data())["module"]) | {row["name"] for row in fields}


def read(folder: Path) -> dict[str, Any]:
    """Return the model's tables, of files that are proved: keys, kinds of values, and that every name stands for something."""
    from tdxwhy.replay.proof import bases_first, prove, prove_file, prove_forms

    documents = {path.name: toml.read(path) for path in sorted(folder.glob("*.toml"))}
    every = documents | {f"{CORRECTIONS}{path.name}": toml.read(path) for path in sorted((folder / CORRECTIONS).glob("*.toml"))}
    for name in _NOT_GENERATIONS:
        prove_file(documents.pop(name, {}), name)
    known = values(every["module.toml"], every["platform.toml"])
    if lost := {name.removeprefix(CORRECTIONS) for name in every if name.startswith(CORRECTIONS)} - set(documents):
        raise RulesError(f"{CORRECTIONS}{min(lost)}: there is no {min(lost)} to correct")
    called: dict[str, str] = {}
    built: dict[str, Generation] = {}
    for name in bases_first({name: bases_of(data) + bases_of(every.get(CORRECTIONS + name, {})) for name, data in documents.items()}):
        generation = made(name, lambda asked: every.get(asked, {}), built)
        for one in (generation.name, *generation.aliases):
            if called.setdefault(one, name) != name:
                raise RulesError(f"{name}: {called[one]} is called {one!r} too")
        prove(generation, name)
        prove_forms(generation, name, known)
        if own := [one.name for one in generation.forms.values() if not (one.id or one.role or one.warning)]:
            raise RulesError(f"{name}: form {own[0]}: wants the id of a form in rules/knowledge, which says its format and level")
    whole = [built[name] for name in documents if not built[name].part]
    return {name: every[name] for name in _NOT_GENERATIONS} | kept.tables(whole)


def _sources() -> Iterable[compiled.Source]:
    yield from compiled.files(
        ("model", f"model/{CORRECTIONS}"),
        bool,
        (
            "strict.py",
            "toml.py",
            "levels.py",
            *(f"know/{name}.py" for name in ("printf", "rows", "stored", "tables")),
            *(f"replay/{name}.py" for name in ("data", "generation", "kept", "proof", "written")),
        ),
    )
    yield compiled.text(KNOWLEDGE, "FORM").encode()


MODEL = compiled.Piece("model", _sources, lambda: read(shipped.folder("rules/model")))
_NOT_GENERATIONS = ("module.toml", "platform.toml")


@cache
def _table(name: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    return compiled.table(MODEL, name)


@cache
def generations() -> dict[str, Generation]:
    """Return every generation by name, in the order of their files."""
    return {one.name: one for one in kept.generations(_table)}


def generation(name: str) -> Generation:
    """Return the generation of that name or alias."""
    for one in generations().values():
        if name == one.name or name in one.aliases:
            return one
    raise TdxwhyError(f"no kernel generation {name!r}", nearest(name, generations()) or "known: " + ", ".join(generations()))


def module_data() -> dict[str, Any]:
    """Return rules/model/module.toml."""
    found: dict[str, Any] = _table("module.toml")
    return found


def platform_data() -> dict[str, Any]:
    """Return rules/model/platform.toml."""
    found: dict[str, Any] = _table("platform.toml")
    return found


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
