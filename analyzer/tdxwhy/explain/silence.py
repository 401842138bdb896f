"""What it means that a log says neither that TDX came up nor that it failed."""

from typing import NamedTuple

from tdxwhy.explain.facts import Facts, evidence_of, goes_on
from tdxwhy.explain.outcome import Attempt
from tdxwhy.know import tables
from tdxwhy.know.rows import Fact
from tdxwhy.records import BootRecords, Evidence, Outcome

_WHOLE_LOG = "the whole kernel log from boot on: journalctl -k -b, or dmesg without a filter"
_PARAMETER = "whether KVM was asked: cat /sys/module/kvm_intel/parameters/tdx; grep -r tdx /etc/modprobe.d"
_KEYIDS = "whether firmware gave TDX any KeyIDs: rdmsr 0x87 (bits 63:32 count the private ones)"
_HOST_CODE = "whether this kernel can host TDX: grep TDX /boot/config-$(uname -r)"
_FIRST_CALL = "why the first SEAMCALL failed without a word: rdmsr -a 0x3a (VMX), rdmsr 0x1401 (SEAM ranges), rdmsr 0x87 (KeyIDs)"
_WHO_ASKS = (
    "whether this kernel waits for KVM or tries at boot: modprobe kvm_intel tdx=1; dmesg | grep -i tdx (one that waits shows it now)"
)


_READY = "firmware has TDX ready"


class Silence(NamedTuple):
    """What a silence means: an outcome, the fact that causes ask for, and what would settle what stays open."""

    outcome: Outcome
    why: str
    evidence: tuple[Evidence, ...] = ()
    fact: str = ""
    settles: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()


def interpret(boot: BootRecords, attempt: Attempt | None, facts: Facts) -> Silence:
    """Interpret a boot without a closing line of TDX."""
    fault = tables.fact_found_by("trace")
    if fault.id in facts.names:
        return _by(fault, fault.says, facts.named[fault.id])._replace(fact="", steps=facts.faulted)
    if attempt is None:
        return _without_a_line(boot, facts)
    begun = attempt.events[-1]
    if any(event.form and event.form.step not in (None, tables.opening_step()) for event in attempt.events):
        return Silence(
            "unknown",
            "initialisation began, and the log ends or has a gap before its end",
            (evidence_of(begun),),
            settles=(_WHOLE_LOG,),
        )
    return _after_bios_enabled(boot, attempt, facts)


def _by(fact: Fact, why: str, evidence: tuple[Evidence, ...], settles: tuple[str, ...] = ()) -> Silence:
    return Silence(fact.outcome or "unknown", why, evidence, fact.means or fact.id, settles)


def _holds(fact: Fact, facts: Facts) -> bool:
    asked = bool(facts.request.asked)
    return fact.id in facts.names and (fact.request == "" or asked is (fact.request == "asked"))


def _without_a_line(boot: BootRecords, facts: Facts) -> Silence:
    for fact in tables.deciding_facts():
        if fact.hinders != "only" and _holds(fact, facts):
            return _by(fact, fact.says, facts.named[fact.id][:2])
    if boot.head_cut or boot.tail_cut or boot.gaps or boot.total == 0:
        return Silence("unknown", "no line of the log tells what came of TDX", settles=(_WHOLE_LOG,))
    if facts.request.asked:
        fact = tables.fact_found_by("no-line")
        return _by(fact, fact.says, facts.request.evidence, (_KEYIDS, _HOST_CODE))
    return Silence("not-attempted", "nobody asked for TDX, and the kernel says nothing of it")


def _after_bios_enabled(boot: BootRecords, attempt: Attempt, facts: Facts) -> Silence:
    evidence = (evidence_of(attempt.events[0]), *facts.request.evidence)
    whole = goes_on(boot, attempt.events[-1]) and not boot.gaps
    hindered = _hindered(facts, evidence)
    if hindered is not None:
        return hindered
    no_end, no_request = tables.fact_found_by("no-end"), tables.fact_found_by("no-request")
    if whole and facts.asks == {"boot"}:
        return _by(no_end, f"this kernel initialises TDX at boot, {no_end.says}", evidence, (_FIRST_CALL,))
    if whole and facts.request.asked:
        return _by(no_end, f"TDX was asked for, {no_end.says}", evidence, (_PARAMETER, _FIRST_CALL))
    if goes_on(boot, attempt.events[-1]) and facts.command_line is not None and not facts.request.asked:
        if "boot" in facts.asks:
            why = f"{_READY}, {no_request.says}, and the lines do not tell whether this kernel tries at boot"
            return Silence("unknown", why, evidence, settles=(_PARAMETER, _WHO_ASKS, _FIRST_CALL))
        return _by(no_request, f"{_READY}, and {no_request.says}", evidence, (_PARAMETER,))
    return Silence("unknown", f"{_READY}, and the log does not show what came of it", evidence, settles=(_WHOLE_LOG, _PARAMETER))


def _hindered(facts: Facts, evidence: tuple[Evidence, ...]) -> Silence | None:
    """Say what kept a request from reaching KVM, if something did and the kernel waits for one."""
    if facts.asks == {"boot"}:
        return None
    for fact in tables.deciding_facts():
        if fact.hinders and _holds(fact, facts):
            settles = (_PARAMETER,) if fact.request else ()
            return _by(fact, f"{_READY}, and {fact.says}", (*evidence, *facts.named[fact.id][:1]), settles)
    if facts.request.asked is False:
        return _by(tables.fact_found_by("no-request"), "the command line keeps TDX off", evidence)
    return None
