"""Which generations print a form, as far as rules/model says so: for a modelled kernel nobody writes it down by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tdxwhy import toml
from tdxwhy.errors import RulesError
from tdxwhy.noun import NamedTuple
from tdxwhy.records import MessageForm


class Modelled(NamedTuple):
    """What a file of the model says of one generation: its forms, and the generation like which it prints all that no model holds."""

    file: str
    generation: str
    forms: frozenset[str]
    elsewhere: str


def with_models(forms: Sequence[MessageForm], folder: Path, known: Sequence[str]) -> tuple[MessageForm, ...]:
    """Return the forms with the generations whose models print them, all in the order of `known`, the ids of the generations."""
    models = tuple(_models(folder, {form.id for form in forms}))
    for model in models:
        for one in filter(None, (model.generation, model.elsewhere)):
            if one not in known:
                raise RulesError(f"model/{model.file}: no generation {one!r} in rules/knowledge/generations.toml")
    places = {id: place for place, id in enumerate(known)}
    return tuple(form._replace(generations=tuple(sorted(_printing(form, models), key=lambda one: places.get(one, -1)))) for form in forms)


def _models(folder: Path, ids: set[str]) -> Iterator[Modelled]:
    documents = {path.name: toml.read(path) for path in sorted(folder.glob("*.toml"))}
    for path in sorted((folder / "corrections").glob("*.toml")):
        documents[path.name] = _corrected(documents.get(path.name, {}), toml.read(path))
    for file, document in documents.items():
        if "name" not in document or document.get("by_role") or document.get("part"):
            continue
        forms = frozenset(filter(None, _ids(file, documents, ()).values()))
        if lost := sorted(forms - ids):
            raise RulesError(f"model/{file}: no form {lost[0]!r} in rules/knowledge")
        yield Modelled(file, document.get("generation", document["name"]), forms, document.get("elsewhere", ""))


def _corrected(document: dict[str, Any], corrections: dict[str, Any]) -> dict[str, Any]:
    """Return a generation with what its corrections say of it: its name, and which forms it has."""
    extends = [*_listed(document), *_listed(corrections)]
    return document | corrections | {"form": document.get("form", {}) | corrections.get("form", {}), "extends": extends}


def _listed(document: dict[str, Any]) -> list[str]:
    extends = document.get("extends", [])
    return [extends] if isinstance(extends, str) else list(extends)


def _ids(file: str, documents: Mapping[str, dict[str, Any]], behind: tuple[str, ...]) -> dict[str, str]:
    """Return the ids of a generation's forms by the names that its steps use; what is wrong with a file itself, `replay` says."""
    if file not in documents or file in behind:
        return {}
    document = documents[file]
    found: dict[str, str] = {}
    for base in _listed(document):
        found |= _ids(f"{base}.toml", documents, (*behind, file))
    rows = document.get("form", {})
    return found | {name: row if isinstance(row, str) else row.get("id", "") for name, row in rows.items() if isinstance(row, str | dict)}


def _printing(form: MessageForm, models: Sequence[Modelled]) -> set[str]:
    by_hand = set(form.generations)
    for model in models:
        if form.id in model.forms and model.generation in by_hand:
            raise RulesError(f"knowledge: {form.id}: model/{model.file} says that {model.generation} prints it; take it out of generations")
    like = {model.generation for model in models if model.elsewhere in by_hand}
    return by_hand | like | {model.generation for model in models if form.id in model.forms}
