"""Run tdxwhy and its peers side by side on generated fleets, and write the table into benchmarks/README.md.

    python benchmarks/run.py [--work DIR] [--scale 1.0] [--rounds 5] [--only NAME ...]

Every round runs every tool once on every input, with a warm cache; figures are those of its fastest run, for other work only adds.
Peers that are not installed are left out.
The literals that ripgrep and grep look for are those that tdxwhy looks for.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "analyzer"), str(ROOT / "benchmarks")]

import fleet_logs  # noqa: E402
import lines  # noqa: E402

import check  # noqa: E402
import replay  # noqa: E402

README = ROOT / "benchmarks" / "README.md"
BEGIN, END = "<!-- figures: written by run.py -->", "<!-- end of figures -->"
TDXWHY = [sys.executable, "-m", "tdxwhy"]
# Peers in Python may want an environment of their own.
PEERS = os.environ.get("PEERS_PYTHON", f"{sys.executable} ").strip()
MEMCHR = "import mmap, sys; f = open(sys.argv[1], 'rb'); m = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ); {}"
INSIGHTS = (
    "import sys; from insights.parsers.dmesg import DmesgLineList; from insights.tests import context_wrap; "
    "d = DmesgLineList(context_wrap(open(sys.argv[1]).read())); print(len(d.get('tdx')))"
)


class Case(NamedTuple):
    """One input: its name, the bytes that count, and the commands to run on it."""

    name: str
    size: int
    commands: dict[str, list[str]]


class Run(NamedTuple):
    """One run: wall and processor seconds, peak memory in MB."""

    wall: float
    cpu: float
    peak: float


def measured(command: Sequence[str]) -> Run | None:
    """Run a command to its end; None if it cannot be run. GNU time forks from a small process: from here, peaks would be this one's."""
    # Byte code is kept, as wherever a package is installed.
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "analyzer"), "PYTHONDONTWRITEBYTECODE": ""}
    with tempfile.NamedTemporaryFile("r") as told:
        timed = ["/usr/bin/time", "-q", "-f", "%e %U %S %M", "-o", told.name, *command]
        status = subprocess.run(timed, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, check=False).returncode
        wall, user, system, peak = map(float, told.read().split())
    return Run(max(wall, 0.005), user + system, peak / 1000) if status in (0, 1) else None


def there(command: list[str]) -> bool:
    """Tell whether a peer is installed."""
    if command[1:2] != ["-c"]:
        return shutil.which(command[0]) is not None
    imports = ";".join(command[2].split(";")[:-2])
    return subprocess.run([command[0], "-c", imports], capture_output=True, check=False).returncode == 0


def fresh(store: Path, *arguments: str) -> list[str]:
    """Return an ingest into a store that is not there yet."""
    return ["sh", "-c", 'rm -rf "$0"; exec "$@" --store "$0" --quiet', str(store), *TDXWHY, "ingest", *arguments]


def piped(path: Path, command: list[str]) -> list[str]:
    """Return a command that gets a file through a pipe, and what writes it."""
    return ["sh", "-c", 'cat "$0" | "$@"', str(path), *command]


