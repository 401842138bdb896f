"""Our NamedTuple is one: a class of it does what one of `typing` does."""

from __future__ import annotations

import copy
import pickle
import typing
from collections.abc import Callable
from pathlib import Path

import pytest

import tdxwhy
from tdxwhy import noun


class Ours(noun.NamedTuple):
    """A place."""

    name: str
    line: int | None = None
    about: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        return f"{self.name}:{self.line}"


class Theirs(typing.NamedTuple):
    """A place."""

    name: str
    line: int | None = None
    about: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        return f"{self.name}:{self.line}"


class Refined(Ours):
    __slots__ = ()

    def __new__(cls, name: str, line: int | None = None) -> Refined:
        return super().__new__(cls, name.upper(), line)


DOES: list[Callable[[typing.Any], object]] = [
    lambda kind: kind("a"),
    lambda kind: kind("a", about=("b",), line=3),
    lambda kind: kind._make(["a", 1, ()]),
    lambda kind: kind("a")._replace(line=4)._asdict(),
    lambda kind: [*kind("a", 2)],
    lambda kind: kind("a", 2) == kind("a", 2) != kind("a", 3),
    lambda kind: len({kind("a"), kind("a", None, ())}),
    lambda kind: (kind("a", 7).told, kind("a").line, kind("a")[0], kind("a")[1:]),
    lambda kind: (kind._fields, kind._field_defaults, kind.__match_args__, kind.__doc__, kind.__slots__, kind.__bases__),
    lambda kind: (kind.__new__.__defaults__, kind.__qualname__, kind.__module__),
    lambda kind: pickle.loads(pickle.dumps(kind("a", 5))),
    lambda kind: copy.copy(kind("a", 5)),
    lambda kind: repr(kind("a", 5)),
    lambda kind: isinstance(kind("a"), tuple),
]
REFUSES: list[Callable[[typing.Any], object]] = [
    lambda kind: kind(),
    lambda kind: kind("a", 1, (), 4),
    lambda kind: kind("a", nothing=1),
    lambda kind: kind("a", name="b"),
    lambda kind: kind("a")._replace(nothing=1),
    lambda kind: setattr(kind("a"), "line", 2),
    lambda kind: setattr(kind("a"), "nothing", 2),
]


def plain(told: object) -> str:
    return repr(told).replace("Theirs", "Ours")


@pytest.mark.parametrize("does", DOES)
def test_it_does_the_same(does: Callable[[typing.Any], object]) -> None:
    assert plain(does(Ours)) == plain(does(Theirs))


@pytest.mark.parametrize("does", REFUSES)
def test_it_refuses_the_same(does: Callable[[typing.Any], object]) -> None:
    refusals = (TypeError, ValueError, AttributeError)
    with pytest.raises(refusals) as theirs:
        does(Theirs)
    with pytest.raises(refusals) as ours:
        does(Ours)
    assert str(ours.value) == str(theirs.value).replace("Theirs", "Ours") or theirs.type is AttributeError


def test_a_class_of_one_is_refined_as_usual() -> None:
    assert Refined("a", 2) == ("A", 2, ())
    assert repr(Refined("a")._replace(line=3)) == "Refined(name='A', line=3, about=())"


def test_a_field_without_a_default_stands_before_those_with_one() -> None:
    with pytest.raises(TypeError):
        type(noun.NamedTuple)("Odd", (), {"__annotations__": {"a": "int", "b": "int"}, "a": 1, "__qualname__": "Odd"})


def test_every_room_takes_it() -> None:
    package = Path(tdxwhy.__file__).parent
    taken = [path.name for path in package.rglob("*.py") if "NamedTuple" in "".join(typing_imports(path))]
    assert taken == ["noun.py"]


def typing_imports(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line.lstrip().startswith("from typing import")]
