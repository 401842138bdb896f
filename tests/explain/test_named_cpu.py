"""A CPU that a failing line names as the one at fault is the one that is blamed, whatever lists of CPUs say."""

from __future__ import annotations

import pytest

from tests.explain.logs import BIOS, boot, diagnosed

CLOSED = "virt/tdx: module initialization failed (-5)"


@pytest.mark.parametrize("cpu", [0, 3, 17, 127])
@pytest.mark.parametrize(
    "said",
    [
        "virt/tdx: CPU {}: SEAMCALL (0x0000000000000023) failed: 0x8000ff0000000006",
        "tdx: SEAMCALL failed: CPU {}: leaf 35, error 0x8000ff0000000006.",
        "tdx: SEAMCALL failed: CPU {} is not in VMX operation.",
    ],
)
def test_the_cpu_of_the_line_is_blamed(said: str, cpu: int) -> None:
    said = said.format(cpu)
    found = diagnosed(boot([(1.5, BIOS), (9.5, said), (9.6, CLOSED)]))
    assert found.outcome == "failed"
    assert found.cpus == (cpu,), (found.causes, found.sentence)
