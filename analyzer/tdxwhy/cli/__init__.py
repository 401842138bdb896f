"""The command line: arguments in, exit status out. One module a command, imported only when it is asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from tdxwhy.version import VERSION

COMMANDS = {
    "log": "why TDX did not come up, from a kernel log",
    "simulate": "what would the kernel print, in a scenario or on this machine",
    "replay": "a log against the reference model",
    "model": "the reference model as a picture",
    "ready": "will TDX come up on this machine, before anybody tries",
    "review": "a patch thread: open questions, promises, preconditions, messages",
    "ingest": "the logs of a fleet into a store",
    "preview": "what users will see in each failing case, patch or no patch",
    "fleet": "report, query, export and check a store",
    "decode": "decode a status, leaf or errno; with -, a stream in place",
    "forms": "every TDX line a kernel can print",
    "collect": "this machine's facts in one file, for somebody else to read",
    "gate": "rules over logs, patches, mails, C files and git ranges, for CI",
    "rule": "a rule's page",
    "rules": "list, test and measure the rules",
}

_HELP = """usage: tdxwhy COMMAND [ARGUMENTS]

commands:
{commands}

tdxwhy COMMAND --help tells more.  tdxwhy --version
exit: 0 clean, 1 findings, 2 usage or unreadable input, 3 nothing to judge
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 clean, 1 findings, 2 usage or input, 3 nothing to judge."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] in (["--version"], ["-V"]):
        sys.stdout.write(f"tdxwhy {VERSION}\n")
        return 0
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        sys.stdout.write(_help())
        return 0 if arguments else 2
    if arguments[0] not in COMMANDS:
        return _complain(f"no command {arguments[0]!r}", "tdxwhy --help lists the commands", 2)
    return _run(arguments[0], arguments[1:])


def _help() -> str:
    return _HELP.format(commands="\n".join(f"  {name:10} {text}" for name, text in COMMANDS.items()))


def _run(command: str, arguments: list[str]) -> int:
    from tdxwhy.errors import TdxwhyError

    try:
        module = import_module(f"tdxwhy.cli.{command}")
        status: int = module.run(module.parser().parse_args(arguments))
        sys.stdout.flush()
    except TdxwhyError as error:
        return _complain(error.message, error.hint, error.exit_status)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        return 130
    return status


def _complain(message: str, hint: str, status: int) -> int:
    sys.stderr.write(f"tdxwhy: {message}\n" + (f"hint: {hint}\n" if hint else ""))
    return status
