"""Whose log it is: every sign of the table, what wins over what, and a guest's lines above the banner."""

from __future__ import annotations

from io import BytesIO

import pytest

from tdxwhy.explain.diagnosis import diagnose
from tdxwhy.know import tables
from tdxwhy.know.rows import SignRow
from tdxwhy.read.log import LogReader

ABOVE = ["[    0.000000] tdx: Guest detected", "[    0.000000] tdx: Attributes: SEPT_VE_DISABLE"]
BANNER = "[    0.000000] Linux version 6.12.40-guest (build@vm) (gcc 14.2.0) #1 SMP"


def roles(text: str) -> list[str]:
    reader = LogReader(BytesIO(text.encode()), "log")
    return [diagnose(boot, "log").role for boot in reader]


@pytest.mark.parametrize("sign", tables.signs(), ids=lambda sign: sign.id)
def test_each_sign_is_found_in_its_example(sign: SignRow) -> None:
    assert roles(f"[   12.500031] {sign.example}\n") == [sign.role]


def test_a_time_stamp_alone_makes_no_host() -> None:
    assert roles("[   12.500031] usb 1-1: new high-speed USB device\n[   13.1] random: crng init done\n") == ["unknown"]


def test_hosts_own_lines_win_over_those_of_a_guest_in_its_journal() -> None:
    assert roles("[    3.100000] virt/tdx: module initialized\n[   90.100000] tdx: Guest detected\n") == ["host"]


def test_a_virtual_machine_that_was_asked_for_tdx_is_no_host() -> None:
    assert roles("[    0.000000] Command line: ro kvm_intel.tdx=1\n[    0.000000] Hypervisor detected: KVM\n") == ["guest"]


@pytest.mark.parametrize("before", [[], ["[ 4000.100000] reboot: Restarting system"], ["[    0.500000] virt/tdx: module initialized"]])
def test_lines_above_a_banner_are_of_its_boot(before: list[str]) -> None:
    reader = LogReader(BytesIO("\n".join([*before, *ABOVE, BANNER, "[    1.000000] a line", ""]).encode()), "log")
    boots = list(reader)
    assert len(boots) == (2 if before else 1)
    assert [record.text for record in boots[-1].records][:3] == [line[15:] for line in (*ABOVE, BANNER)]
    assert not boots[-1].head_cut


@pytest.mark.parametrize("many", [1, 40_000])
def test_so_they_are_where_a_log_is_scanned(many: int) -> None:
    boot = "\n".join(
        [*ABOVE, BANNER, *(f"[    {2 + number // 10000}.{number % 10000:04}00] tdx: Guest detected" for number in range(many))]
    )
    reader = LogReader(BytesIO(f"{boot}\n{boot}\n".encode()), "log", [b"tdx", b"Linux version"], small=1)
    assert [boot.head_cut for boot in reader] == [False, False]
