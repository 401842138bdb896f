"""The names of `typing` without the module, for what stands before a diagnosis: to load it takes a fifth of bare Python's own start.

Annotations are texts, which nobody works out but `strict`: it asks here for what the names mean. A test holds the commands that people wait
for to this. From Python 3.14 on `noun` wants `typing` itself.
"""

from __future__ import annotations

from types import GenericAlias

__all__ = ["TYPE_CHECKING", "Any", "BinaryIO", "Literal", "NoReturn", "Self", "TextIO", "TypeVar", "cast", "overload"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO, Literal, NoReturn, Self, TextIO, TypeVar, cast, overload
else:

    class Literal:
        """Stands for that of `typing`; what is made of it has its words in `__args__`."""

        __class_getitem__ = classmethod(GenericAlias)

    Any = BinaryIO = NoReturn = Self = TextIO = object

    def TypeVar(name, *bounds, **bound):  # noqa: ANN001, ANN002, ANN003, ANN201, N802 - as typing has it
        """Stand for any type."""
        return object

    def cast(kind, value):  # noqa: ANN001, ANN201 - as typing has it
        """Return the value."""
        return value

    def overload(function):  # noqa: ANN001, ANN201 - as typing has it
        """Return the function."""
        return function


def words_of(literal: Any) -> tuple[str, ...]:
    """Return the words of a `Literal`, in their order."""
    return tuple(literal.__args__)


def meaning(names: dict[str, object]) -> dict[str, object]:
    """Return a module's names with what those of `typing` mean, and what was made of them."""
    import typing

    real = {name: vars(typing)[name] for name in names if names[name] is globals().get(name) and name in vars(typing)}
    made = {name: one for name, one in names.items() if isinstance(one, GenericAlias) and one.__origin__ is Literal}  # type: ignore[comparison-overlap] # see above
    return names | {name: typing.Literal[one.__args__] for name, one in made.items()} | real
