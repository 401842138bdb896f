"""Facts of the machine that a step can ask for, by name."""

from __future__ import annotations

from collections.abc import Callable

from tdxwhy.replay.data import platform_data
from tdxwhy.replay.kernel import Conditions, Kernel


def _feature_off(name: str) -> Callable[[Kernel, int], bool]:
    return lambda kernel, cpu: platform_data()["features"].get(kernel.machine.scenario.settings.get("feature_off", "")) == name


def _last_cpu(kernel: Kernel, cpu: int) -> bool:
    packages = kernel.machine.scenario.packages
    alone = not any(packages[one] == packages[cpu] for one in kernel.machine.online if one != cpu)
    return bool(kernel.keyids) and alone


def _package_offline(kernel: Kernel, cpu: int) -> bool:
    packages = kernel.machine.scenario.packages
    return {packages[one] for one in kernel.machine.online} != set(packages)


def _outside(kernel: Kernel, cpu: int) -> bool:
    start, end = kernel.values["memory_start"], kernel.values["memory_start"] + kernel.values["memory_size"]
    return not any(region.start <= start and end <= region.end for region in kernel.memlist)


def _never(kernel: Kernel, cpu: int) -> bool:
    """Say no: what no scenario can set."""
    return False


CONDITIONS: Conditions = {
    "no-keyids": lambda kernel, cpu: not kernel.values["keyids"] or bool(int(kernel.machine.scenario.settings.get("keyid_msr_fault", 0))),
    "one-keyid": lambda kernel, cpu: kernel.values["keyids"] < 2,
    "hibernation": lambda kernel, cpu: bool(int(kernel.machine.scenario.settings.get("hibernation", 0))),
    "notifier-fails": lambda kernel, cpu: bool(kernel.values["notifier_errno"]),
    "no-xsave": _feature_off("no-xsave"),
    "no-movdir64b": _feature_off("no-movdir64b"),
    "no-self-snoop": _feature_off("no-self-snoop"),
    "too-many-cpuid-configurations": lambda kernel, cpu: kernel.values["num_cpuid_config"] > 128,
    "rbp-clobbered": lambda kernel, cpu: not kernel.values["tdx_features0"] & 1 << 18,
    "outside-tdx-memory": _outside,
    "last-cpu-with-keyid-in-use": _last_cpu,
    "package-offline": _package_offline,
    "too-many-cpus-for-a-td": lambda kernel, cpu: kernel.values["max_vcpus_per_td"] < len(kernel.machine.scenario.packages),
    "no-virt-at-load": _never,
    "no-tdp": _never,
    "no-ept": _never,
    "no-apicv": _never,
    "no-osxsave": _never,
    "as-written": _never,
    "no-topology-enumeration": _never,
    "partial-write-erratum": _never,
    "vmx-unsupported": lambda kernel, cpu: bool(int(kernel.machine.scenario.settings.get("vmx_unsupported", 0))),
}
