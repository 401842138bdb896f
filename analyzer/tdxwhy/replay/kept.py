"""Generations as plain values and back, so that no run puts them together of what files say of one another.

Accepted form of the tables: GENERATIONS has a row each, the fields in their order, with the places of its forms and operations in the
tables FORMS and OPERATIONS, where each stands once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial

from tdxwhy.hints import Any
from tdxwhy.replay.generation import Answer, Form, Generation, Operation, Retry
from tdxwhy.replay.written import operation_of, own_answers, take

_PLACE = "rules/model"


class _Operations(Mapping[str, Operation]):
    """Operations by name, made when the first of them is asked for: most generations are only read by."""

    def __init__(self, names: Iterable[str], make: Callable[[], Iterable[Operation]]) -> None:
        self._names = tuple(names)
        self._all = cache(lambda: dict(zip(self._names, make(), strict=True)))

    def __getitem__(self, name: str) -> Operation:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def tables(kernels: Iterable[Generation]) -> dict[str, Any]:
    """Return the tables that hold these generations."""
    forms: dict[Form, int] = {}
    operations: dict[Operation, int] = {}
    rows = []
    for one in kernels:
        places = {name: forms.setdefault(form, len(forms)) for name, form in one.forms.items()}
        does = {name: operations.setdefault(operation, len(operations)) for name, operation in one.operations.items()}
        rows.append([_plain(value) for value in one._replace(forms={}, operations={})] + [places, does])
    return {"GENERATIONS": rows, "FORMS": _plain(tuple(forms)), "OPERATIONS": _plain(tuple(operations))}


def generations(table: Callable[[str], Any]) -> Iterator[Generation]:
    """Yield the generations that tables hold."""
    forms = [take(Form, row, _PLACE) for row in table("FORMS")]

    @cache
    def operation(place: int) -> Operation:
        return operation_of(table("OPERATIONS")[place], _PLACE)

    for *row, places, does in table("GENERATIONS"):
        one = Generation._make(tuple(value) if isinstance(value, list) else value for value in row)
        yield one._replace(
            answers={kind: take(Answer, answer, _PLACE) for kind, answer in one.answers.items()},
            retry=one.retry and take(Retry, one.retry, _PLACE),
            forms={name: forms[place] for name, place in places.items()},
            operations=_Operations(does, partial(map, operation, does.values())),
            answers_of={name: own_answers(answers, _PLACE) for name, answers in one.answers_of.items()},
            leaves=frozenset(one.leaves),
            raw_forms=frozenset(one.raw_forms),
        )


def _plain(value: Any) -> Any:  # noqa: ANN401 - a noun, or what its fields hold
    """Return what JSON can hold: of a noun the fields that are not as they are by themselves."""
    if hasattr(value, "_fields"):
        given = zip(value._fields, value, strict=True)
        return {name: _plain(one) for name, one in given if name not in value._field_defaults or one != value._field_defaults[name]}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return list(map(_plain, value))
    return {key: _plain(one) for key, one in value.items()} if isinstance(value, dict) else value
