"""Will TDX come up on this machine? What stands in the way, each with its fix, and what the log would say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tdxwhy.errors import TdxwhyError
from tdxwhy.know import tables
from tdxwhy.know.offline import offline
from tdxwhy.know.topology import topology as complete
from tdxwhy.noun import NamedTuple
from tdxwhy.ranges import ranges
from tdxwhy.read.host.sidecar import read_sidecar
from tdxwhy.records import GenerationRow, Severity, Topology, When
from tdxwhy.replay.data import generation, generations
from tdxwhy.replay.forecast import Foresight, foresee
from tdxwhy.replay.scenario import Module

_MOST = 1 << 20
# CONFIG_INTEL_TDX_HOST is not set in 7.2 and 7.3, and absent in 6.12.
_DEBIAN = re.compile(r"\+deb\d+")
_HIBERNATION = "hibernation"  # a condition of the model, and the setting that makes it true


class Obstacle(NamedTuple):
    """Something that stands in TDX's way on this machine, and what to do about it."""

    id: str
    severity: Severity
    message: str
    fix: str


class Facts(NamedTuple):
    """What a machine, or a copy of its files, tells before anybody tries; None where nothing tells."""

    kernel: str | None
    command_line: tuple[str, ...]
    kvm_tdx: str | None
    hibernation: bool | None
    host_platform: bool | None
    module_version: str | None
    topology: Topology


class Readiness(NamedTuple):
    """What was found, and what the model makes of it."""

    facts: Facts
    generation: str
    obstacles: tuple[Obstacle, ...]
    foresight: Foresight


def _read(root: Path, name: str) -> str | None:
    try:
        with (root / name).open("rb") as file:
            return file.read(_MOST).decode("utf-8", "replace").strip()
    except OSError:
        return None


def gather(root: Path) -> Facts:
    """Read the facts below a root. Accepted form: / of a running machine, or a folder with copies of its /proc and /sys."""
    kernel = _read(root, "proc/sys/kernel/osrelease") or _first(_read(root, "proc/version"))
    cpus = root / "sys/devices/system/cpu"
    if kernel is None or not cpus.is_dir():
        raise TdxwhyError(f"{root}: neither a running Linux nor a copy of its /proc and /sys")
    disk, info = _read(root, "sys/power/disk"), _read(root, "proc/cpuinfo")
    line = _read(root, "proc/cmdline") or ""
    version = _read(root, "sys/devices/faux/tdx_host/version") or _read(root, "sys/firmware/tdx/tdx_module/version")
    return Facts(
        kernel,
        tuple(line.split()),
        _read(root, "sys/module/kvm_intel/parameters/tdx"),
        None if disk is None else disk != "[disabled]",
        None if info is None else "tdx_host_platform" in info,
        version,
        complete((), read_sidecar(cpus)),
    )


def _first(version: str | None) -> str | None:
    found = re.match(r"Linux version (\S+)", version or "")
    return found[1] if found else None


def generation_of(kernel: str | None) -> GenerationRow:
    """Guess the modelled generation from a version number: distributions backport, so a log decides better than this."""
    return tables.generation_since(kernel, generations())


def ready(root: Path, name: str | None = None) -> Readiness:
    """Say what stands in the way on the machine below `root`, and what its log would say."""
    facts = gather(root)
    kernel = generation(name).name if name else generation_of(facts.kernel).id
    settings: dict[str, object] = {}
    if _may_hibernate(facts):
        settings[_HIBERNATION] = 1
    if facts.host_platform is False:
        settings["keyid"] = "63 0"
    foresight = foresee(facts.topology, kernel, settings=settings)
    return Readiness(facts, kernel, tuple(_obstacles(facts, kernel, foresight)), foresight)


