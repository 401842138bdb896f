"""Put signs together to cases: what happened at one stage, told by whichever program, with the sign that counts most first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tdxwhy.incident import tables
from tdxwhy.incident.cpus import brought_online
from tdxwhy.incident.nouns import FailedCall, Host, PasteLine, Sign
from tdxwhy.incident.numbers import answer_of, call_of, codes_of, errno_of_sign, row_of, seamcall_of
from tdxwhy.know import decode
from tdxwhy.know import tables as known
from tdxwhy.lazy import lazy
from tdxwhy.noun import NamedTuple
from tdxwhy.records import Place

_RANK = {"failure": 0, "result": 1, "consequence": 2, "ordinary": 3}
# What says that a VM is no TD: the registers of its CPUs, which no VMM can read of a TD; another technology.
_ORDINARY = lazy(r"^\W{0,8}[ER]AX=[0-9a-f]{8}|\bsev_\w{1,40}:")
# So many lines lie between a CPU that is started and the call, or the warning, that fails on it.
_SOON, _NEAR = 3, 8
# So many kinds of failure of one stage are told apart by their VMs.
_PARTS = 3
# The stage at which the module is exchanged; each CPU is initialised anew then.
_UPDATE = "module-update"
# Who speaks for the host's kernel.
KERNEL = ("kvm_intel", "virt/tdx", "seamldr", "kernel", "mce", "tdx-host")
GUEST = ("guest", "tdvf")
_FOLDING = {
    "td-run": ("memory-error", "guest-boot", "td-build", "td-create", "td-teardown"),
    "td-build": ("td-create",),
    "td-create": ("vmm", "cpu-hotplug"),
    "vmm": ("td-create",),
    "guest-boot": ("td-run",),
}


class StagedSign(NamedTuple):
    """A sign with what it comes to: its stage, the call that KVM refused, the SEAMCALL, the errno. `at`: the number of its line."""

    sign: Sign
    stage: str
    component: str
    call: str = ""
    seamcall: FailedCall | None = None
    errno: int | None = None
    at: int = 0

    @property
    def weight(self) -> tuple[int, int, int, int]:
        """Return what orders marks of one case: the smaller, the more it counts."""
        decisive = bool(self.seamcall) or any(not code.sum for code in codes_of(self.sign))
        told = 4 if self.sign.told else 0
        busy = self.seamcall is not None and "BUSY" in (self.seamcall.status_name or "")
        return (_RANK[self.sign.message.outcome] + told, 0 if decisive else 1, 0 if self.component in KERNEL else 1, int(busy))


class Case(NamedTuple):
    """What happened at one stage; `marks` in the order of their weight."""

    stage: str
    marks: tuple[StagedSign, ...]

    @property
    def main(self) -> StagedSign:
        """Return the mark that the case rests on."""
        return self.marks[0]

    @property
    def has_failure(self) -> bool:
        """Tell whether a line of it says by itself that something failed."""
        return any(mark.sign.message.outcome == "failure" for mark in self.marks)


def cases_of(signs: Sequence[Sign], lines: Sequence[PasteLine], host: Host, shown: frozenset[str]) -> tuple[Case, ...]:
    """Return the cases, in the order of the stages: cause before consequence. `shown` are the facts that the paste shows."""
    places = {line.place: number for number, line in enumerate(lines)}
    updating = any(sign.message.stage == _UPDATE and sign.message.outcome == "failure" for sign in signs)
    marks = [mark for sign in signs if (mark := _mark(sign, lines, places, host, updating)) is not None]
    marks = _updated(marks)
    gathered: dict[str, list[StagedSign]] = {}
    for mark in marks:
        gathered.setdefault(mark.stage, []).append(mark)
    folded = _folded(gathered)
    order = [stage.id for stage in tables.stages()]
    made = [Case(stage, tuple(sorted(part, key=lambda mark: mark.weight))) for stage, found in folded.items() for part in _by_vm(found)]
    cases = [case for case in made if _stands(case, shown)]
    if host.outcome == "failed":
        cases = [case for case in cases if not (_repeats_the_host(case) if len(cases) > 1 else _follows_from_the_host(case))]
    if any(map(_may_be_ordinary, cases)) and any(_ORDINARY.search(line.text) for line in lines):
        cases = [case for case in cases if not _may_be_ordinary(case)]
    return tuple(sorted(cases, key=lambda case: order.index(case.stage)))


def _mark(sign: Sign, lines: Sequence[PasteLine], places: Mapping[Place, int], host: Host, updating: bool) -> StagedSign | None:
    message = sign.message
    if message.outcome == "ordinary" or (host.success and _is_relayed(sign)):
        return None
    place = places.get(sign.line.place, 0)
    errno = errno_of_sign(sign, tuple(lines[place + 1 : place + 6]))
    call = call_of(sign)
    stage = _stage_of_call(call) if sign.values.keys() & {"call", "number"} else ""
    stage = stage or message.stage
    seamcall = seamcall_of(sign)
    component = _component(sign)
    if seamcall is None and message.kind == "seamcall":
        return None  # of a call whose answer was cut nobody knows what it comes to
    if seamcall is not None and message.kind == "seamcall":
        row = row_of(seamcall)
        stage = row.stage
        late = row.chosen and bool(brought_online(lines[max(0, place - _SOON) : place]))
        late = late or (updating and seamcall.name in known.steps_of_a_cpu())
        if _is_of_initialisation(seamcall) and not late and not _after_success(sign, host):
            return None
    if message.kind == "late-cpu" and not brought_online(lines[max(0, place - _NEAR) : place]) and not _after_success(sign, host):
        return None
    return StagedSign(sign, stage, component, call, seamcall, errno, place)


def _is_relayed(sign: Sign) -> bool:
    """Tell whether a process hands on what only a kernel prints: its VM's console."""
    return sign.message.component in KERNEL and bool(sign.message.prefix or sign.message.kind == "seamcall") and sign.vm.endswith("]")


