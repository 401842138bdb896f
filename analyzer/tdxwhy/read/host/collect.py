"""This machine's facts about TDX: its kernel log, command line, topology, modules. What cannot be read is said."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tdxwhy.errors import TdxwhyError, reason
from tdxwhy.noun import NamedTuple
from tdxwhy.ranges import counted
from tdxwhy.read.entries import records_of_entry
from tdxwhy.read.host.bundle import KERNEL_LOG, TOPOLOGY
from tdxwhy.read.host.scrub import LEFT, PLURAL, Scrubber
from tdxwhy.read.host.sidecar import cpus_of_sysfs, of_cpus, value_of
from tdxwhy.read.kmsg import KmsgLine, kmsg_line
from tdxwhy.read.text import clean
from tdxwhy.records import LogRecord, Place, Topology

CPUS = "sys/devices/system/cpu"
# Small files in which kernels tell of TDX, KVM, the firmware and the board. None of them holds a serial number.
_TELLING = (
    "sys/module/kvm_intel/parameters/*",
    "sys/module/kvm/parameters/enable_virt_at_load",
    "sys/module/kvm_intel/version",
    "sys/module/kvm_intel/srcversion",
    "sys/devices/faux/tdx*/*",
    "sys/devices/faux/tdx*/*/*",
    "sys/devices/virtual/tdx/*/*",
    "sys/firmware/tdx*/*",
    "sys/firmware/tdx*/*/*",
    "sys/class/dmi/id/bios_*",
    "sys/class/dmi/id/board_name",
    "sys/class/dmi/id/board_vendor",
    "sys/class/dmi/id/product_name",
    "sys/class/dmi/id/sys_vendor",
    "sys/devices/system/cpu/smt/control",
    "sys/devices/system/cpu/microcode/version",
    "sys/devices/system/cpu/cpu0/microcode/version",
)
_MOST_BYTES = 64 << 20
_READ = 8192
Run = Callable[[Sequence[str]], bytes | None]


class HostFiles(NamedTuple):
    """The files of a bundle, one line for each fact that could not be read, and how many names of each kind were replaced."""

    files: dict[str, str]
    missing: tuple[str, ...]
    scrubbed: Mapping[str, int] = {}


def collect(keep_names: bool = False, root: Path = Path("/"), run: Run | None = None, more: Mapping[str, str] | None = None) -> HostFiles:
    """Gather this machine's facts, and `more` files; without privileges it gathers what it may."""
    missing: list[str] = []
    log = kernel_log(root, run or command, missing)
    files = {KERNEL_LOG: log} if log else {}
    files["command-line.txt"] = value_of(root, "proc/cmdline") or ""
    files["facts.txt"] = _facts(root)
    try:
        files[TOPOLOGY] = _topology_text(own_topology(root))
    except OSError as error:
        missing.append(f"/{CPUS}: {reason(error)}")
    if not files["command-line.txt"]:
        missing.append("/proc/cmdline: cannot be read")
    files |= more or {}
    counts: Mapping[str, int] = {}
    if not keep_names:
        scrubber = Scrubber((platform.node(), value_of(root, "proc/sys/kernel/hostname") or ""))
        files = {name: scrubber.scrub(text) for name, text in files.items()}
        counts = scrubber.counts
        files["scrubbed.txt"] = "".join(f"{counted(count, kind, PLURAL.get(kind, ''))}\n" for kind, count in counts.items()) + f"{LEFT}\n"
    files["missing.txt"] = "".join(f"{line}\n" for line in missing)
    return HostFiles(files, tuple(missing), counts)


def own_log(root: Path = Path("/"), run: Run | None = None) -> str:
    """Return the kernel log of this machine's current boot, or say in one line why it cannot be read."""
    missing: list[str] = []
    found = kernel_log(root, run or command, missing)
    if not found:
        raise TdxwhyError("this machine's kernel log cannot be read", "try sudo, or name a file")
    return found


def own_topology(root: Path = Path("/")) -> Topology:
    """Read the CPUs of this machine."""
    return of_cpus(cpus_of_sysfs(root / CPUS, f"/{CPUS}"))


