"""The names of `typing` without the module, for what stands before a diagnosis: to load it takes a fifth of bare Python's own start.

Annotations are texts, which nobody works out but `strict`: it asks here for what the names mean. A test holds the commands that people wait
for to this. From Python 3.14 on `noun` wants `typing` itself.
"""

from __future__ import annotations

__all__ = ["TYPE_CHECKING", "Any", "BinaryIO", "Literal", "NoReturn", "Self", "TextIO", "TypeVar", "cast", "overload"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO, Literal, NoReturn, Self, TextIO, TypeVar, cast, overload
else:

    class Words(tuple):
        """The words of a `Literal`."""

        __slots__ = ()

    class _Literal:
        def __getitem__(self, words):  # noqa: ANN001, ANN204 - as typing has it
            return Words(words if isinstance(words, tuple) else (words,))

    Any = BinaryIO = NoReturn = Self = TextIO = object
    Literal = _Literal()

    def TypeVar(name, *bounds, **bound):  # noqa: ANN001, ANN002, ANN003, ANN201, N802 - as typing has it
        """Stand for any type."""
        return object

    def cast(kind, value):  # noqa: ANN001, ANN201 - as typing has it
        """Return the value."""
        return value

    def overload(function):  # noqa: ANN001, ANN201 - as typing has it
        """Return the function."""
        return function


def words_of(of: object) -> tuple[str, ...]:
    """Return the words of a `Literal`, in their order."""
    return tuple(of)  # type: ignore[arg-type] # at run time it is `Words`


def meaning(names: dict[str, object]) -> dict[str, object]:
    """Return a module's names with what those of `typing` mean, and what was made of them."""
    import typing

    real = {name: vars(typing)[name] for name in names if names[name] is globals().get(name) and name in vars(typing)}
    literals = {name: typing.Literal[value] for name, value in names.items() if type(value) is Words}  # type: ignore[name-defined]
    return names | literals | real
