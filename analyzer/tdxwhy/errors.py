"""The exceptions that reach a user, each shown as one line and never as a traceback.

TdxwhyError            exit 2: usage, configuration, or an input that could not be read at all
├── RulesError         exit 2: a file under rules/ (or a user's own) is wrong; names file and place
├── PackageAbsent      exit 2: what was asked for wants a package that is not installed; names it
└── NothingToJudge     exit 3: read, but there is nothing in it to judge
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable


class TdxwhyError(Exception):
    """A failure that the user can act on: one line, at most one hint."""

    exit_status = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class RulesError(TdxwhyError):
    """A rule or knowledge file that cannot be used as it stands."""


class PackageAbsent(TdxwhyError):  # noqa: N818 - it names what is absent
    """What was asked for wants a package that is not installed."""


class NothingToJudge(TdxwhyError):  # noqa: N818 - it is a verdict more than an error
    """The input was read, and nothing in it can be judged."""

    exit_status = 3


def reason(error: Exception) -> str:
    """Return why an input could not be read or an output not written, as our lines say it: "no such file or directory"."""
    told = getattr(error, "strerror", None)
    return str(told).lower() if told else str(error)


def main_in_one_line(main: Callable[[], None]) -> None:
    """Run what `python -m` runs of a module for contributors; a file that cannot be used as it stands ends it in one line."""
    try:
        main()
    except TdxwhyError as error:
        sys.stderr.write(f"tdxwhy: {error.message}\n" + (f"hint: {error.hint}\n" if error.hint else ""))
        raise SystemExit(error.exit_status) from None


def nearest(word: str, known: Iterable[str]) -> str:
    """Return "did you mean ..." with at most three names, or nothing where none is near."""
    from difflib import get_close_matches

    names = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), sorted(names), 3, 0.7)
    return f"did you mean {' or '.join(names[one] for one in found)}?" if found else ""
