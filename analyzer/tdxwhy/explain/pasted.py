"""What answers to commands, pasted beside a log, add to it: nothing is asked that is there, and a silence that is whole counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tdxwhy.explain.nouns import Action, Diagnosis, FoundCause, Note
from tdxwhy.incident import tables
from tdxwhy.incident.evidence import Evidence
from tdxwhy.incident.nouns import Fact, Line
from tdxwhy.know import tables as known
from tdxwhy.lazy import lazy
from tdxwhy.records import Evidence as Quote
from tdxwhy.records import Outcome

_SETTLES = 3
# What an open question asks for, by a word of its command.
_ASKED = (
    ("kvm_intel/parameters", "parameter"),
    ("dmesg without a filter", "tdx-lines"),
    ("rdmsr -a 0x3a", "msr-1401"),
    ("rdmsr 0x87", "msr-87"),
    ("/boot/config", "kernel-config"),
    ("modprobe kvm_intel", "parameter"),
)
_MACHINE = lazy(r"DMI: |Manufacturer: |Hardware name: |Product Name: ")
_FIRST = "TDH.SYS.INIT"


def amended(diagnosis: Diagnosis, evidence: Evidence, lines: Sequence[Line]) -> Diagnosis:
    """Return the diagnosis with what the paste shows beside the log."""
    if diagnosis.role == "guest":
        return diagnosis
    found = _by_parameter(diagnosis, evidence) or diagnosis
    settles = tuple(text for text in found.settles if not _is_there(text, evidence))[:_SETTLES]
    notes = (*found.notes, *_notes(evidence))
    actions = found.actions
    if any(cause.id in _FIRMWARE for cause in found.causes[:1]):
        actions = tuple(checklist(lines))
    return found._replace(settles=settles, notes=notes, actions=actions)


_FIRMWARE = ("seam-not-enabled",)


def _is_there(text: str, evidence: Evidence) -> bool:
    asked = next((brings for word, brings in _ASKED if word in text), None)
    return asked is not None and asked in evidence.brought


def _by_parameter(diagnosis: Diagnosis, evidence: Evidence) -> Diagnosis | None:
    """Judge anew what was left open, by the parameter file and by whether all TDX lines are shown."""
    if diagnosis.outcome not in ("unknown", "not-attempted"):
        return None
    absent = evidence.last("parameter-absent")
    if absent is not None and "tdx-lines-none" in evidence:
        why = "no TDX line was printed, and kvm_intel has no parameter tdx: this kernel has no TDX host code"
        return _judged(diagnosis, "not-attempted", "kernel-without-tdx", why, (absent,))
    keyids = evidence.last("keyid-range")
    return _of_ready_firmware(diagnosis, evidence, keyids) if keyids is not None else None


def _of_ready_firmware(diagnosis: Diagnosis, evidence: Evidence, keyids: Fact) -> Diagnosis | None:
    off, asked = evidence.last("parameter-off"), evidence.last("asked")
    if "seam-range-off" in evidence:
        why = "firmware gave TDX its KeyIDs, but SEAM range registers are off, so that the first SEAMCALL faults"
        return _judged(diagnosis, "failed", "seam-not-enabled", why, (keyids, evidence.facts["seam-range-off"][-1]))
    if off is not None and asked is not None and evidence.facts.keys() & {"tdx-lines-all", "kvm-intel-loaded"}:
        why = "TDX was asked for, KVM is loaded, its parameter tdx reads N, and no line says why, as when the first SEAMCALL faults"
        return _judged(diagnosis, "failed", "seam-not-enabled", why, (asked, keyids, off))
    if off is not None and asked is None and "command-line" in evidence:
        why = "firmware has TDX ready, the command line does not ask for it, and kvm_intel's parameter tdx reads N"
        return _judged(diagnosis, "not-attempted", "tdx-not-requested", why, (keyids, off))
    return None


def _judged(diagnosis: Diagnosis, outcome: Outcome, cause: str, why: str, facts: Sequence[Fact]) -> Diagnosis:
    quotes = tuple(Quote(fact.line.place, fact.line.text.strip()[:240]) for fact in facts)
    row = known.cause(cause)
    failed = outcome == "failed"
    reason = f"TDX did not come up. {why[:1].upper()}{why[1:]}." if failed else f"TDX was not attempted: {why}."
    return diagnosis._replace(
        outcome=outcome,
        reason=reason,
        steps=(_FIRST,) if failed else (),
        causes=(FoundCause(cause, row.title, row.meaning, quotes),),
        actions=(Action(row.advice, row.command),),
        evidence=quotes,
        settles=(),
        role="host" if diagnosis.role == "unknown" else diagnosis.role,
    )


def _notes(evidence: Evidence) -> Iterator[Note]:
    fact = evidence.last("msr-registration")
    if fact is not None:
        text = (
            f"MSR 0xa0 reads 0x{fact.value} and not 0: SGX and MCHECK did not finish, as a rule because registration data of SGX are "
            "corrupt; set SGX Factory Reset in the firmware set-up once and boot again"
        )
        yield Note(text, (Quote(fact.line.place, fact.line.text.strip()[:240]),))


def checklist(lines: Sequence[Line]) -> Iterator[Action]:
    """Yield the firmware set-up in its order, with what proves each step, and where this machine's vendor keeps it."""
    steps = "; ".join(f"{number}. {step.name}: {step.set}" for number, step in enumerate(tables.firmware(), 1))
    yield Action(f"Go through the firmware set-up in this order, with a reboot between: {steps}.")
    told = " ".join(line.text for line in lines if _MACHINE.search(line.text))
    for vendor in tables.vendors():
        if told and lazy(vendor.match).search(told):
            yield Action(f"{vendor.name}: {vendor.path}")
    proofs = [step.proof for step in tables.firmware() if "0x1401" in step.proof or "0x87" in step.proof]
    yield Action(f"Prove it: {'; '.join(proofs)}.", "sudo modprobe msr; sudo rdmsr -a 0x1401; sudo rdmsr 0x87; sudo rdmsr 0x982")
    yield Action(
        "Populate slot 0 of every memory channel with equal DIMMs on all sockets, update the BIOS, and put the module into EFI/TDX of "
        "the EFI system partition if firmware carries none."
    )
