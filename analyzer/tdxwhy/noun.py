"""`NamedTuple`, whose classes are made in a fifth of the time that those of `typing` take: a hundred of them stand before a diagnosis.

Theirs compile a function of each class's own, and each annotation that is text. Here classes with as many fields share the function's
code, under names of their own, and annotations stay as they are written.
"""

from __future__ import annotations

import sys

from tdxwhy.hints import TYPE_CHECKING, Any

# From 3.14 on a class body holds no annotations but what works them out.
if TYPE_CHECKING or sys.version_info >= (3, 14):
    from typing import NamedTuple as NamedTuple  # noqa: PLC0414 - exported
else:
    from functools import cache
    from types import CodeType, FunctionType

    try:
        from collections import _tuplegetter as field
    except ImportError:
        from operator import itemgetter

        def field(place: int, told: str) -> property:
            """Return the attribute that a place of a tuple is."""
            return property(itemgetter(place), doc=told)

    _GLOBALS = {"new": tuple.__new__, "__builtins__": {}}

    class _Made(type):
        """Makes a class of tuples of a class body with annotations, as `typing.NamedTuple` does."""

        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
            fields = tuple(body.get("__annotations__", ()))
            given = tuple(filter(body.__contains__, fields))
            if fields[len(fields) - len(given) :] != given:
                raise TypeError(f"{name}: a field without a default behind one with a default")
            defaults = dict(zip(given, map(body.pop, given), strict=True))
            code = _code(len(fields)).replace(co_varnames=("cls", *fields), co_name="__new__", co_qualname=f"{name}.__new__")
            body["__new__"] = FunctionType(code, _GLOBALS, "__new__", tuple(defaults.values()))
            body |= zip(fields, map(field, range(len(fields)), fields), strict=True)
            return type(name, (tuple,), {**_SHARED, **body, "_fields": fields, "_field_defaults": defaults, "__match_args__": fields})

    @cache
    def _code(count: int) -> CodeType:
        """Return the code that makes a tuple of so many values."""
        values = "".join(map("a{}, ".format, range(count)))
        made: CodeType = compile(f"lambda cls, {values}: new(cls, ({values}))", "<NamedTuple>", "eval").co_consts[0]
        return made

    def _make(cls: type, values: Any) -> Any:  # noqa: ANN401 - as typing has it
        return cls(*values)

    def _replace(self: Any, /, **given: Any) -> Any:  # noqa: ANN401 - as typing has it
        made = tuple.__new__(type(self), map(given.pop, self._fields, self))
        if given:
            raise ValueError(f"Got unexpected field names: {list(given)!r}")
        return made

    def _asdict(self: Any) -> dict[str, Any]:  # noqa: ANN401 - as typing has it
        return dict(zip(self._fields, self, strict=True))

    def _repr(self: Any) -> str:  # noqa: ANN401 - as typing has it
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in zip(self._fields, self, strict=True))})"

    def _values(self: Any) -> tuple[Any, ...]:  # noqa: ANN401 - as typing has it
        return tuple(self)

    _SHARED = {
        "__slots__": (),
        "__repr__": _repr,
        "__getnewargs__": _values,
        "_make": classmethod(_make),
        "_replace": _replace,
        "_asdict": _asdict,
    }
    NamedTuple = type.__new__(_Made, "NamedTuple", (), {})
