"""Make the logs of a fleet: seeded, so that every run of a benchmark reads the same bytes.

    python benchmarks/fleet_logs.py DIR --boots 4000 --failing 0.05 --form plain --compress none

The lines between those of TDX are made up in the manner of kernel messages; only what TDX and the CPUs print has the kernel's own wording.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

EPOCH = 1_764_000_000
KERNELS = ("6.8.0-1012-tdx", "6.8.0-1015-tdx", "6.11.0-9-generic", "6.14.0-32-generic", "6.16.3-200.fc42.x86_64")
BOARDS = (
    ("Example Systems ES-2U/MB-7A, BIOS 1.4 03/02/2025", 2, 128),
    ("Example Systems ES-2U/MB-7A, BIOS 1.7 08/11/2025", 2, 128),
    ("Sample Corp. S900/S900-MB, BIOS SC9.31 01/20/2026", 4, 224),
    ("Model Servers R1/R1-0042, BIOS 2.0.11 05/30/2025", 1, 64),
)
MODULES = (("1", "5", "05", 744), ("1", "5", "06", 762), ("2", "0", "00", 901))
FILLER = (
    "pci 0000:{a:02x}:{b:02x}.0: [8086:{c:04x}] type 00 class 0x{d:06x} conventional endpoint",
    "pci 0000:{a:02x}:{b:02x}.0: BAR 0 [mem 0x{e:012x}-0x{f:012x} 64bit pref]",
    "pci 0000:{a:02x}:{b:02x}.0: enabling extended tags",
    "pci_bus 0000:{a:02x}: resource 4 [io  0x{c:04x}-0x{d:04x} window]",
    "acpiphp: slot [{c}] registered at bus {a:02x}",
    "nvme nvme{g}: {b}/0/0 default/read/poll queues of {c} entries",
    "usb {g}-{b}: new high-speed device number {b} using host controller",
    "hub {g}-0:1.0: {b} ports detected",
    "eth{g}: link up at {c} Mbit/s, full duplex, lane {b}",
    "scsi host{b}: controller {a:02x} ready, queue depth {c}",
    "audit: type=1400 audit({e}.{c:03d}:{d}): operation allowed for profile number {b}",
    "systemd[1]: unit example-{c}.service reached the started state after {d} us",
    "EXT4-fs (nvme{g}n1p{b}): mounted filesystem 0x{e:012x} r/w with ordered data mode",
    "e820: update range [mem 0x{e:012x}-0x{f:012x}] usable ==> reserved",
    "ACPI: table {a:02X}{b:02X} at 0x{e:012X} of {c} bytes, revision {g}",
    "clocksource: watchdog interval {c} ms, skew {d} ns",
    "i2c i2c-{b}: {g}/{b} memory slots populated (from the board's table)",
    "raid6: algorithm {g} runs at {d} MB/s",
    "thermal zone {b} registered, trip point {c} mC",
    "edac: controller {g} channel {b} handles {c} MiB",
)


class Host(NamedTuple):
    """What does not change from boot to boot of one machine."""

    name: str
    board: int
    kernel: int
    module: int
    root: str


Line = tuple[int, str]
Situation = Callable[[Host, random.Random], list[Line]]


def _enabled(host: Host, rng: random.Random) -> list[Line]:
    return [(6, "virt/tdx: BIOS enabled: private KeyID range [64, 128)")]


def _module(host: Host) -> Line:
    major, minor, _, build = MODULES[host.module]
    version = f"major_version {major}, minor_version {minor}, build_date 20250318, build_num {build}"
    return 6, f"virt/tdx: TDX module: attributes 0x0, vendor_id 0x8086, {version}"


def good(host: Host, rng: random.Random) -> list[Line]:
    return [*_enabled(host, rng), _module(host), (6, "virt/tdx: 1050644 KB allocated for PAMT"), (6, "virt/tdx: module initialized")]


def _failed(line: str, module: bool) -> Situation:
    def situation(host: Host, rng: random.Random) -> list[Line]:
        told = [_module(host)] if module else []
        return [*_enabled(host, rng), *told, (3, line), (3, "virt/tdx: module initialization failed (-5)")]

    return situation


def no_tdx(host: Host, rng: random.Random) -> list[Line]:
    return []


SITUATIONS: tuple[tuple[Situation, int], ...] = (
    (_failed("virt/tdx: SEAMCALL (0x0000000000000022) failed: 0xc000050500000000", False), 4),
    (_failed("virt/tdx: SEAMCALL (0x000000000000002d) failed: 0xc000050b00000000", True), 3),
    (_failed("virt/tdx: SEAMCALL (0x0000000000000023) failed: 0xc000050600000000", False), 2),
    (_failed("virt/tdx: initialization failed: TDMR [0x0, 0x40000000): reserved areas exhausted.", True), 2),
    (no_tdx, 1),
)


def filler(rng: random.Random, lines: int) -> list[str]:
    """Return made-up messages of one boot."""
    made = []
    for _ in range(lines):
        e = rng.randrange(1 << 40)
        made.append(
            rng.choice(FILLER).format(
                a=rng.randrange(256),
                b=rng.randrange(32),
                c=rng.randrange(1 << 12),
                d=rng.randrange(1 << 20),
                e=e,
                f=e + 65535,
                g=rng.randrange(8),
            )
        )
    return made


class Fleet:
    """A fleet of hosts whose boots can be made one by one."""

    def __init__(self, seed: int, hosts: int, failing: float, lines: int, bodies: int = 96) -> None:
        rng = random.Random(seed)
        self.seed, self.failing = seed, failing
        self.hosts = [
            Host(
                f"node{number:05}",
                rng.randrange(len(BOARDS)),
                rng.randrange(len(KERNELS)),
                rng.randrange(len(MODULES)),
                f"{rng.randrange(1 << 48):012x}",
            )
            for number in range(hosts)
        ]
        self._bodies = [filler(rng, lines) for _ in range(bodies)]

    def boot(self, number: int) -> tuple[Host, int, list[tuple[int, int, str]]]:
        """Return the host, the epoch of its start, and (microseconds, level, message) of each record."""
        rng = random.Random(self.seed * 1_000_003 + number)
        host = self.hosts[number % len(self.hosts)]
        start = EPOCH + (number // len(self.hosts)) * 86_400 + rng.randrange(86_400)
        body = self._bodies[rng.randrange(len(self._bodies))]
        records = [(0, 6, message) for message in _head(host)]
        tdx = self._situation(host, rng)
        middle, time = len(body) // 3, 1_200_000 + rng.randrange(100_000)
        clock = datetime.fromtimestamp(start, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        records.append((time, 6, f"rtc_cmos 00:03: setting system clock to {clock} UTC ({start})"))
        for index, message in enumerate(body):
            time += 1 + (index * 7919 + number) % 2600
            records.append((time, 6, message))
            if index == middle:
                for level, line in tdx:
                    time += 40 + rng.randrange(900)
                    records.append((time, level, line))
        records.append((time + 6_000_000, 6, "systemd[1]: reached the last target of this boot"))
        return host, start, records

    def _situation(self, host: Host, rng: random.Random) -> list[Line]:
        if rng.random() >= self.failing * (3 if host.kernel == 3 and host.module == 0 else 1):
            return good(host, rng) if rng.random() < 0.8 else no_tdx(host, rng)
        weights = [weight + 3 * (index == host.kernel) for index, (_, weight) in enumerate(SITUATIONS)]
        if host.kernel == 3 and host.module == 0 and rng.random() < 0.5:
            return SITUATIONS[0][0](host, rng)
        return rng.choices([situation for situation, _ in SITUATIONS], weights)[0](host, rng)


def _head(host: Host) -> Iterator[str]:
    machine, packages, cpus = BOARDS[host.board]
    yield f"Linux version {KERNELS[host.kernel]} (builder@example) (gcc 14.2.0) #1 SMP PREEMPT_DYNAMIC"
    yield f"Command line: BOOT_IMAGE=/vmlinuz-{KERNELS[host.kernel]} root=UUID={host.root} ro console=ttyS0 kvm_intel.tdx=1 nohibernate"
    yield f"DMI: {machine}"
    yield f"smpboot: Allowing {cpus} CPUs, 0 hotplug CPUs"
    yield "smpboot: CPU0: Intel(R) Xeon(R) Platinum 8592+ (family: 0x6, model: 0xcf, stepping: 0x2)"
    yield "smp: Bringing up secondary CPUs ..."
    yield "x86: Booting SMP configuration:"
    for node in range(packages):
        first = node * cpus // packages
        yield f".... node  #{node}, CPUs:" + "".join(f" #{cpu}" for cpu in range(max(1, first), first + cpus // packages))
    yield f"smp: Brought up {packages} node{'s' if packages > 1 else ''}, {cpus} CPUs"
    yield f"smpboot: Total of {cpus} processors activated ({cpus * 4000}.00 BogoMIPS)"


def plain(host: Host, start: int, records: list[tuple[int, int, str]]) -> bytes:
    """Return what `dmesg` shows."""
    return "".join(f"[{time // 1_000_000:5}.{time % 1_000_000:06}] {message}\n" for time, _, message in records).encode()


def levels(host: Host, start: int, records: list[tuple[int, int, str]]) -> bytes:
    """Return what `dmesg -r` shows."""
    return "".join(f"<{level}>[{time // 1_000_000:5}.{time % 1_000_000:06}] {message}\n" for time, level, message in records).encode()


def syslog(host: Host, start: int, records: list[tuple[int, int, str]]) -> bytes:
    """Return what rsyslog writes with its ISO time stamps."""
    stamps: dict[int, str] = {}
    lines = []
    for time, _, message in records:
        second = start + time // 1_000_000
        stamp = stamps.setdefault(second, datetime.fromtimestamp(second, UTC).isoformat())
        lines.append(f"{stamp} {host.name} kernel: [{time // 1_000_000:5}.{time % 1_000_000:06}] {message}\n")
    return "".join(lines).encode()


def journal(host: Host, start: int, records: list[tuple[int, int, str]]) -> bytes:
    """Return what `journalctl -k -o json` shows."""
    boot = f"{random.Random(f'{host.name}{start}').getrandbits(128):032x}"
    machine = f"{random.Random(host.name).getrandbits(128):032x}"
    lines = []
    for number, (time, level, message) in enumerate(records):
        cursor = f"s=1;i={number:x};b={boot};m={time:x}"
        lines.append(
            f'{{"__CURSOR":"{cursor}","__REALTIME_TIMESTAMP":"{start * 1_000_000 + time}","__MONOTONIC_TIMESTAMP":"{time + 9}",'
            f'"_BOOT_ID":"{boot}","_MACHINE_ID":"{machine}","_HOSTNAME":"{host.name}","_TRANSPORT":"kernel","SYSLOG_FACILITY":"0",'
            f'"SYSLOG_IDENTIFIER":"kernel","PRIORITY":"{level}","_SOURCE_MONOTONIC_TIMESTAMP":"{time}","MESSAGE":{json.dumps(message)}}}\n'
        )
    return "".join(lines).encode()


FORMS = {"plain": plain, "levels": levels, "syslog": syslog, "journal": journal}


def _packed(kind: str, data: bytes) -> bytes:
    if kind == "gz":
        return gzip.compress(data, 6, mtime=0)
    if kind == "zst":
        import zstandard

        return zstandard.ZstdCompressor(3).compress(data)
    return data


def write(folder: Path, fleet: Fleet, boots: int, form: str, compress: str) -> int:
    """Write one file a boot, a folder a host, and return the bytes before compression."""
    total = 0
    for number in range(boots):
        host, start, records = fleet.boot(number)
        data = FORMS[form](host, start, records)
        total += len(data)
        path = folder / host.name / f"boot-{start}.{'json' if form == 'journal' else 'log'}{'' if compress == 'none' else '.' + compress}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_packed(compress, data))
    return total


def stream(path: Path, fleet: Fleet, form: str, size: int) -> int:
    """Write boots one after the other into one file until it has the size; return how many."""
    number = written = 0
    with path.open("wb") as file:
        while written < size:
            written += file.write(FORMS[form](*fleet.boot(number)))
            number += 1
    return number


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--boots", type=int, default=4000)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--failing", type=float, default=0.05)
    parser.add_argument("--lines", type=int, default=3400, help="made-up lines a boot; 3400 make about 260 kB")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--form", choices=FORMS, default="plain")
    parser.add_argument("--compress", choices=["none", "gz", "zst"], default="none")
    parser.add_argument("--stream", type=float, metavar="MB", help="write one stream of this size instead")
    args = parser.parse_args()
    fleet = Fleet(args.seed, args.hosts, args.failing, args.lines)
    args.folder.mkdir(parents=True, exist_ok=True)
    if args.stream:
        print(stream(args.folder / f"stream.{args.form}", fleet, args.form, int(args.stream * 1e6)), "boots")
    else:
        print(write(args.folder, fleet, args.boots, args.form, args.compress), "bytes")


if __name__ == "__main__":
    main()
