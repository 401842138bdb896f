"""Fuzz readers with atheris: `python -m tests.fuzz RUNS FOLDER [READER...]`; what is found stands in FOLDER/found afterwards.

A fault does not stop a run: each is kept once, named after the reader, the exception and the place that raised it. A hang does.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import traceback
from pathlib import Path

from tests.fuzz.readers import READERS, seeds, tried

# The longest input, seconds until a hang is one, MiB until memory is too much.
_LONGEST, _HANG, _MEMORY = 2500, 30, 1200
# What is counted for coverage runs several times as slowly.
_SLOWED = 4.0


def fuzz(name: str, runs: int, folder: Path) -> None:
    """Feed mutated seeds to a reader in this process, which ends with it."""
    import atheris

    with atheris.instrument_imports(include=["tdxwhy"]):
        _warm(name)
    corpus, found = folder / "corpus" / name, folder / "found"
    for made in (corpus, found):
        made.mkdir(parents=True, exist_ok=True)
    for data in seeds(name):
        (corpus / hashlib.blake2b(data, digest_size=10).hexdigest()).write_bytes(data)

    def one(data: bytes) -> None:
        try:
            tried(name, data, _SLOWED)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is kept
            _keep(found, name, data, error)

    limits = (f"-runs={runs}", f"-max_len={_LONGEST}", f"-timeout={_HANG}", f"-rss_limit_mb={_MEMORY}", "-verbosity=0")
    atheris.Setup(
        [sys.argv[0], *limits, "-print_final_stats=1", "-report_slow_units=1000", f"-artifact_prefix={found}/{name}-hang-", str(corpus)],
        one,
    )
    atheris.Fuzz()


def _warm(name: str) -> None:
    """Import what a reader imports late, and make its tables."""
    for data in list(seeds(name))[:20]:
        try:
            READERS[name].feed(data)
        except Exception:  # noqa: BLE001 - found again below
            continue


def _keep(found: Path, name: str, data: bytes, error: Exception) -> None:
    place = traceback.extract_tb(error.__traceback__)[-1]
    kept = found / f"{name}-{type(error).__name__}-{Path(place.filename).stem}-{place.lineno}"
    if not kept.exists() or kept.stat().st_size > len(data):
        kept.write_bytes(data)
        print(f"{kept.name}: {error!r:.200}", flush=True)  # noqa: T201


def main() -> None:
    """Fuzz each reader in a process of its own, one after another."""
    runs, folder, names = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:] or list(READERS)
    if os.environ.get("TDXWHY_FUZZ") == "1":
        fuzz(names[0], runs, folder)
        return
    for name in names:
        began = os.times()
        run = subprocess.run(
            [sys.executable, "-m", "tests.fuzz", str(runs), str(folder), name],
            env={**os.environ, "TDXWHY_FUZZ": "1"},
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            check=False,
        )
        stats = dict(line.removeprefix("stat::").split(":", 1) for line in run.stderr.splitlines() if line.startswith("stat::"))
        ended = os.times()
        took = ended.children_user - began.children_user
        made, peak = (stats.get(key, "?").strip() for key in ("number_of_executed_units", "peak_rss_mb"))
        print(f"{name}: {made} executions in {took:.0f} s, at most {peak} MiB, exit {run.returncode}", flush=True)  # noqa: T201
        if run.returncode:
            print(run.stderr[-2000:], flush=True)  # noqa: T201
    left = sorted(one.name for one in (folder / "found").iterdir())
    print(f"{len(left)} kept in {folder / 'found'}", *left, sep="\n  ")  # noqa: T201
    sys.exit(bool(left))


if __name__ == "__main__":
    main()
