"""Kernel logs for tests, put together line by line."""

from __future__ import annotations

import io
from collections.abc import Sequence

from tdxwhy.explain.diagnosis import diagnose
from tdxwhy.explain.logs import JudgedBoot, LogReport, report
from tdxwhy.explain.nouns import Diagnosis
from tdxwhy.read.log import read_boots
from tdxwhy.records import Topology

BANNER = "Linux version {} (build@lab) (gcc 14.2.0, GNU ld 2.44) #1 SMP PREEMPT_DYNAMIC"
BIOS = "virt/tdx: BIOS enabled: private KeyID range [32, 64)"


def boot(lines: Sequence[tuple[float, str]], kernel: str = "6.16.9", command_line: str = "ro quiet", until: float = 60.0) -> str:
    """Return a whole boot with TDX lines at their times among ordinary ones, up to `until` seconds."""
    skew = sum(kernel.encode()) / 1e4
    ordinary = [(0.5 + skew + n * until / 120, f"pci 0000:{n:02x}:00.0: enabling device") for n in range(120)]
    head = [(0.0, BANNER.format(kernel)), (0.0, f"Command line: BOOT_IMAGE=/vmlinuz {command_line}")]
    every = sorted([*head, *ordinary, *lines], key=lambda pair: pair[0])
    return "".join(f"[{time:12.6f}] {text}\n" for time, text in every if time <= until)


def read(text: str | bytes, sidecar: Topology | None = None) -> LogReport:
    """Read and diagnose a text as `tdxwhy log` does."""
    data = text.encode() if isinstance(text, str) else text
    made = report("test", read_boots(io.BytesIO(data), "test"), lambda one: JudgedBoot(diagnose(one, "test", sidecar), one))
    assert made is not None
    return made


def diagnosed(text: str | bytes, sidecar: Topology | None = None) -> Diagnosis:
    """Return the diagnosis that decides."""
    return read(text, sidecar).judged.diagnosis
