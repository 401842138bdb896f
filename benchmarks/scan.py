"""Scan one big console stream: tdxwhy beside a memchr pass over the same mapping and ripgrep with the same literals.

    python benchmarks/scan.py [--megabytes 1000] [--rounds 5] [--file FILE]

The stream is made of seeded boots of 5,000 lines, of which fewer than one in a hundred has to do with TDX. Every round runs all engines one
after the other, so that the ratios hold on a machine that others use too. Peak memory is that of the whole process.
"""

from __future__ import annotations

import argparse
import mmap
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "analyzer"))

from tdxwhy.know.stored import anchors  # noqa: E402
from tdxwhy.read.log import LogReader  # noqa: E402

DRIVERS = ("usb", "pci", "ACPI", "nvme", "ixgbe", "audit", "EXT4-fs", "mlx5_core", "hub", "scsi", "ata", "i2c", "thermal", "NET", "raid6")
TDX = (
    "virt/tdx: BIOS enabled: private KeyID range [32, 64)",
    "virt/tdx: Disable ACPI S3. Turn off TDX in the BIOS to use ACPI S3.",
    "virt/tdx: CMR: [0x100000, 0x77800000)",
    "virt/tdx: CMR: [0x100000000, 0x205e000000)",
    "virt/tdx: 1050644 KB allocated for PAMT",
    "virt/tdx: module initialized",
    "smp: Brought up 2 nodes, 128 CPUs",
    "CPU topo: Allowing 128 present CPUs plus 0 hotplug CPUs",
)
FAILED = (
    "virt/tdx: SEAMCALL (0x0000000000000022) failed: 0xc000050500000000",
    "virt/tdx: RCX 0x0000000000000000 RDX 0x9100000100000008 R08 0x0000000000000000",
    "virt/tdx: module initialization failed (-5)",
)


def boot(chance: random.Random, words: list[str]) -> str:
    """Write one boot of 5,000 lines."""
    lines = [
        "[    0.000000] Linux version 6.16.3-lab (build@lab) (gcc 14.2.0) #1 SMP",
        "[    0.000000] Command line: kvm_intel.tdx=1 nohibernate",
    ]
    tdx = [*TDX[:4], *FAILED] if chance.random() < 0.1 else list(TDX)
    places = {150 + 600 * number: text for number, text in enumerate(tdx)}
    places |= {number: f"SRAT: PXM {number % 2} -> APIC 0x{number:04x} -> Node {number % 2}" for number in range(300, 4900, 160)}
    for number in range(4998):
        text = places.get(number) or f"{chance.choice(DRIVERS)} {number % 97}: {' '.join(chance.choices(words, k=chance.randint(3, 9)))}"
        lines.append(f"[{number / 250:12.6f}] {text}")
    return "\n".join(lines) + "\n"


def write_stream(path: Path, megabytes: int) -> None:
    """Write a stream of boots; the same seed gives the same stream."""
    chance = random.Random(7)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(3, 9))) for _ in range(900)]
    boots = [boot(chance, words).encode() for _ in range(40)]
    with path.open("wb") as stream:
        while stream.tell() < megabytes * 1_000_000:
            stream.write(chance.choice(boots))


def memchr(path: Path) -> str:
    """Look for a byte that is not there: one pass over the mapped file."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        return str(mapped.find(b"\x01"))


def reader(path: Path) -> str:
    """Read all boots, parsing what holds an anchor."""
    boots = records = 0
    for found in LogReader(path, "stream", anchors()):
        boots += 1
        records += len(found.records)
    return f"{boots} boots, {records} records"


def command(path: Path) -> str:
    """Run the whole command as a user does, diagnoses included."""
    done = subprocess.run([sys.executable, "-m", "tdxwhy", "log", "--brief", str(path)], capture_output=True, text=True, check=False)
    return f"{len(done.stdout.splitlines())} lines"


def ripgrep(path: Path, literals: Path) -> str:
    """Count the lines that hold one of the same literals."""
    done = subprocess.run(["rg", "-c", "-F", "-f", str(literals), str(path)], capture_output=True, text=True, check=False)
    return f"{done.stdout.strip()} lines"


def once(engine: Callable[[], str]) -> tuple[float, float, float, str]:
    """Run an engine in a process of its own; return wall and CPU seconds, peak MB, and what it found."""
    read, write = os.pipe()
    start = time.perf_counter()
    child = os.fork()
    if not child:
        before = time.perf_counter()
        said = engine()
        os.write(write, f"{time.perf_counter() - before}|{said}".encode())
        os._exit(0)
    _, _, usage = os.wait4(child, 0)
    os.close(write)
    wall, _, said = os.read(read, 4096).decode().partition("|")
    os.close(read)
    return float(wall or time.perf_counter() - start), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--file", type=Path)
    args = parser.parse_args()
    os.environ["PYTHONPATH"] = str(ROOT / "analyzer")
    with tempfile.TemporaryDirectory() as folder:
        path = args.file or Path(folder) / "stream.log"
        if args.file is None:
            write_stream(path, args.megabytes)
        literals = Path(folder) / "literals"
        literals.write_bytes(b"\n".join(anchors()) + b"\n")
        engines: dict[str, Callable[[], str]] = {
            "memchr over mmap": lambda: memchr(path),
            "tdxwhy reader": lambda: reader(path),
            "tdxwhy log --brief": lambda: command(path),
        }
        if shutil.which("rg"):
            engines["rg -c -F -f literals"] = lambda: ripgrep(path, literals)
        measure(engines, path.stat().st_size, args.rounds)


def measure(engines: dict[str, Callable[[], str]], size: int, rounds: int) -> None:
    """Run all engines in turn and print the medians, with ratios taken within each round."""
    results: dict[str, list[tuple[float, float, float, str]]] = {name: [] for name in engines}
    for _ in range(rounds + 1):
        for name, engine in engines.items():
            results[name].append(once(engine))
    base = [one[0] for one in results["memchr over mmap"][1:]]
    print(f"{size / 1e6:.0f} MB, median of {rounds} rounds, load {os.getloadavg()[0]:.1f}")
    print(f"{'engine':22} {'wall s':>8} {'GB/s':>7} {'x memchr':>9} {'cpu s':>7} {'peak MB':>8}  found")
    for name, runs in results.items():
        wall = statistics.median(run[0] for run in runs[1:])
        ratio = statistics.median(first / run[0] for first, run in zip(base, runs[1:], strict=True))
        cpu, peak = statistics.median(run[1] for run in runs[1:]), max(run[2] for run in runs)
        shown = "(mapped)" if name.startswith("memchr") else f"{peak:.0f}"
        print(f"{name:22} {wall:8.3f} {size / wall / 1e9:7.2f} {ratio:9.3f} {cpu:7.2f} {shown:>8}  {runs[-1][3]}")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
