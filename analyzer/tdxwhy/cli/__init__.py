"""The command line: arguments in, exit status out. One module a command, imported only when it is asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from io import TextIOWrapper

from tdxwhy import collector
from tdxwhy.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

# In the order of the questions: a log, the model, patches and reviews, a fleet.
COMMANDS = {
    "log": "why TDX did not come up, from a kernel log",
    "explain": "a page on a step, cause, parameter, status, leaf, rule, generation or term",
    "decode": "decode a status, leaf or errno; with -, a stream in place",
    "forms": "every TDX line a kernel can print",
    "collect": "this machine's facts in one file, for somebody else to read",
    "replay": "a log against the reference model",
    "simulate": "what would the kernel print, in a scenario or on this machine",
    "ready": "will TDX come up on this machine, before anybody tries",
    "model": "the reference model as a picture",
    "review": "a patch thread: open questions, promises, preconditions, messages",
    "preview": "what users will see in each failing case, patch or no patch",
    "gate": "rules over logs, patches, mails, C files and git ranges, for CI",
    "rule": "a rule's page",
    "rules": "list, test and measure the rules",
    "ingest": "the logs of a fleet into a store",
    "fleet": "report, query, export and check a store",
}

_HELP = """usage: tdxwhy COMMAND [ARGUMENTS]

commands:
{commands}

tdxwhy COMMAND --help tells more.  tdxwhy --version
Every command takes --knowledge DIR: forms, causes and kernels of your own.
exit: 0 clean, 1 findings, 2 usage or unreadable input, 3 nothing to judge
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 clean, 1 findings, 2 usage or input, 3 nothing to judge."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not _streams():
        return _refuse("standard output is closed")
    try:
        status = _dispatch(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
        return 141
    except KeyboardInterrupt as end:
        from tdxwhy.cli.ending import TERMINATED, Terminated

        return TERMINATED if isinstance(end, Terminated) else 130
    except OSError as error:
        from tdxwhy.errors import reason

        _discard_output()
        place = "" if error.filename is None else f"{error.filename}: "
        return _refuse(f"{place}{reason(error)}")
    except Exception as error:
        from tdxwhy.cli.complaints import unforeseen

        if sys.flags.dev_mode:
            raise
        _discard_output()
        return _refuse(*unforeseen(error))
    if argv is None:
        collector.leave()
    return status


def _streams() -> bool:
    """Read and write UTF-8 in every locale; closed streams become the null device, and without an output there is nothing to do."""
    open_output = sys.stdout is not None
    if sys.stdin is None:
        sys.stdin = open(os.devnull)  # noqa: PTH123, SIM115 - for the life of the process
    if not open_output:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - so that no file of ours becomes descriptor 1
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115
    for stream, errors in ((sys.stdin, "replace"), (sys.stdout, "backslashreplace")):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors=errors)
    return open_output


def _discard_output() -> None:
    from tdxwhy.cli.complaints import discard

    discard(sys.stdout.fileno())


def _dispatch(arguments: list[str]) -> int:
    if arguments[:1] in (["--version"], ["-V"]):
        sys.stdout.write(f"tdxwhy {VERSION}\n")
        return 0
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        sys.stdout.write(_help())
        return 0 if arguments else 2
    if arguments[0] not in COMMANDS:
        from tdxwhy.errors import nearest

        return _refuse(f"no command {arguments[0]!r}", nearest(arguments[0], COMMANDS) or "tdxwhy --help lists the commands")
    return _run(arguments[0], arguments[1:])


def _help() -> str:
    return _HELP.format(commands="\n".join(f"  {name:10} {text}" for name, text in COMMANDS.items()))


def _run(command: str, arguments: list[str]) -> int:
    collector.pause()
    from tdxwhy.cli.words import understood
    from tdxwhy.errors import TdxwhyError

    try:
        if _own(arguments):
            from tdxwhy.own import take

            arguments = take(arguments)
        module = import_module(f"tdxwhy.cli.{command}")
        collector.resume()
        status = _answered(module.run, understood(command, arguments) or module.parser().parse_args(arguments))
    except TdxwhyError as error:
        return _refuse(error.message, error.hint, error.exit_status)
    except ModuleNotFoundError as error:
        if (error.name or "tdxwhy").startswith("tdxwhy"):
            raise
        return _refuse(
            f"this wants the Python package that brings {error.name}, which is not installed",
            "in a checkout of tdxwhy: python3 -m pip install .",
        )
    except SystemExit as end:  # argparse, after --help
        return int(end.code or 0)
    return status


def _answered(run: Callable[[Namespace], int], args: Namespace) -> int:
    """Run a command with its output where -o says."""
    from tdxwhy.report import terminal

    terminal.wanted = getattr(args, "color", "auto")
    if not getattr(args, "output", ""):
        return run(args)
    from contextlib import redirect_stdout
    from pathlib import Path

    from tdxwhy.files import replaced

    with replaced(Path(args.output)) as file, redirect_stdout(file):
        return run(args)


def _own(arguments: list[str]) -> bool:
    """Tell whether a folder of one's own may be meant: by the option, the environment, or settings in a folder from here upwards."""
    if "TDXWHY_KNOWLEDGE" in os.environ or any(word.startswith("--knowledge") for word in arguments):
        return True
    try:
        here = os.getcwd()  # noqa: PTH109 - pathlib would cost a tenth of the start-up budget
    except OSError:
        return False
    while True:
        if os.path.exists(os.path.join(here, ".tdxwhy.toml")):  # noqa: PTH110, PTH118 - see above
            return True
        above = os.path.dirname(here)  # noqa: PTH120 - see above
        if above == here:
            return False
        here = above


def _refuse(message: str, hint: str = "", status: int = 2) -> int:
    from tdxwhy.cli.complaints import complain

    complain(message, hint)
    return status
