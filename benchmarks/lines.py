"""Make logs whose lines are all different, as busy hosts write them: seeded, so that every run of a benchmark reads the same bytes.

    python benchmarks/lines.py KIND BYTES > FILE

Kinds: unknown (a kernel's lines about TDX that no form matches), shapes (the same in twenty wordings), known (memory ranges, 3,000 a boot),
programs and journal (other programs that speak of TDX, as syslog and as journald's json), claims (each says it is the kernel).
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterator

_BOOT = (
    "[    0.000000] Linux version 6.8.0-1015-tdx (builder@example) (gcc 14.2.0) #1 SMP",
    "[    0.100000] Command line: kvm_intel.tdx=1",
    "[    1.000000] virt/tdx: BIOS enabled: private KeyID range [64, 128)",
)
_RANGES = 3000


def _words(chance: random.Random) -> list[str]:
    return ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(3, 9))) for _ in range(900)]


def _unknown(chance: random.Random, shapes: int = 0) -> Iterator[str]:
    words, number = _words(chance), 0
    wordings = [" ".join(chance.choices(words, k=6)) for _ in range(shapes)]
    yield from _BOOT
    while True:
        said = chance.choice(wordings) if wordings else " ".join(chance.choices(words, k=6))
        yield f"[{2 + number / 100:12.6f}] virt/tdx: {said} {chance.getrandbits(40):#x} took {chance.randrange(9999)} us"
        number += 1


def _known(chance: random.Random) -> Iterator[str]:
    boot = 0
    while True:
        yield from _BOOT
        for number in range(_RANGES):
            base = chance.getrandbits(36) << 12
            yield f"[{2 + number / 1000:12.6f}] virt/tdx: CMR: [{base:#x}, {base + (1 << 30):#x})"
        yield f"[{9 + boot / 1000:12.6f}] virt/tdx: {1050644 + boot} KB allocated for PAMT"
        yield f"[{10 + boot / 1000:12.6f}] virt/tdx: module initialized"
        boot += 1


def _said(chance: random.Random, words: list[str]) -> str:
    pod = f"{chance.choice(words)}-{chance.getrandbits(32):08x}"
    return chance.choice(
        (
            f"TDX device plugin: allocated slot {chance.randrange(99)} for pod {pod}, kata-qemu-tdx",
            f'"SyncLoop UPDATE" pod="{pod}" runtimeHandler="kata-qemu-tdx"',
        )
    )


def _programs(chance: random.Random) -> Iterator[str]:
    words, number = _words(chance), 0
    yield from (f"Dec  1 10:00:00 node7 kernel: {line}" for line in _BOOT)
    while True:
        clock = f"{10 + number // 360000 % 10}:{number // 6000 % 60:02}:{number // 100 % 60:02}"
        program = chance.choice(("kubelet", "containerd"))
        yield f"Dec  1 {clock} node7 {program}[{1000 + number % 3000}]: {_said(chance, words)}"
        number += 1


def _journal(chance: random.Random, claim: bool = False) -> Iterator[str]:
    words, number = _words(chance), 0
    yield from (_entry(place, "kernel", line.partition("] ")[2]) for place, line in enumerate(_BOOT))
    while True:
        yield _entry(3 + number, "kernel" if claim else chance.choice(("kubelet", "containerd")), _said(chance, words))
        number += 1


def _entry(number: int, program: str, said: str) -> str:
    kernel = program == "kernel"
    entry = {
        "_TRANSPORT": "kernel" if kernel else "stdout",
        "PRIORITY": "6",
        "SYSLOG_IDENTIFIER": program,
        "_HOSTNAME": "node7",
        "_BOOT_ID": "7f3c1f0a9e8b4c55a0d4d0b1c2e3f405",
        "__REALTIME_TIMESTAMP": str(1_764_000_000_000_000 + number * 1000),
        "__MONOTONIC_TIMESTAMP": str(5_000_000 + number * 1000),
        "_PID": str(1000 + number % 3000),
        "_SYSTEMD_UNIT": f"{program}.service",
        "MESSAGE": said,
    }
    return json.dumps(entry | ({"_SOURCE_MONOTONIC_TIMESTAMP": str(5_000_000 + number * 1000)} if kernel else {}))


KINDS: dict[str, Callable[[random.Random], Iterator[str]]] = {
    "unknown": _unknown,
    "shapes": lambda chance: _unknown(chance, 20),
    "known": _known,
    "programs": _programs,
    "journal": _journal,
    "claims": lambda chance: _journal(chance, True),
}


def made(kind: str, size: int, seed: int = 5) -> bytes:
    """Return a log of one kind, of so many bytes or a line more."""
    lines, length = [], 0
    for line in KINDS[kind](random.Random(seed)):
        lines.append(line)
        length += len(line) + 1
        if length >= size:
            return ("\n".join(lines) + "\n").encode()
    return b""


if __name__ == "__main__":
    sys.stdout.buffer.write(made(sys.argv[1], int(sys.argv[2])))