def _is_of_initialisation(call: FailedCall) -> bool:
    """Tell whether a kernel makes a SEAMCALL on its way to TDX too; an update or a shutdown comes after it only."""
    return call.leaf is None or decode.leaf_step(call.leaf) is not None


def _stage_of_call(call: str) -> str:
    return next((row.stage for row in tables.calls() if row.call == call), "")


def _component(sign: Sign) -> str:
    """Return who printed the line: the kernel's prefix tells its parts apart."""
    quote, message = sign.quote, sign.message
    if message.component in KERNEL:
        for prefix in ("virt/tdx", "seamldr", "kvm_intel"):
            if f"{prefix}: " in quote or f"{prefix}: " in sign.line.text:
                return prefix
    return message.component


def _after_success(sign: Sign, host: Host) -> bool:
    """Tell whether the line came after the module was initialised, by the kernel's time, else by the order of lines."""
    if sign.line.text.find("seamldr: ") >= 0 and not host.success:
        return host.outcome != "failed"
    for line, time, boot in host.success:
        if boot is not None and boot != sign.line.boot:
            continue
        if time is not None and sign.line.time_ns is not None:
            if sign.line.time_ns > time:
                return True
        elif host.outcome != "failed" and sign.line.place.line is not None and sign.line.place.line > line:
            return True
    return False


def _updated(marks: list[StagedSign]) -> list[StagedSign]:
    """Let a call on each CPU that failed be part of a module update where other lines show one: others of it, or a TD refused since."""

    def of_update(mark: StagedSign) -> bool:
        name = mark.seamcall.name if mark.seamcall is not None else ""
        return mark.stage == _UPDATE or (mark.stage == "td-create" and _module_gone(mark)) or name.startswith("SEAMLDR")

    if not any(of_update(mark) for mark in marks):
        return marks
    return [
        mark._replace(stage=_UPDATE) if mark.seamcall is not None and mark.seamcall.name in known.steps_of_a_cpu() else mark
        for mark in marks
    ]


def _module_gone(mark: StagedSign) -> bool:
    answer = answer_of(mark.seamcall, mark.stage) if mark.seamcall is not None else None
    return answer is not None and tables.causes()[answer.causes[0]].arises == "module-update"


def _folded(gathered: dict[str, list[StagedSign]]) -> dict[str, list[StagedSign]]:
    """Fold stages whose lines only tell results into the stage that they result from."""
    kept = dict(gathered)
    for stage, into in _FOLDING.items():
        if stage not in kept or any(mark.sign.message.outcome == "failure" for mark in kept[stage]):
            continue
        home = next((one for one in into if one in kept and any(mark.sign.message.outcome == "failure" for mark in kept[one])), None)
        if home is not None:
            kept[home] = [*kept[home], *kept.pop(stage)]
    return kept


def _by_vm(marks: list[StagedSign]) -> list[list[StagedSign]]:
    """Part what VMs ran into at one stage where each failure says whose it is and they differ; what belongs to none of them goes."""
    failures: dict[str, list[StagedSign]] = {}
    for mark in marks:
        if mark.sign.message.outcome == "failure":
            failures.setdefault(mark.sign.vm, []).append(mark)
    # A VM may be named by one program and its process by another: these cannot be told apart.
    if "" in failures or len({vm.endswith("]") for vm in failures}) != 1:
        return [marks]
    met = {vm: _met(min(found, key=lambda mark: mark.weight)) for vm, found in failures.items()}
    kinds = list(dict.fromkeys(met.values()))
    if not 1 < len(kinds) <= _PARTS:
        return [marks]
    parts: dict[tuple[object, ...], list[StagedSign]] = {kind: [] for kind in kinds}
    for mark in marks:
        if mark.sign.vm in met:
            parts[met[mark.sign.vm]].append(mark)
    return list(parts.values())


def _met(mark: StagedSign) -> tuple[object, ...]:
    """Return what a failure comes to, whatever VM it is of."""
    return mark.sign.message.id, mark.call, mark.seamcall, mark.errno


def _follows_from_the_host(case: Case) -> bool:
    """Tell whether KVM does not load, with no reason of its own, where the module did not come up."""
    return all(mark.sign.message.kind == "host-failed" for mark in case.marks)


def _repeats_the_host(case: Case) -> bool:
    """Tell whether KVM only says again what the host's failed initialisation has said."""
    return all(mark.sign.message.kind in ("host-off", "host-failed") for mark in case.marks)


def _may_be_ordinary(case: Case) -> bool:
    """Tell whether ordinary VMs print each line of a case too."""
    return all(mark.sign.message.ordinary_too for mark in case.marks)


def _stands(case: Case, shown: frozenset[str]) -> bool:
    """Tell whether a case is one of TDX: words of a shell or of a tool alone are not."""
    return any(not (needed := mark.sign.message.stands_with) or shown.intersection(needed) for mark in case.marks)