def cases(work: Path, scale: float) -> list[Case]:
    """Make the inputs and say what runs on them."""
    from tdxwhy.know.stored import anchors

    literals, store, boots = work / "literals", work / "store", max(40, int(4000 * scale))
    literals.write_bytes(b"".join(anchor + b"\n" for anchor in anchors()))
    fleet = fleet_logs.Fleet(7, max(10, boots // 4), 0.05, 3400)
    rg, grep = ["rg", "-c", "-a", "-F", "-f", str(literals)], ["grep", "-c", "-a", "-F", "-f", str(literals)]
    console = stream(work / "console.log", fleet, "plain", int(1e9 * scale))
    small = stream(work / "console-tenth.log", fleet, "plain", int(1e8 * scale))
    journal = stream(work / "journal-2g.json", fleet, "journal", int(2e9 * scale))
    quarter = stream(work / "journal.json", fleet, "journal", int(5e8 * scale))
    dense = relevant(work / "relevant.log", int(5e7 * scale))
    found = [
        Case("console stream", console.stat().st_size, {"tdxwhy log": [*TDXWHY, "log", str(console)], **peers(console, rg, grep)}),
        Case("console stream, a tenth", small.stat().st_size, {"tdxwhy log": [*TDXWHY, "log", str(small)], **slow_peers(small)}),
        Case(
            "every line relevant",
            dense.stat().st_size,
            {"tdxwhy log": [*TDXWHY, "log", str(dense)], "rg, same literals": [*rg, str(dense)]},
        ),
        *(
            Case(name, path.stat().st_size, {"tdxwhy ingest": fresh(store, str(path)), "rg, same literals": [*rg, str(path)]})
            for name, path in (("journal as json", journal), ("journal as json, a quarter", quarter))
        ),
        Case(
            "journal as json, through a pipe",
            journal.stat().st_size,
            {"tdxwhy ingest -": piped(journal, fresh(store, "-")), "rg, same literals": piped(journal, [*rg, "-"])},
        ),
    ]
    for kind in lines.KINDS:
        path = work / f"lines-{kind}.log"
        if not path.exists():
            path.write_bytes(lines.made(kind, int(5e7 * scale)))
        found.append(Case(f"lines that differ: {kind}", path.stat().st_size, {"tdxwhy log": [*TDXWHY, "log", str(path)]}))
    for name, repeats in (("replay of 700 distinct logs", 1), ("replay of 700 distinct logs, each at eight times", 8)):
        path = work / f"replay-{repeats}.jsonl"
        if not path.exists():
            path.write_text("".join(json.dumps(one) + "\n" for one in replay.distinct(700, repeats)))
        found.append(Case(name, path.stat().st_size, {"tdxwhy replay --jsonl": [*TDXWHY, "replay", "--jsonl", str(path)]}))
    few = work / "tree-few"
    size = written(few, fleet, 20, "none")
    found.append(Case("20 boots a file each", size, {"tdxwhy ingest": fresh(store, str(few)), "rg, same literals": [*rg, str(few)]}))
    for kind in ("none", "gz", "zst"):
        folder = work / f"tree-{kind}"
        size = written(folder, fleet, boots, kind)
        commands = {"tdxwhy ingest": fresh(store, str(folder)), "tdxwhy ingest --jobs 1": fresh(store, str(folder), "--jobs", "1")}
        commands["rg, same literals"] = [*rg, *([] if kind == "none" else ["-z"]), str(folder)]
        found.append(Case(f"{boots} boots a file each" + ("" if kind == "none" else f", .{kind}"), size, commands))
    return found


def starts(number: int) -> str:
    """Return how long each command takes over what needs next to nothing, beside Python itself, interleaved; of each the median."""
    commands = {"bare Python": [sys.executable, "-c", "pass"]}
    commands |= {name: [*TDXWHY, *arguments] for name, arguments in check.starts()}
    runs = [{name: check.seconds(ROOT, command) for name, command in commands.items()} for _ in range(number + 1)][1:]
    took = {name: statistics.median(run[name] for run in runs) for name in commands}
    rows = [f"| {name} | {one * 1000:.0f} | {one / took['bare Python']:.1f} |" for name, one in took.items()]
    return "\n".join(["### start-up", "", "| command | processor ms | x bare Python |", "|---|---|---|", *rows, ""])


def peers(path: Path, rg: list[str], grep: list[str]) -> dict[str, list[str]]:
    """Return the fast peers, from which the limits of the machine can be read."""
    return {
        "memchr over the mmap": [sys.executable, "-S", "-c", MEMCHR.format("m.find(b'\\xff')"), str(path)],
        "rg, same literals": [*rg, str(path)],
        "grep, same literals": [*grep, str(path)],
    }


def slow_peers(path: Path) -> dict[str, list[str]]:
    """Return the tools that read kernel logs line by line."""
    return {
        "dmesg -F -J": ["dmesg", "-F", str(path), "-J"],
        "lnav": ["lnav", "-n", "-c", ":filter-in tdx", str(path)],
        "fwts klog": ["fwts", "--results-output=stdout", "-k", str(path), "klog"],
        "insights-core": [PEERS, "-c", INSIGHTS, str(path)],
    }


def stream(path: Path, fleet: fleet_logs.Fleet, form: str, size: int) -> Path:
    if not path.exists():
        fleet_logs.stream(path, fleet, form, size)
    return path


def relevant(path: Path, size: int) -> Path:
    """Write a stream in which every line is one to look at: CPUs going offline, a SEAMCALL that fails again and again."""
    if not path.exists():
        number = 0
        with path.open("w") as file:
            while file.tell() < size:
                file.write("[    0.000000] Linux version 6.8.0-1015-tdx (builder@example) (gcc 14.2.0) #1 SMP\n")
                file.write("[    1.000000] virt/tdx: BIOS enabled: private KeyID range [64, 128)\n")
                for line in range(5000):
                    stamp = f"[{2 + line // 100:5}.{number % 100:02}{line % 100:02}00]"
                    tdx = "virt/tdx: SEAMCALL (0x0000000000000022) failed: 0xc000050500000000"
                    file.write(f"{stamp} {tdx if line % 2 else f'smpboot: CPU {line % 223 + 1} is now offline'}\n")
                number += 1
    return path


def written(folder: Path, fleet: fleet_logs.Fleet, boots: int, kind: str) -> int:
    note = folder / "size"
    if not note.exists():
        folder.mkdir(parents=True)
        size = fleet_logs.write(folder / "logs", fleet, boots, "plain", kind)
        note.write_text(str(size))
    return int(note.read_text())


def rounds(found: Sequence[Case], number: int) -> dict[tuple[str, str], Run]:
    """Run everything so many times, interleaved, and return the fastest run of each."""
    runs: dict[tuple[str, str], list[Run]] = {}
    broken: set[tuple[str, str]] = set()
    for turn in range(number + 1):
        for case in found:
            for name, command in case.commands.items():
                key = (case.name, name)
                if key in broken or not there(command):
                    continue
                run = measured(command)
                if run is None:
                    broken.add(key)
                elif turn or number == 0:
                    runs.setdefault(key, []).append(run)
                print(f"{turn}: {case.name}: {name}: {run}", file=sys.stderr)
    return {key: min(found) for key, found in runs.items()}


def store_of(work: Path, events: int) -> Path:
    """Multiply the parts of a store until it holds so many events."""
    from arro3.core import Array, RecordBatch

    from tdxwhy.fleet.part import commit, rows_of
    from tdxwhy.fleet.schema import ABOUT_BOOTS, SCHEMA, TABLES, arrow_type
    from tdxwhy.fleet.store import Writer, make_store

    big = work / f"store-big-{SCHEMA.rpartition('/')[2]}"
    if big.exists():
        return big
    subprocess.run(fresh(work / "store", str(work / "tree-none")), check=True, stdout=subprocess.DEVNULL)
    sample = {
        name: [batch for file in sorted((work / "store").glob(f"parts/*/{name}.parquet")) for batch in rows_of(file)] for name in TABLES
    }

    def moved(rows: RecordBatch, copy: int) -> RecordBatch:
        """Return the same rows of other boots."""
        key = Array([boot ^ copy for boot in rows.column("boot").to_pylist()], arrow_type("int64"))
        return rows.set_column(0, rows.field(0), key)

    store = make_store(big)
    with Writer(store) as writer:
        for copy in range(-(-events // sum(rows.num_rows for rows in sample["events"]))):
            tables = {name: [moved(rows, copy) if name in ABOUT_BOOTS else rows for rows in all_rows] for name, all_rows in sample.items()}
            commit(store.parts, writer.folder, f"{copy:032x}", tables)
    return big


def question(work: Path, events: int) -> str:
    """Time the question of the issue on a big store."""
    from tdxwhy.fleet.query import open_fleet

    fleet = open_fleet(store_of(work, events))
    stored = fleet.ask("SELECT count(*) FROM events").rows[0][0]
    sql = (
        "SELECT kernel, step, count(*) FROM events WHERE outcome = 'failure' "
        "GROUP BY 1, 2 QUALIFY row_number() OVER (PARTITION BY kernel ORDER BY count(*) DESC) <= 3"
    )
    times = []
    for _ in range(7):
        began = time.perf_counter()
        fleet.ask(sql)
        times.append(time.perf_counter() - began)
    took = statistics.median(times)
    return f"Top three failing steps per kernel, of {stored / 1e6:.1f} M events in Parquet parts: {took:.3f} s (median of 7).\n"


def engines(work: Path) -> str:
    """Compare the same ingest by local processes and by a dask cluster of two worker processes."""
    try:
        from distributed import LocalCluster
    except ImportError:
        return ""
    folder = str(work / "tree-none")
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50) as cluster:
        remote = fresh(work / "store-dask", folder, "--engine", "dask", "--scheduler", cluster.scheduler_address)
        local = fresh(work / "store", folder)
        both = [(measured(local), measured(remote)) for _ in range(4)][1:]
    ratio = statistics.median(here.wall / there.wall for here, there in both if here and there)
    same = {path.name for path in (work / "store/parts").iterdir()} == {path.name for path in (work / "store-dask/parts").iterdir()}
    word = "the same" if same else "ANOTHER"
    return f"The dask engine with two worker processes keeps {ratio:.0%} of the local rate; its store is {word}.\n"


def tables(found: Sequence[Case], runs: dict[tuple[str, str], Run]) -> str:
    lines: list[str] = []
    for case in found:
        limit = runs.get((case.name, "memchr over the mmap"))
        rg = runs.get((case.name, "rg, same literals"))
        lines += [
            f"### {case.name}, {case.size / 1e6:.0f} MB",
            "",
            "| tool | wall s | MB/s | MB/s of CPU | peak MB | x rg | x memchr |",
            "|---|---|---|---|---|---|---|",
        ]
        for name in case.commands:
            run = runs.get((case.name, name))
            if run is not None:
                ratios = [f"{base.wall / run.wall:.3f}" if base else "" for base in (rg, limit)]
                rates = [case.size / 1e6 / run.wall, case.size / 1e6 / max(run.cpu, 0.001)]
                lines.append(f"| {name} | {run.wall:.2f} | {rates[0]:.0f} | {rates[1]:.0f} | {run.peak:.0f} | {' | '.join(ratios)} |")
        lines.append("")
    return "\n".join(lines)


def growth(found: Sequence[Case], runs: dict[tuple[str, str], Run]) -> str:
    sizes = {case.name: case.size for case in found}
    whole, tenth = (runs.get((name, "tdxwhy log")) for name in ("console stream", "console stream, a tenth"))
    if not whole or not tenth:
        return ""
    memory = whole.peak / tenth.peak
    factor = sizes["console stream"] / sizes["console stream, a tenth"]
    return f"{factor:.1f} x the stream costs {whole.cpu / tenth.cpu:.1f} x the processor time, at {memory:.2f} x the peak memory.\n"


def head(load: Callable[[], tuple[float, float, float]] = os.getloadavg) -> str:
    cpu = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "?"
    )
    asked = ["git", "-C", ROOT, "describe", "--always", "--dirty"]
    commit = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    machine = f"{cpu}, {os.cpu_count()} processors, Python {platform.python_version()}"
    return f"{machine}, commit {commit or 'unknown'}, load {load()[0]:.1f} at the start.\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "tdxwhy-benchmarks")
    parser.add_argument("--scale", type=float, default=1.0, help="1.0 makes a console stream of 1 GB and 4000 boots")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", help="cases whose names begin so")
    parser.add_argument("--dry", action="store_true", help="print the table instead of writing it")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    machine = head()
    found = [case for case in cases(args.work, args.scale) if not args.only or case.name.startswith(tuple(args.only))]
    runs = rounds(found, args.rounds)
    begun = "" if args.only else starts(4 * args.rounds)
    text = "\n".join(
        (machine, begun, tables(found, runs), growth(found, runs), question(args.work, int(5e6 * args.scale)), engines(args.work))
    )
    if args.dry:
        print(text)
        return
    before, _, rest = README.read_text().partition(BEGIN)
    README.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main()
