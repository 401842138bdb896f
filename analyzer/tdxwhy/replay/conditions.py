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
    return bool(kernel.keyids.taken) and alone


def _package_offline(kernel: Kernel, cpu: int) -> bool:
    packages = kernel.machine.scenario.packages
    return {packages[one] for one in kernel.machine.online} != set(packages)


def _outside(kernel: Kernel, cpu: int) -> bool:
    start, end = kernel.values["memory_start"], kernel.values["memory_start"] + kernel.values["memory_size"]
    return not any(region.start <= start and end <= region.end for region in kernel.memlist)


# What KVM lets a TD have (TDX_TD_ATTR_SEPT_VE_DISABLE), and the feature that it wants of a module (TOPOLOGY_ENUM).
_ATTRIBUTES = 1 << 28
_TOPOLOGY_ENUM = 1 << 20
_DYNAMIC_PAMT = 1 << 36


def _configuration(kernel: Kernel, cpu: int) -> bool:
    """Tell whether KVM and the module agree on no attributes or no state components for a TD."""
    values = kernel.values
    attributes = not values["attributes_fixed1"] & ~_ATTRIBUTES and _ATTRIBUTES & values["attributes_fixed0"]
    return not (attributes and values["xfam_fixed0"])


def _erratum(kernel: Kernel, cpu: int) -> bool:
    model = int(kernel.machine.scenario.settings.get("cpu_model", platform_data()["cpu_model"]))
    return kernel.state.get("platform") == "on" and model in platform_data()["partial_write_erratum"]


def _misc_limit(kernel: Kernel, cpu: int) -> bool:
    most = kernel.machine.scenario.settings.get("misc_max")
    return most is not None and len(kernel.keyids.taken) > int(most)


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
    "td-configuration-unsupported": _configuration,
    "dynamic-pamt": lambda kernel, cpu: bool(kernel.values["tdx_features0"] & _DYNAMIC_PAMT),
    "no-topology-enumeration": lambda kernel, cpu: not kernel.values["tdx_features0"] & _TOPOLOGY_ENUM,
    "misc-limit-reached": _misc_limit,
    "vmx-unsupported": lambda kernel, cpu: bool(int(kernel.machine.scenario.settings.get("vmx_unsupported", 0))),
    "no-virt-at-load": _feature_off("no-virt-at-load"),
    "no-tdp": _feature_off("no-tdp"),
    "no-ept": _feature_off("no-ept"),
    "no-apicv": _feature_off("no-apicv"),
    "no-osxsave": _feature_off("no-osxsave"),
    "image-refused": lambda kernel, cpu: kernel.values["image"] == "broken",
    "partial-write-erratum": _erratum,
    "as-written": lambda kernel, cpu: False,
}
