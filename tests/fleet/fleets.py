"""Small fleets for the tests of this folder, which want the extra [fleet]."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("arro3.io")
pytest.importorskip("duckdb")

from tdxwhy.fleet.ingest import IngestRequest, Summary, ingest

BANNER = "[    0.000000] Linux version {kernel} (builder@host) (gcc 14.2.0) #1 SMP PREEMPT_DYNAMIC\n"
COMMAND = "[    0.000000] Command line: root=UUID={host}-1234 kvm_intel.tdx=1\n"
BOARD = "[    0.000000] DMI: Example Server/Board 7, BIOS {firmware} 01/02/2026\n"
KEYIDS = "[    5.{at:06}] virt/tdx: BIOS enabled: private KeyID range [64, 128)\n"
GOOD = "[    6.{at:06}] virt/tdx: module initialized\n"
BAD = (
    "[    6.{at:06}] virt/tdx: SEAMCALL (0x0000000000000022) failed: 0xc000050500000000\n"
    "[    6.{at:06}] virt/tdx: module initialization failed (-5)\n"
)
END = "[   20.000000] systemd[1]: this boot has reached its last target\n"


def boot_log(host: str, at: int, good: bool = True, kernel: str = "6.8.0-1015-tdx", firmware: str = "1.4") -> str:
    """Return a log of one boot; `at` sets its time stamps apart from those of other boots."""
    text = BANNER + COMMAND + BOARD + KEYIDS + (GOOD if good else BAD) + END
    return text.format(host=host, at=at, kernel=kernel, firmware=firmware)


def make_fleet(folder: Path, hosts: int, boots: int = 2, failing: int = 3) -> Path:
    """Write a folder a host and a file a boot; every so-manieth boot fails."""
    number = 0
    for host in range(hosts):
        place = folder / f"node{host:03}"
        place.mkdir(parents=True)
        for boot in range(boots):
            number += 1
            (place / f"2026-11-{boot + 1:02}.log").write_text(boot_log(place.name, number, bool(number % failing)))
    return folder


def ingested(store: Path, *named: Path | str, **options: object) -> Summary:
    """Ingest in this process."""
    options.setdefault("workers", 1)
    return ingest(IngestRequest(tuple(str(one) for one in named), store, **options), lambda progress: None)  # type: ignore[arg-type]


def content(store: Path) -> dict[str, bytes]:
    """Return every file of a store with its bytes."""
    return {str(path.relative_to(store)): path.read_bytes() for path in sorted(store.rglob("*")) if path.is_file()}