def kernel_log(root: Path, run: Run, missing: list[str]) -> str:
    """Return the log of this boot from wherever more of it is left: the ring buffer, or the journal where the ring has wrapped."""
    ring = _ring(root / "dev" / "kmsg", missing) or _raw(run(["dmesg", "--raw"]))
    if ring and ring[0].text.startswith(("Linux version ", "microcode: ")):
        return _printed(ring)
    journal = _journal(run(["journalctl", "-k", "-b", "--no-pager", "-q", "-o", "json"]))
    if not ring and not journal:
        missing.append("kernel log: neither /dev/kmsg, dmesg nor journalctl may be read; try sudo")
    return _printed(journal if len(journal) > len(ring) else ring)


def command(arguments: Sequence[str]) -> bytes | None:
    """Run a command of the system, bounded in time; None where it is missing or fails."""
    import subprocess

    try:
        done = subprocess.run(arguments, capture_output=True, timeout=60, check=True, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout[:_MOST_BYTES]


def _ring(path: Path, missing: list[str]) -> list[LogRecord]:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        missing.append(f"/dev/kmsg: {reason(error)}")
        return []
    found = []
    try:
        while block := _next(handle):
            found += [kmsg_line(line) for line in block.decode("utf-8", "replace").split("\n")]
    finally:
        os.close(handle)
    return [record for line in found if line is not None and not line.facility for record in _records(line)]


def _records(line: KmsgLine) -> list[LogRecord]:
    texts = [clean(text).rstrip() for text in line.text.split("\n")]
    return [LogRecord(Place("kmsg"), "", text, line.time_ns, line.level, line.facility, line.caller) for text in texts]


def _next(handle: int) -> bytes:
    while True:
        try:
            return os.read(handle, _READ)
        except BrokenPipeError:
            continue  # records were overwritten while we read
        except OSError:
            return b""  # the end of what is there


def _raw(printed: bytes | None) -> list[LogRecord]:
    from tdxwhy.read.plain import records_of

    lines = (printed or b"").decode("utf-8", "replace").split("\n")
    return [record for line in lines for record in records_of(Place("dmesg"), line) if record.time_ns is not None and not record.facility]


def _journal(printed: bytes | None) -> list[LogRecord]:
    records: list[LogRecord] = []
    for line in (printed or b"").decode("utf-8", "replace").split("\n"):
        try:
            entry = json.loads(line) if line else None
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict):
            records += records_of_entry(entry, Place("journal"), "")
    return records


def _printed(records: Sequence[LogRecord]) -> str:
    """Print records as `dmesg --raw` does, which every tool reads."""
    return "".join(map(_line, records))


def _line(record: LogRecord) -> str:
    micro = (record.time_ns or 0) // 1000
    caller = f"[{record.caller:>6}]" if record.caller else ""
    return f"<{6 if record.level is None else record.level}>[{micro // 10**6:5}.{micro % 10**6:06}]{caller} {record.text}\n"


def _facts(root: Path) -> str:
    lines = [f"kernel {platform.release()} {platform.version()} {platform.machine()}"]
    paths = {path.relative_to(root).as_posix() for pattern in _TELLING for path in root.glob(pattern)}
    for path in sorted(paths):
        value = value_of(root, path)
        if value is not None:
            lines.append(f"{path} {value}")
    for line in _first_cpu(root):
        lines.append(f"cpu0 {line}")
    return "".join(f"{line}\n" for line in lines)


def _first_cpu(root: Path) -> list[str]:
    wanted = ("vendor_id", "cpu family", "model", "model name", "stepping", "microcode", "physical id", "siblings", "cpu cores")
    try:
        with (root / "proc" / "cpuinfo").open(encoding="utf-8", errors="replace") as stream:
            block = stream.read(16384).split("\n\n", 1)[0]
    except OSError:
        return []
    pairs = [line.partition(":") for line in block.split("\n")]
    return [f"{key.strip()}: {value.strip()}" for key, _, value in pairs if key.strip() in wanted]


def _topology_text(topology: Topology) -> str:
    cpus = [{"cpu": cpu.number, "socket": cpu.package, "online": cpu.presence == "online"} for cpu in topology.cpus]
    return json.dumps({"cpus": cpus}, indent=1) + "\n"
