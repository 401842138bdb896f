"""The argument parsers: a mistake is one line and a hint, as every other complaint, and options are written out."""

from __future__ import annotations

import argparse
import sys

from tdxwhy.errors import TdxwhyError
from tdxwhy.hints import Any, NoReturn
from tdxwhy.report.terminal import columns


class _Formatter(argparse.HelpFormatter):
    """A help that says what an option is where nobody gives it."""

    def __init__(self, prog: str) -> None:
        # Left to itself, argparse asks shutil, whose import costs every command's start 2 ms.
        super().__init__(prog, width=max(columns() - 2, 20))

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return f"{action.help} (default: {action.default})".lstrip() if action.choices and action.default else action.help


class Parser(argparse.ArgumentParser):
    """A parser that complains in one line. A command takes -o and --color, but for one that writes its `own` way or leaves it to others."""

    def __init__(self, own: bool = False, **options: Any) -> None:  # noqa: ANN401 - as argparse has it
        # A shortened option would change its meaning, or lose it, with the next option that begins alike.
        super().__init__(allow_abbrev=False, formatter_class=_Formatter, **options)
        if not own:
            self.add_argument("-o", "--output", metavar="FILE", default="", help="write there instead of to standard output")
            self.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="whether to colour text")

    def error(self, message: str) -> NoReturn:
        """Raise what was wrong instead of printing the whole usage."""
        raise TdxwhyError(message, f"{self.prog} --help")

    def print_help(self, file: Any = None) -> None:  # noqa: ANN401 - as argparse has it
        """Print the help, and let a full disk be noticed, which argparse passes over."""
        (file or sys.stdout).write(self.format_help())


class AnyOrder(Parser):
    """A parser for which `gate --select TDX2 a.patch --format json b.patch` is one list of two paths, as is all that stands behind `--`."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401 - as argparse has it
        """Parse with options and positionals intermixed. Behind `--` nothing is an option, nor is - standard input."""
        words = list(sys.argv[1:] if args is None else args)
        end = words.index("--") if "--" in words else len(words)
        parsed = self.parse_intermixed_args(words[:end], namespace)
        last = self._get_positional_actions()[-1].dest
        setattr(parsed, last, [*getattr(parsed, last), *("./-" if word == "-" else word for word in words[end + 1 :])])
        return parsed
