"""Arguments of which none is an option, understood without argparse: its import and a parser cost a start a tenth.

What the other options are then is worked out ahead, by the commands' own parsers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from importlib import import_module
from types import SimpleNamespace

from tdxwhy import compiled
from tdxwhy.hints import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from argparse import Namespace

# Those that people wait for most.
_COMMANDS = ("log", "decode", "replay", "simulate")
_ANY = "WORD"


def understood(command: str, words: Sequence[str]) -> Namespace | None:
    """Return what a command's parser makes of these words; None where that has to be asked."""
    if command not in _COMMANDS or not words or any(word[:1] == "-" and word != "-" for word in words):
        return None
    name, several, others = compiled.table(ARGUMENTS, command)
    if not name or (len(words) > 1 and not several):
        return None
    return cast("Namespace", SimpleNamespace(**{name: list(words) if several else words[0]}, **others))


def _sources() -> Iterable[compiled.Source]:
    return compiled.files((), bool, ("cli/words.py", "cli/parsing.py", *(f"cli/{command}.py" for command in _COMMANDS)))


def _made() -> dict[str, Any]:
    return {command: _understanding(command) for command in _COMMANDS}


def _understanding(command: str) -> tuple[str, bool, dict[str, Any]]:
    """Return the name that a parser gives to words, whether it takes several, and all else that it says; no name if that is not plain."""
    told = vars(import_module(f"tdxwhy.cli.{command}").parser().parse_args([_ANY]))
    for name, value in told.items():
        others = {other: told[other] for other in told if other != name}
        if value in (_ANY, [_ANY]) and json.loads(json.dumps(others, default=str)) == others:
            return name, value != _ANY, others
    return "", False, {}


ARGUMENTS = compiled.Piece("arguments", _sources, _made)
