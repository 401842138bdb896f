"""Which code the patch rules are about; data: `rules/patch/scope.toml`."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from tdxwhy import compiled, toml
from tdxwhy.check.subjects.nouns import Area
from tdxwhy.errors import RulesError
from tdxwhy.hints import Any
from tdxwhy.lazy import any_of
from tdxwhy.noun import NamedTuple
from tdxwhy.shipped import folder

_KEYS = {
    "area": {"host", "kvm", "guest", "host_words"},
    "cpu": {"functions", "texts", "conditions"},
    "shows": {"leaf", "status", "errno", "names"},
    "device": {"calls", "texts"},
    "user": {"functions", "conditions"},
}


# Every pattern of the table `area` speaks of one of these.
_ABOUT = re.compile(r"tdx|seam|PAMT|TDMR|KeyID", re.IGNORECASE)


class ScopePatterns(NamedTuple):
    """The patterns of `scope.toml`, by table and key."""

    tables: dict[str, dict[str, re.Pattern[str]]]

    def matches(self, table: str, key: str, text: str | None) -> bool:
        """Tell whether one of the patterns stands in the text."""
        return bool(text) and self.tables[table][key].search(text or "") is not None

    def concerns(self, text: str, name: str) -> bool:
        """Tell cheaply whether code can be about TDX at all; most of a kernel tree is not."""
        return _ABOUT.search(text) is not None or _ABOUT.search(name) is not None

    def area(self, path: str, text: str, function: str | None) -> Area:
        """Return whose code a path is: the host's, KVM's, a guest's, or other code; words decide where the path does not."""
        names: tuple[Area, ...] = ("guest", "host", "kvm")
        for name in names:
            if self.matches("area", name, path):
                return name
        words = self.matches("area", "host_words", text) or self.matches("area", "host_words", function)
        return "host" if words else "other"


@lru_cache(maxsize=1)
def scope() -> ScopePatterns:
    """Return the patterns, loaded once."""
    rows = compiled.table(SCOPE, "scope")
    return ScopePatterns({table: {key: any_of(patterns) for key, patterns in keys.items()} for table, keys in rows.items()})


def load(folder: Path) -> dict[str, Any]:
    """Read scope.toml strictly: other tables or keys, or what is no regular expression, is one line of complaint."""
    rows = toml.read(folder / "scope.toml")
    if set(rows) != set(_KEYS) or any(set(rows[table]) != keys for table, keys in _KEYS.items()):
        raise RulesError(f"scope.toml: wants the tables and keys {_KEYS}")
    for table, keys in rows.items():
        for key, patterns in keys.items():
            if not isinstance(patterns, list) or not all(isinstance(pattern, str) for pattern in patterns):
                raise RulesError(f"scope.toml: {table}.{key} wants a list of regular expressions")
            try:
                any_of(patterns)
            except re.error as error:
                raise RulesError(f"scope.toml: {error}") from error
    return rows


SCOPE = compiled.document("patch", "scope", "check/scope.py", lambda: load(folder("rules/patch")))
