"""What it means that a log says neither that TDX came up nor that it failed."""

from __future__ import annotations

from tdxwhy.explain.facts import BootFacts, evidence_of, goes_on
from tdxwhy.explain.outcome import Attempt
from tdxwhy.know import tables
from tdxwhy.know.rows import Fact, ReadAs
from tdxwhy.noun import NamedTuple
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
_PASTE = (
    "what the kernel says: journalctl -k -b | grep -i -e tdx -e tme",
    "whether KVM offers TDX: cat /sys/module/kvm_intel/parameters/tdx",
    "which kernel it is: uname -r",
)
_ASKED = "whether anybody asked for TDX: cat /proc/cmdline"
# What stands in a command that answers a question.
_COMMAND_OF = {
    _PASTE[0]: "tdx -e tme", _PASTE[1]: "parameters/tdx", _PASTE[2]: "uname", _ASKED: "/proc/cmdline", _PARAMETER: "parameters/tdx",
    _WHOLE_LOG: "journalctl -k -b", _FIRST_CALL: "rdmsr",
}  # fmt: skip


class Silence(NamedTuple):
    """What a silence means: an outcome, the fact that causes ask for, and what would settle what stays open."""

    outcome: Outcome
    why: str
    evidence: tuple[Evidence, ...] = ()
    fact: str = ""
    settles: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()


def interpret(boot: BootRecords, attempt: Attempt | None, facts: BootFacts) -> Silence:
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


def _holds(fact: Fact, facts: BootFacts) -> bool:
    asked = bool(facts.request.asked)
    return fact.id in facts.names and (fact.request == "" or asked is (fact.request == "asked"))


def _without_a_line(boot: BootRecords, facts: BootFacts) -> Silence:
    for fact in tables.deciding_facts():
        if fact.hinders != "only" and _holds(fact, facts):
            return _by(fact, fact.says, facts.named[fact.id][:2])
    if (stopped := _stopped(facts)) is not None:
        return stopped
    if all(_read(word, facts) for word in ("searched", "no-parameter")):
        return _stated("no-parameter", facts, also=_read("searched", facts))
    if boot.head_cut or boot.tail_cut or boot.gaps or boot.total == 0:
        return _in_a_part(boot, facts)
    if facts.request.asked:
        fact = tables.fact_found_by("no-line")
        return _by(fact, fact.says, facts.request.evidence, (_KEYIDS, _HOST_CODE))
    return Silence("not-attempted", "nobody asked for TDX, and the kernel says nothing of it")


def _read(word: ReadAs, facts: BootFacts) -> tuple[Evidence, ...]:
    """Return what carries the fact that is read as this word, nothing where it does not hold."""
    return facts.named.get(tables.fact_read_as(word).id, ())


def _stated(
    word: ReadAs, facts: BootFacts, settles: tuple[str, ...] = (), also: tuple[Evidence, ...] = (), outcome: Outcome | None = None
) -> Silence:
    fact = tables.fact_read_as(word)
    return Silence(outcome or fact.outcome or "unknown", fact.says, (*also[:2], *_read(word, facts)[:2]), fact.means, settles)


def _stopped(facts: BootFacts) -> Silence | None:
    """Say that the kernel stopped before it came to TDX, if it did."""
    evidence = _read("stopped", facts)
    if not evidence:
        return None
    why = f"{tables.fact_read_as('stopped').says} ({evidence[0].quote}); nothing shown here has to do with TDX"
    return Silence("not-attempted" if facts.kernel is not None and facts.request.asked is not None else "unknown", why, evidence[:2])


