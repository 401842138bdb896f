"""What was worked out once, within bounds."""

from __future__ import annotations

from itertools import islice

from tdxwhy.hints import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Memo(dict[Key, Value]):
    """Remembers at most so much: of a full one the older half goes, as a boot's lines are asked for again once it is read."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def keep(self, key: Key, value: Value) -> Value:
        """Remember a value, and return it."""
        if len(self) >= self._most:
            for old in list(islice(self, (self._most + 1) // 2)):
                del self[old]
        self[key] = value
        return value
