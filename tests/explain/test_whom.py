"""Whom a failure blames: packages and CPUs in ranges of every shape, and nobody that nothing names."""

from __future__ import annotations

import pytest

from tests.explain.logs import boot, diagnosed

BIOS = "virt/tdx: BIOS enabled: private KeyID range [64, 128)"
PENDING = "virt/tdx: SEAMCALL (0x000000000000002d) failed: 0xc000050c00000000"
CLOSED = "virt/tdx: TDX-Module initialization failed (-5)"


def machine(packages: int, each: int, off: set[int]) -> str:
    """Return the boot of packages of CPUs, numbered one package after the other, of which some did not come up."""
    lines = [
        (0.012, f"CPU topo: Max. logical packages: {packages:3}"),
        (0.013, "CPU topo: Max. threads per core:   1"),
        (0.014, f"CPU topo: Num. cores per package:   {each:3}"),
        (0.015, f"CPU topo: Num. threads per package: {each:3}"),
        (0.016, f"CPU topo: Max. logical nodes:     {packages:3}"),
        (0.017, "CPU topo: Num. nodes per package:  1"),
        (0.018, f"CPU topo: Allowing {packages * each} present CPUs plus 0 hotplug CPUs"),
        (1.5, BIOS),
        (2.0, "smp: Bringing up secondary CPUs ..."),
        (2.01, "smpboot: x86: Booting SMP configuration:"),
    ]
    for package in range(packages):
        cpus = [number for number in range(package * each, package * each + each) if number]
        if cpus:
            lines.append((2.02 + package / 100, f".... node  #{package}, CPUs: " + "".join(f" #{number}".rjust(5) for number in cpus)))
    lines += [(2.8 + number / 1000, f"CPU{number} failed to report alive state") for number in sorted(off)]
    lines += [(3.0, f"smp: Brought up {packages} nodes, {packages * each - len(off)} CPUs"), (3.1, "virt/tdx: Module version: 2.0.14")]
    return boot([*lines, (9.5, PENDING), (9.6, CLOSED)], "7.3.4", "ro kvm_intel.tdx=1 nohibernate")


@pytest.mark.parametrize(
    ("packages", "each", "off", "empty", "said"),
    [
        (3, 1, {1}, (1,), "package 1: CPU 1 never came online"),
        (2, 2, {2, 3}, (1,), "package 1: CPUs 2-3 never came online"),
        (4, 2, {2, 3, 6, 7}, (1, 3), "packages 1, 3: CPUs 2-3, 6-7 never came online"),
        (4, 3, {3, 4, 5, 6, 7, 8}, (1, 2), "packages 1-2: CPUs 3-8 never came online"),
        (16, 2, {24, 25}, (12,), "package 12: CPUs 24-25 never came online"),
        (4, 1, {1, 2, 3}, (1, 2, 3), "packages 1-3: CPUs 1-3 never came online"),
    ],
)
def test_packages_without_a_cpu_are_named_with_their_cpus(
    packages: int, each: int, off: set[int], empty: tuple[int, ...], said: str
) -> None:
    found = diagnosed(machine(packages, each, off))
    assert found.outcome == "failed"
    assert (found.packages, found.cpus) == (empty, tuple(sorted(off)))
    assert found.sentence is not None
    assert said in found.sentence


@pytest.mark.parametrize("off", [set(), {1}, {1, 3}])
def test_no_package_is_blamed_that_has_a_cpu(off: set[int]) -> None:
    found = diagnosed(machine(2, 2, off))
    assert (found.outcome, found.packages) == ("failed", ())


def test_a_success_blames_nobody() -> None:
    lines = [(1.5, BIOS), (9.5, "virt/tdx: 2101268 KB allocated for PAMT"), (9.6, "virt/tdx: TDX-Module initialized")]
    found = diagnosed(boot(lines, "7.3.4"))
    assert (found.outcome, found.sentence, found.causes, found.packages, found.cpus) == ("initialized", None, (), (), ())
