"""What it means that a log says neither that TDX came up nor that it failed."""

from typing import NamedTuple

from tdxwhy.explain.facts import Facts, evidence_of, goes_on
from tdxwhy.explain.outcome import Attempt
from tdxwhy.records import BootRecords, Evidence, Outcome

_WHOLE_LOG = "the whole kernel log from boot on: journalctl -k -b, or dmesg without a filter"
_PARAMETER = "whether KVM was asked: cat /sys/module/kvm_intel/parameters/tdx; grep -r tdx /etc/modprobe.d"
_KEYIDS = "whether firmware gave TDX any KeyIDs: rdmsr 0x87 (bits 63:32 count the private ones)"
_FIRST_CALL = "why the first SEAMCALL failed without a word: rdmsr -a 0x3a (VMX), rdmsr 0x1401 (SEAM ranges), rdmsr 0x87 (KeyIDs)"
_WHO_ASKS = (
    "whether this kernel waits for KVM or tries at boot: modprobe kvm_intel tdx=1; dmesg | grep -i tdx (one that waits shows it now)"
)


# Facts that settle a log without a line of TDX, the strongest first.
_STATED: tuple[tuple[str, Outcome, str], ...] = (
    ("bios-off", "disabled-by-bios", "firmware has TDX switched off"),
    ("other-vendor", "not-attempted", "this is no Intel CPU"),
    ("kvm-without-tdx", "not-attempted", "the KVM of this kernel knows nothing of TDX"),
    ("built-without-tdx", "not-attempted", "this kernel is built without TDX host code"),
    ("keyids-present", "not-attempted", "firmware has given TDX its KeyIDs, and the kernel says nothing of TDX"),
)
_CAUSE_OF = {"keyids-present": "kernel-without-tdx"}


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
    if "fault-in-init" in facts.names:
        return Silence("failed", "the kernel faulted inside initialisation", facts.named["fault-in-init"], steps=facts.faulted)
    if attempt is None:
        return _without_a_line(boot, facts)
    begun = attempt.events[-1]
    if any(event.form and event.form.step not in (None, "early-init") for event in attempt.events):
        return Silence(
            "unknown",
            "initialisation began, and the log ends or has a gap before its end",
            (evidence_of(begun),),
            settles=(_WHOLE_LOG,),
        )
    return _after_bios_enabled(boot, attempt, facts)


def _without_a_line(boot: BootRecords, facts: Facts) -> Silence:
    for fact, outcome, why in _STATED:
        if fact in facts.names:
            return Silence(outcome, why, facts.named[fact][:2], _CAUSE_OF.get(fact, fact))
    if facts.request.asked and "tme-off" in facts.names:
        why = "firmware has memory encryption off, without which TDX gets no KeyIDs"
        return Silence("disabled-by-bios", why, facts.named["tme-off"][:2], "tme-off-after-request")
    if boot.head_cut or boot.tail_cut or boot.gaps or boot.total == 0:
        return Silence("unknown", "no line of the log tells what came of TDX", settles=(_WHOLE_LOG,))
    if facts.request.asked:
        return Silence(
            "not-attempted",
            "TDX was asked for, and the kernel says nothing of it: no private KeyIDs, or no TDX host code in this kernel",
            facts.request.evidence,
            "no-line-after-request",
            (_KEYIDS, "whether this kernel can host TDX: grep TDX /boot/config-$(uname -r)"),
        )
    return Silence("not-attempted", "nobody asked for TDX, and the kernel says nothing of it")


def _after_bios_enabled(boot: BootRecords, attempt: Attempt, facts: Facts) -> Silence:
    evidence = (evidence_of(attempt.events[0]), *facts.request.evidence)
    begun = attempt.events[-1]
    whole = goes_on(boot, begun) and not boot.gaps
    hindered = _hindered(facts, evidence)
    if hindered is not None:
        return hindered
    if whole and facts.asks == {"boot"}:
        why = "this kernel initialises TDX at boot, the log goes on, and neither success nor failure was printed"
        return Silence("failed", why, evidence, "silence-after-bios-enabled", (_FIRST_CALL,))
    if whole and facts.request.asked:
        why = "TDX was asked for, the log goes on, and neither success nor failure was printed"
        return Silence("failed", why, evidence, "silence-after-bios-enabled", (_PARAMETER, _FIRST_CALL))
    if goes_on(boot, begun) and facts.command_line is not None and not facts.request.asked:
        if "boot" in facts.asks:
            why = "firmware has TDX ready, nothing in the log asks for it, and the lines do not tell whether this kernel tries at boot"
            return Silence("unknown", why, evidence, settles=(_PARAMETER, _WHO_ASKS, _FIRST_CALL))
        return Silence(
            "not-attempted",
            "firmware has TDX ready, and nothing in the log asks for it",
            evidence,
            "not-requested",
            (_PARAMETER,),
        )
    return Silence(
        "unknown", "firmware has TDX ready, and the log does not show what came of it", evidence, settles=(_WHOLE_LOG, _PARAMETER)
    )


def _hindered(facts: Facts, evidence: tuple[Evidence, ...]) -> Silence | None:
    """Say what kept a request from reaching KVM, if something did."""
    if "parameter-misspelt" in facts.names and not facts.request.asked:
        return Silence("not-attempted", "the request for TDX is misspelt", (*facts.named["parameter-misspelt"],), settles=(_PARAMETER,))
    if "kvm-without-tdx" in facts.names and facts.asks != {"boot"}:
        why = "firmware has TDX ready, and the KVM of this kernel knows nothing of TDX"
        return Silence("not-attempted", why, (*evidence, *facts.named["kvm-without-tdx"][:1]), "kvm-without-tdx")
    if "kvm-not-loaded" in facts.names and facts.asks != {"boot"}:
        why = "firmware has TDX ready, and KVM, which asks for it unless the kernel does by itself, could not be loaded"
        return Silence("not-attempted", why, (*evidence, *facts.named["kvm-not-loaded"][:1]), "kvm-not-loaded")
    if facts.request.asked is False:
        return Silence("not-attempted", "the command line keeps TDX off", evidence, "not-requested")
    return None
