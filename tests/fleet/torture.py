"""Kill `tdxwhy ingest` and `fleet compact` at random moments, again and again, and prove that nothing was lost and nothing came twice.

    python -m tests.fleet.torture KILLS [FOLDER]

A moment is a random share of the processor time that an undisturbed run takes, so that the load of the machine decides nothing. After each
kill the store that is there is whole; after every ten the commands run to their end, and every row is as if nothing had happened.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import arro3.io  # noqa: F401 - imported once, before the forks
import duckdb  # noqa: F401 - this too

from tdxwhy.cli import main
from tdxwhy.fleet import compact, ingest  # noqa: F401
from tdxwhy.fleet.inspect import inspect
from tdxwhy.fleet.query import open_fleet
from tdxwhy.fleet.schema import TABLES
from tdxwhy.fleet.store import open_store
from tests.fleet.fleets import make_fleet

_A_STORE = 10


def quietly(command: list[str], within: float = 0.0) -> tuple[int, float]:
    """Run a command in a child, which ends without warning after so much processor time; return its signal, and what it used."""
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, within)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            status = main(command)
        os._exit(status)
    _, status, used = os.wait4(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, f"{command} ended with {os.WEXITSTATUS(status)}"
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, used.ru_utime + used.ru_stime


def rows(store: Path) -> dict[str, list[Any]]:
    """Return every row of every table."""
    fleet = open_fleet(store)
    try:
        return {table: fleet.ask(f"SELECT * FROM {table} ORDER BY ALL").rows for table in TABLES}
    finally:
        fleet.close()


def torture(kills: int, folder: Path, seed: int = 22) -> int:
    """Kill so often, and return how many stores that took; AssertionError tells of the first that is not as it ought to be."""
    chance = random.Random(seed)
    for part in ("a", "b", "c"):
        make_fleet(folder / "logs" / part, 3)
    commands = [["ingest", str(folder / "logs" / part), "--jobs", "1", "--quiet"] for part in ("a", "b", "c")]
    commands.append(["fleet", "compact"])
    whole = folder / "whole"
    lasts = [quietly([*command, "--store", str(whole)])[1] for command in commands]
    expected, done, stores = rows(whole), 0, 0
    while done < kills:
        stores += 1
        store = folder / f"store{stores}"
        for _ in range(_A_STORE):
            number = chance.randrange(len(commands)) if (store / "store.json").exists() else chance.randrange(3)
            ended, _ = quietly([*commands[number], "--store", str(store)], max(chance.random() * lasts[number], 1e-3))
            done += ended == signal.SIGPROF
            if (store / "store.json").exists():
                assert inspect(open_store(store)).troubles == (), store
        for command in commands:
            quietly([*command, "--store", str(store)])
        assert rows(store) == expected, store
        shutil.rmtree(store)
    return stores


if __name__ == "__main__":
    wanted = int(sys.argv[1])
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as made:
        stores = torture(wanted, Path(sys.argv[2]) if len(sys.argv) > 2 else Path(made))
    print(f"{wanted} kills over {stores} stores in {time.monotonic() - began:.0f} s: nothing lost, nothing twice")  # noqa: T201
