"""What conditions of causes may ask for: facts of the whole paste, and of one case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tdxwhy.digits import whole
from tdxwhy.incident import sides
from tdxwhy.incident.blame import Named
from tdxwhy.incident.cases import GUEST, Case, StagedSign
from tdxwhy.incident.evidence import PastedEvidence
from tdxwhy.incident.nouns import Host
from tdxwhy.incident.numbers import codes_of, errno_name, row_of
from tdxwhy.know.offline import offline
from tdxwhy.lazy import lazy
from tdxwhy.records import Topology

# Below this a guest address belongs to its firmware.
_LOW = 16 << 20
_UNAVAILABLE = 0x8000000000000001
_SEPT = lazy(r"SEPT|sept")


def of_paste(evidence: PastedEvidence, host: Host, cases: Sequence[Case], topology: Topology) -> frozenset[str]:
    """Return the facts of the whole paste."""
    found = set(evidence.facts)
    found |= set(_of_host(host))
    found |= set(_of_versions(evidence, host))
    found |= set(_of_keyids(evidence, cases))
    found |= set(_of_topology(topology))
    ids = {mark.sign.message.id for case in cases for mark in case.marks}
    if "cgroup.tdx-less-than-0" in ids:
        found.add("less-than-0")
    if any(case.stage == "kvm-load" for case in cases):
        found.add("kvm-load-seen")
    if any(case.stage == "module-update" for case in cases):
        found.add("update-seen")
    if any(case.stage == "memory-error" for case in cases) or ("mce-lines" in found and "corrected-only" not in found):
        found.add("memory-error-seen")
    if host.asked:
        found.add("asked")
    if host.role == "host" and host.outcome == "unknown" and "keyid-range" in evidence:
        found.add("host-silent")
    if all(mark.component in GUEST for case in cases for mark in case.marks) and not any(
        name.startswith("qgsd") for name in evidence.brought
    ):
        found.add("guest-alone")
    return frozenset(found)


def _of_host(host: Host) -> Iterator[str]:
    if host.role == "guest":
        return
    if host.outcome == "initialized":
        yield "host-up"
    elif host.outcome == "failed":
        yield "host-failed"
    elif host.outcome in ("disabled-by-bios", "not-attempted"):
        yield "host-off"


def _of_versions(evidence: PastedEvidence, host: Host) -> Iterator[str]:
    release = kernel_of(evidence, host)
    if release:
        yield from sides.of_kernel(release)
    if "qemu-version" in evidence:
        yield from sides.of_qemu(evidence.value("qemu-version"))
    if "qgs-version" in evidence:
        yield from sides.of_qgs(evidence.value("qgs-version"))


def kernel_of(evidence: PastedEvidence, host: Host) -> str:
    """Return the release of the host's kernel."""
    return (host.kernel if host.role != "guest" else "") or evidence.value("kernel-release") or evidence.value("kernel-told")


def _of_keyids(evidence: PastedEvidence, cases: Sequence[Case]) -> Iterator[str]:
    if leaked_of(cases):
        yield "leaked"
    count, running = tds_of(evidence), running_of(evidence)
    if count is not None and running is not None and running + len(leaked_of(cases)) >= count:
        yield "keyids-full"
    if running:
        yield "td-runs"
    elif running == 0 or evidence.facts.keys() & {"no-td-listed", "no-td-told"}:
        yield "no-td-runs"
    if "cgroup-capacity" in evidence:
        yield "capacity-zero" if evidence.value("cgroup-capacity") == "0" else "capacity-told"
    if evidence.value("node-keys") not in ("", "0"):
        yield "keys-offered"
    if _used_up(evidence):
        yield "slots-used-up"


