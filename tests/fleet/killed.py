"""Run one `tdxwhy` command again and again, and kill it with SIGKILL at its first, second, third ... change to a file system.

    python -m tests.fleet.killed STORES COMMAND...        `{}` in the command is the store

STORES is a folder of stores, 0001, 0002 and so on; the command on the so-manieth is killed at its so-manieth change. Prints how many
were killed: the others came to their end before. A process of its own does this, for forks want one that has no threads.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from pathlib import Path

import arro3.io  # noqa: F401 - imported once, before the forks
import duckdb  # noqa: F401 - this too

from tdxwhy.cli import main
from tdxwhy.fleet import compact, ingest  # noqa: F401

_CHANGES = ("os.rename", "os.mkdir", "os.remove", "os.rmdir")


def die_at(number: int) -> None:
    """Kill this process at a change to come."""
    seen = 0

    def hook(event: str, args: tuple[object, ...]) -> None:
        nonlocal seen
        if event in _CHANGES or (event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)):
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def killed(number: int, command: list[str]) -> bool:
    """Run the command in a child that is killed at that change, and tell whether it was."""
    child = os.fork()
    if child == 0:
        die_at(number)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            main(command)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    stores = sorted(Path(sys.argv[1]).iterdir())
    print(sum(killed(int(one.name), [part.format(one) for part in sys.argv[2:]]) for one in stores))  # noqa: T201