def _obstacles(facts: Facts, kernel: str, foresight: Foresight) -> Iterator[Obstacle]:
    if _DEBIAN.search(facts.kernel or "") and not facts.host_platform:
        message = f"{facts.kernel} is Debian's, and Debian builds its kernels without TDX host code"
        yield Obstacle("kernel-of-debian", "warning", message, "grep INTEL_TDX_HOST /boot/config-$(uname -r); build one with it")
    yield from _platform(facts, kernel)
    yield from _cpus(facts)
    if foresight.simulation.failures:
        certain: Severity = "error" if foresight.certain else "warning"
        yield Obstacle("will-fail", certain, foresight.sentence, "mend what is listed above, then ask again")


def _platform(facts: Facts, kernel: str) -> Iterator[Obstacle]:
    line = facts.command_line
    if facts.host_platform is False:
        fix = "switch TDX on in firmware (TME, TME-MT with KeyIDs for TDX, SEAM loader) and use a kernel with CONFIG_INTEL_TDX_HOST"
        yield Obstacle("platform-off", "error", "this kernel does not see a TDX platform (no tdx_host_platform flag)", fix)
    for cause, parameter in _hibernating(facts, kernel):
        yield Obstacle(cause, "error", "hibernation is possible, for which the kernel refuses TDX", f"add {parameter}")
    asked = [word for word in line if re.fullmatch(r"kvm[-_]intel\.tdx=\S+", word)]
    on = facts.kvm_tdx in ("Y", "1") or any(word.split("=")[1] in ("1", "on", "y", "Y") for word in asked)
    if not on:
        by_itself = tables.asks(kernel) == "boot"
        message = "kvm_intel.tdx is off, so " + ("KVM offers no TDX" if by_itself else "nobody asks for TDX")
        (unasked, *_) = tables.causes_for(When(0), frozenset({tables.fact_found_by("no-request").id}))
        yield Obstacle(unasked.id, "warning" if by_itself else "error", message, "add kvm_intel.tdx=1")


def _cpus(facts: Facts) -> Iterator[Obstacle]:
    missing = offline(facts.topology)
    limits = [word for word in facts.command_line if tables.limits_of(word.partition("=")[0])]
    for package in (package for package in facts.topology.packages if package.lost):
        name = "a package that nothing names" if package.id is None else f"package {package.id}"
        message = f"{name} has no online CPU (CPUs {ranges(package.cpus)})"
        yield Obstacle(tables.cause_that_blames("packages").id, "error", message, f"chcpu -e {ranges(package.cpus).replace(' ', '')}")
    if missing.cpus:
        where = "; the machine does not show in which package" if missing.unplaced else ""
        message = f"CPUs {ranges(missing.cpus)} are offline{where}; public modules want TDH.SYS.LP.INIT on every CPU"
        yield Obstacle(tables.cause_that_blames("cpus").id, "error", message, f"chcpu -e {ranges(missing.cpus).replace(' ', '')}")
    for word in limits:
        yield Obstacle("cpus-limited", "warning", f"{word} keeps CPUs away from this kernel", f"boot without {word}")
    most = Module().max_packages
    high = sorted(package.id for package in facts.topology.packages if package.id is not None and package.id >= most)
    if high:
        message = f"package ids {ranges(high)} are {most} or higher, which public modules refuse at their first call on such a CPU"
        fix = "ask the vendor for a module that takes them, or partition the machine"
        yield Obstacle(tables.cause_that_blames("status-package").id, "error", message, fix)


def _may_hibernate(facts: Facts) -> bool:
    return bool(facts.hibernation) and not any(word in _against_hibernation() for word in facts.command_line)


def _against_hibernation() -> tuple[str, ...]:
    return tuple(one.name for one in tables.parameters() if one.forbids == _HIBERNATION)


def _hibernating(facts: Facts, kernel: str) -> Iterator[tuple[str, str]]:
    """Yield the cause by which a kernel that can hibernate keeps TDX off, and the parameter against it."""
    if not _may_hibernate(facts):
        return
    steps = (step for operation in generation(kernel).operations.values() for step in operation.step)
    causes = dict.fromkeys(step.cause for step in steps if step.when == _HIBERNATION and step.cause)
    yield from ((cause, _against_hibernation()[0]) for cause in causes)