def _in_a_part(boot: BootRecords, facts: BootFacts) -> Silence:
    """Say what a piece of a log, or a text without a line of the kernel's, tells where nothing in it is of TDX."""
    if _read("memory-encryption-off", facts):
        return _stated("memory-encryption-off", facts, _filtered(boot, (_ASKED,)), outcome="unknown")._replace(
            fact="", why=f"{tables.fact_read_as('memory-encryption-off').says}; whether anybody asked for TDX does not show"
        )
    if any(record.time_ns is not None or record.wall is not None or record.level is not None for record in boot.records):
        return Silence("unknown", "no line of the log tells what came of TDX", settles=(_WHOLE_LOG,))
    if _read("compiler", facts):
        return _stated("compiler", facts, _filtered(boot, _PASTE))
    if _read("question", facts):
        return _stated("question", facts)
    own = [fact for fact in tables.facts() if fact.settles and fact.id in facts.names]
    why = "; ".join(("there is no kernel log in this", *(fact.note for fact in own)))
    return Silence("unknown", why, settles=tuple(fact.settles for fact in own) or _filtered(boot, _PASTE))


def _filtered(boot: BootRecords, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out what was typed already."""
    return tuple(one for one in asked if not any(_COMMAND_OF.get(one, one) in typed.command for typed in boot.typed))


def _after_bios_enabled(boot: BootRecords, attempt: Attempt, facts: BootFacts) -> Silence:
    evidence = (evidence_of(attempt.events[0]), *facts.request.evidence)
    on = goes_on(boot, attempt.events[-1])
    hindered = _hindered(facts, evidence) or (None if on else _stopped(facts))
    if hindered is not None:
        return hindered
    if _read("seam-off", facts):
        outcome: Outcome = "failed" if facts.request.asked or facts.asks == {"boot"} else "unknown"
        after = tables.fact_read_as("seam-off-after-keyids")
        return Silence(outcome, after.says, (*evidence, *_read("seam-off", facts)[:1]), after.id)
    whole = (on and not boot.gaps) or boot.all_of_tdx
    return _tried(boot, facts, evidence, whole) or _not_asked(boot, facts, evidence, on or boot.all_of_tdx)


def _tried(boot: BootRecords, facts: BootFacts, evidence: tuple[Evidence, ...], whole: bool) -> Silence | None:
    """Return what came of it where it is sure that initialisation was tried."""
    no_end = tables.fact_found_by("no-end")
    if whole and facts.asks == {"boot"}:
        return _by(no_end, f"this kernel initialises TDX at boot, {no_end.says}", evidence, _filtered(boot, (_FIRST_CALL,)))
    if facts.request.asked and _read("kvm-off", facts):
        why = f"TDX was asked for, {tables.fact_read_as('kvm-off').says}, and no line says why"
        return _by(no_end, why, (*evidence, *_read("kvm-off", facts)[:1]), _filtered(boot, (_FIRST_CALL,)))
    if _read("kvm-on", facts):
        return _stated("kvm-on", facts, also=evidence, outcome="initialized")
    if whole and facts.request.asked:
        return _by(no_end, f"TDX was asked for, {no_end.says}", evidence, _filtered(boot, (_PARAMETER, _FIRST_CALL)))
    return None


def _not_asked(boot: BootRecords, facts: BootFacts, evidence: tuple[Evidence, ...], on: bool) -> Silence:
    no_request = tables.fact_found_by("no-request")
    if on and facts.command_line is not None and not facts.request.asked:
        if "boot" in facts.asks:
            why = f"{_READY}, {no_request.says}, and the lines do not tell whether this kernel tries at boot"
            return Silence("unknown", why, evidence, settles=_filtered(boot, (_PARAMETER, _WHO_ASKS, _FIRST_CALL)))
        return _by(no_request, f"{_READY}, and {no_request.says}", evidence, _filtered(boot, (_PARAMETER,)))
    asked = (_PARAMETER,) if _read("kvm-off", facts) else (_WHOLE_LOG, _PARAMETER)
    return Silence("unknown", f"{_READY}, and the log does not show what came of it", evidence, settles=_filtered(boot, asked))


def _hindered(facts: BootFacts, evidence: tuple[Evidence, ...]) -> Silence | None:
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