def tds_of(evidence: PastedEvidence) -> int | None:
    """Return how many TDs can run at a time: one KeyID of the range is the module's own."""
    fact = evidence.last("keyid-range")
    if fact is not None and fact.end:
        return max((whole(fact.end) or 0) - (whole(fact.value) or 0) - 1, 0)
    capacity = evidence.value("cgroup-capacity")
    if capacity:
        return whole(capacity)
    node = evidence.value("node-keys")
    if node:
        return whole(node)
    count = evidence.value("keyid-count")
    return max(int(count, 16) - 1, 0) if count else None


def running_of(evidence: PastedEvidence) -> int | None:
    """Return how many TDs are shown to run."""
    current = evidence.value("cgroup-current")
    if current:
        return whole(current)
    node = evidence.last("node-keys")
    if node is not None and node.end:
        return whole(node.end)
    listed = {fact.value for fact in evidence.facts.get("running-td", ())}
    return len(listed) if listed else None


def leaked_of(cases: Sequence[Case]) -> tuple[int, ...]:
    """Return the KeyIDs that are lost."""
    found = (mark.sign.values.get("keyid") for case in cases for mark in case.marks)
    return tuple(sorted({keyid for keyid in found if isinstance(keyid, int)}))


def _of_topology(topology: Topology) -> Iterator[str]:
    missing = offline(topology)
    if missing.package_cpus:
        yield "package-dark"
    elif topology.cpus and not missing.cpus and topology.package_count is not None:
        yield "all-online"


def of_case(case: Case, usable: bool | None, named: Named) -> frozenset[str]:
    """Return the facts of one case; `named` is whom it concerns, whatever its cause."""
    found: set[str] = set()
    if case.stage == "cpu-hotplug" and named.packages and named.cpus:
        found.add("last-cpu-named")
    for mark in case.marks:
        found |= set(_of_mark(mark))
    if usable is not None:
        found.add("module-usable" if usable else "module-lost")
    if case.main.sign.message.kind == "last-words" and _SEPT.search(case.main.sign.quote):
        found.add("sept-named")
    return frozenset(found)


def _of_mark(mark: StagedSign) -> Iterator[str]:
    values = mark.sign.values
    if mark.errno is not None:
        yield f"errno-{errno_name(mark.errno)}"
    if mark.seamcall is not None:
        name = mark.seamcall.status_name or ""
        yield f"status-{name}"
        yield f"leaf-{mark.seamcall.name}"
        if "BUSY" in name:
            yield "status-busy"
        if "FATAL" in name or "NON_RECOVERABLE" in name:
            yield "status-fatal"
        yield "hw-errors" if values.get("hw_errors") else "seamcall-seen"
    kind = values.get("vm_type")
    if isinstance(kind, str):
        yield "vm-type-new" if kind == "TDX" else "vm-type-old"
    address = values.get("address")
    if isinstance(address, int) and mark.sign.message.id == "kvm.access-before-accept":
        yield "address-low" if address < _LOW else "address-high"
    if isinstance(values.get("size"), int) and values["size"] < 0:
        yield "size-negative"
    if values.get("quote_status") == _UNAVAILABLE:
        yield "quote-service-unavailable"
    if mark.sign.message.id == "qemu.quote.socket-unset":
        yield "socket-unset"
    yield from (f"code-{code.causes[0]}" for code in codes_of(mark.sign) if code.causes and not code.sum)


def usable_of(case: Case, evidence: PastedEvidence) -> bool | None:
    """Return whether TDs can be created after a module update that failed, None where nothing tells."""
    if case.stage != "module-update":
        return None
    if "module-gone" in evidence:
        return False
    last, invalid = evidence.last("module-version"), evidence.first("update-invalid")
    if last is not None and invalid is not None and (last.line.place.line or 0) > (invalid.line.place.line or 0):
        return True
    calls = [mark.seamcall for mark in case.marks if mark.seamcall is not None]
    if calls:
        return all(row_of(call).keeps for call in calls)
    return True if last is not None and _used_up(evidence) else None


def _used_up(evidence: PastedEvidence) -> bool:
    return evidence.value("update-slots") == "0"
