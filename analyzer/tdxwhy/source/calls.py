"""The kernel calls we know: which print, and which fail silently. Data: `rules/knowledge/calls.toml`."""

from __future__ import annotations

import re
from functools import lru_cache

from tdxwhy import compiled, toml
from tdxwhy.errors import RulesError
from tdxwhy.hints import Any
from tdxwhy.levels import SHORT
from tdxwhy.noun import NamedTuple
from tdxwhy.shipped import folder

_LEVELS = {
    "warning": "warn",
    "dbg": "debug",
    "vdbg": "debug",
    "devel": "debug",
    "error": "err",
    "exception": "err",
    "cont": "cont",
    "pr_unimpl": "err",
}
_TABLES = {"print", "literals", "failing", "loops", "run"}
_FAILING = {"silent", "firmware", "prints", "fatal", "fatal_conditions"}

_RUN = {
    "callers",
    "makefiles",
    "ours_by_file",
    "guests",
    "gives_keyid",
    "ours_by_name",
    "parameters",
    "through",
    "lock",
    "unlock",
    "unregister",
    "places",
    "clearing",
    "unreached",
    "seamcall",
    "clobbering",
    "value",
    "store",
    "ours",
    "roots",
    "headers",
    "entries",
    "callback",
}


class PrintCall(NamedTuple):
    """A call that prints: where its format stands and how loud it is. The level of an "argument" call stands in its KERN_* prefix."""

    format: int
    level: str
    once: bool
    ratelimited: bool


class Callback(NamedTuple):
    """A call that runs a function: which of its arguments is called, which one that gets, what comes back, and on which CPUs it runs."""

    function: int
    argument: int
    result: str
    scope: str


class Calls(NamedTuple):
    """All that `calls.toml` says."""

    prints: tuple[tuple[re.Pattern[str], int, str], ...]
    literals: dict[str, str]
    silent: re.Pattern[str]
    firmware: re.Pattern[str]
    printing: re.Pattern[str]
    fatal: frozenset[str]
    fatal_conditions: frozenset[str]
    online_loops: re.Pattern[str]
    package_calls: re.Pattern[str]
    seamcalls: re.Pattern[str]
    clobbering: re.Pattern[str]
    values: re.Pattern[str]
    stores: re.Pattern[str]
    ours: re.Pattern[str]
    unreached: tuple[str, ...]
    roots: tuple[str, ...]
    headers: tuple[str, ...]
    entries: re.Pattern[str]
    callbacks: dict[str, Callback]
    parameters: dict[str, int]
    through: dict[str, str]
    lock: re.Pattern[str]
    unlock: re.Pattern[str]
    unregister: re.Pattern[str]
    places: re.Pattern[str]
    clearing: re.Pattern[str]
    callers: tuple[str, ...]
    makefiles: tuple[str, ...]
    ours_by_file: re.Pattern[str]
    ours_by_name: re.Pattern[str]
    guests: tuple[str, ...]
    gives_keyid: re.Pattern[str]


@lru_cache(maxsize=1)
def calls() -> Calls:
    """Return the table of calls, loaded once."""
    rows = compiled.table(CALLS, "calls")
    prints = tuple((re.compile(_bounded(row["pattern"])), int(row["format"]), str(row["level"])) for row in rows["print"])
    failing, loops, run = rows["failing"], rows["loops"], rows["run"]
    return Calls(
        prints,
        dict(rows["literals"]),
        _any(failing["silent"]),
        _any(failing["firmware"]),
        _any(failing["prints"]),
        frozenset(failing["fatal"]),
        frozenset(failing["fatal_conditions"]),
        _any(loops["online"]),
        _any(loops["packages"]),
        _any(run["seamcall"]),
        _any(run["clobbering"]),
        _any(run["value"]),
        _any(run["store"]),
        _any(run["ours"]),
        tuple(run["unreached"]),
        tuple(run["roots"]),
        tuple(run["headers"]),
        _any(run["entries"]),
        {name: Callback(*row) for name, row in run["callback"].items()},
        dict(run["parameters"]),
        dict(run["through"]),
        _any(run["lock"]),
        _any(run["unlock"]),
        _any(run["unregister"]),
        _any(run["places"]),
        _any(run["clearing"]),
        tuple(run["callers"]),
        tuple(run["makefiles"]),
        _any(run["ours_by_file"]),
        _any(run["ours_by_name"]),
        tuple(run["guests"]),
        _any(run["gives_keyid"]),
    )


@lru_cache(maxsize=4096)
def print_call(name: str) -> PrintCall | None:
    """Return what a function or macro name prints, or None if it prints nothing that we know of."""
    for pattern, position, level in calls().prints:
        found = pattern.fullmatch(name)
        if found:
            lowered = name.lower()
            return PrintCall(position, _level(found, level), "_once" in lowered, "_ratelimit" in lowered)
    return None


def print_pattern() -> re.Pattern[str]:
    """Return one expression that finds the start of every call that may print."""
    return _print_pattern()


@lru_cache(maxsize=1)
def _print_pattern() -> re.Pattern[str]:
    names = "|".join(pattern.pattern.replace("(", "(?:").replace("(?:?:", "(?:") for pattern, _, _ in calls().prints)
    return re.compile(rf"\b(?P<call>{names})\s*\(")


def _level(found: re.Match[str], level: str) -> str:
    if level != "suffix":
        return level
    word = next(group.lower() for group in found.groups() if group and group.lower() in _WORDS)
    return _LEVELS.get(word, word)


_WORDS = {*SHORT, *_LEVELS}


def _any(patterns: list[str]) -> re.Pattern[str]:
    return re.compile(_bounded("|".join([f"(?:{pattern})" for pattern in patterns])))


def _bounded(pattern: str) -> str:
    """Return a pattern of names for names of usual length, so that one without an end is not looked at from each of its characters."""
    return pattern.replace(r"\w*", r"\w{0,80}").replace(r"\w+", r"\w{1,80}")


def _load() -> dict[str, Any]:
    rows = toml.read(folder("rules/knowledge") / "calls.toml")
    wrong = set(rows) ^ _TABLES or set(rows["failing"]) ^ _FAILING or set(rows["run"]) ^ _RUN
    if wrong:
        raise RulesError(f"knowledge/calls.toml: unknown or missing table or key {min(wrong)!r}")
    for row in rows["print"]:
        if set(row) != {"pattern", "format", "level", "source"}:
            raise RulesError(f"knowledge/calls.toml: [[print]] {row.get('pattern', '?')!r} needs pattern, format, level and source")
    return rows


CALLS = compiled.document("knowledge", "calls", "source/calls.py", _load)
