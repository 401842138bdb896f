"""Manual pages and shell completions, made of the commands' own parsers. Usage: manual.py FOLDER.

Writes FOLDER/man/tdxwhy.1 and a page for each command, and FOLDER/completions for bash, zsh and tcsh. The same parsers make the same bytes.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from pathlib import Path

import shtab
from argparse_manpage.manpage import Manpage

from tdxwhy.cli import COMMANDS
from tdxwhy.version import VERSION

SHELLS = {"bash": "tdxwhy", "zsh": "_tdxwhy", "tcsh": "tdxwhy.csh"}
LAST = [
    {"heading": "EXIT STATUS", "content": "0 clean, 1 findings, 2 usage or an input that could not be read, 3 nothing to judge."},
    {"heading": "SEE ALSO", "content": ", ".join(f"tdxwhy-{name}(1)" for name in ("", *COMMANDS)).replace("tdxwhy-(1)", "tdxwhy(1)")},
]


def parser() -> argparse.ArgumentParser:
    """Return one parser of all commands."""
    whole = argparse.ArgumentParser(prog="tdxwhy", description="Says why Intel TDX did not come up, or a TD does not start, run or attest.")
    whole.add_argument("--version", action="version", version=VERSION)
    commands = whole.add_subparsers(dest="command", metavar="COMMAND")
    for name, what in COMMANDS.items():
        own = import_module(f"tdxwhy.cli.{name}").parser()
        commands.add_parser(name, help=what, description=own.description, parents=[own], add_help=False, conflict_handler="resolve")
    return whole


def page(made: argparse.ArgumentParser, what: str) -> str:
    """Return a parser's manual page; it names no day, so that the same parsers make the same page."""
    made.prog = made.prog.replace(" ", "-")
    manual = Manpage(made, format="pretty")
    manual.source, manual.manual, manual.description, manual.date = f"tdxwhy {VERSION}", "tdxwhy", what, ""
    return f"{manual}\n" + "".join(f".SH {one['heading']}\n{one['content']}\n" for one in LAST)


def main(folder: Path) -> None:
    """Write all of them."""
    os.environ["COLUMNS"] = "100"
    whole = parser()
    manual, completions = folder / "man", folder / "completions"
    manual.mkdir(parents=True, exist_ok=True)
    completions.mkdir(parents=True, exist_ok=True)
    for name, what in COMMANDS.items():
        (manual / f"tdxwhy-{name}.1").write_text(page(import_module(f"tdxwhy.cli.{name}").parser(), what), encoding="utf-8")
    summary = argparse.ArgumentParser(prog="tdxwhy", description=f"{whole.description} Commands: {', '.join(COMMANDS)}.")
    (manual / "tdxwhy.1").write_text(page(summary, "why Intel TDX did not come up"), encoding="utf-8")
    for shell, file in SHELLS.items():
        (completions / file).write_text(shtab.complete(whole, shell=shell), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
