"""What answers to commands, pasted beside a log, add to it: nothing is asked that is there, and a silence that is whole counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tdxwhy.explain.nouns import Action, Diagnosis, FoundCause
from tdxwhy.incident import tables
from tdxwhy.incident.evidence import PastedEvidence
from tdxwhy.incident.nouns import PastedFact, PasteLine
from tdxwhy.incident.rows import Pasted
from tdxwhy.know import tables as known
from tdxwhy.lazy import lazy
from tdxwhy.records import Evidence as Quote

_SETTLES, _CAUSES = 3, 3
# Steps that one action names.
_AT_ONCE = 4
_KEYIDS = lazy(r"private KeyID range \[\d")
_REASONS = {"failed": "TDX did not come up. {}.", "not-attempted": "TDX was not attempted: {}.", "initialized": "TDX came up: {}."}
_MACHINE = lazy(r"DMI: |Manufacturer: |Hardware name: |Product Name: ")


def amended(diagnosis: Diagnosis, evidence: PastedEvidence, lines: Sequence[PasteLine]) -> Diagnosis:
    """Return the diagnosis with what the paste shows beside the log."""
    if diagnosis.role == "guest":
        return diagnosis
    found = _judged(diagnosis, evidence) or diagnosis
    settles = tuple(text for text in found.settles if not _is_there(text, evidence))[:_SETTLES]
    actions = found.actions
    if any(cause.id in tables.checklists() for cause in found.causes[:1]):
        actions = tuple(checklist(lines))
    return _with_more(found._replace(settles=settles, actions=actions), evidence)


def _with_more(diagnosis: Diagnosis, evidence: PastedEvidence) -> Diagnosis:
    """Add what else would keep TDX off once the first cause of a failure is mended."""
    for row in tables.besides() if diagnosis.outcome == "failed" else ():
        fact = evidence.last(row.fact)
        if fact is None or evidence.facts.keys() & set(row.without) or any(one.id == row.cause for one in diagnosis.causes):
            continue
        cause = known.cause(row.cause)
        more = FoundCause(row.cause, cause.title, cause.meaning, (_quoted(fact),))
        action = Action(cause.advice, cause.command)
        diagnosis = diagnosis._replace(causes=(*diagnosis.causes, more)[:_CAUSES], actions=(*diagnosis.actions, action))
    return diagnosis


def _is_there(text: str, evidence: PastedEvidence) -> bool:
    asked = next((row.brings for row in tables.questions() if row.words in text), None)
    return asked is not None and asked in evidence.brought


def _judged(diagnosis: Diagnosis, evidence: PastedEvidence) -> Diagnosis | None:
    """Judge anew what was left open, by the first row whose facts the paste shows."""
    if diagnosis.outcome not in ("unknown", "not-attempted"):
        return None
    shown = evidence.facts.keys()
    for row in tables.pasted():
        if shown >= set(row.facts) and not shown & set(row.without) and (not row.any or shown & set(row.any)):
            return _by(row, diagnosis, evidence)
    return None


def _by(row: Pasted, diagnosis: Diagnosis, evidence: PastedEvidence) -> Diagnosis:
    facts = [fact for name in row.quotes if (fact := evidence.last(name)) is not None]
    quotes = tuple(map(_quoted, facts))
    cause = known.cause(row.cause) if row.cause else None
    return diagnosis._replace(
        outcome=row.outcome,
        reason=_REASONS[row.outcome].format(row.why if row.outcome != "failed" else f"{row.why[:1].upper()}{row.why[1:]}"),
        steps=(row.step,) if row.step else (),
        causes=(FoundCause(row.cause, cause.title, cause.meaning, quotes),) if cause is not None else (),
        actions=(Action(cause.advice, cause.command),) if cause is not None else (),
        evidence=quotes,
        settles=(),
        role="host" if diagnosis.role == "unknown" else diagnosis.role,
    )


def _quoted(fact: PastedFact) -> Quote:
    return Quote(fact.line.place, fact.line.text.strip()[:240])


def checklist(lines: Sequence[PasteLine]) -> Iterator[Action]:
    """Yield the firmware set-up in its order, with what proves each step, and where this machine's vendor keeps it.

    Steps without which there are no private KeyIDs are left out where a line shows some.
    """
    keyids = any(_KEYIDS.search(line.text) for line in lines)
    steps = [step for step in known.firmware_steps() if step.kind == "option" and not (keyids and step.keyids_prove)]
    done = ", ".join(step.name for step in known.firmware_steps() if keyids and step.keyids_prove)
    told = [f"{number}. {step.name}: {step.set}" for number, step in enumerate(steps, 1)]
    yield Action(f"Go through the firmware set-up in this order, with a reboot between: {'; '.join(told[:_AT_ONCE])}.")
    if told[_AT_ONCE:]:
        yield Action(f"Then: {'; '.join(told[_AT_ONCE:])}.")
    machine = " ".join(line.text for line in lines if _MACHINE.search(line.text))
    yield from (Action(f"{vendor.name}: {vendor.path}") for vendor in known.vendors_named(machine))
    proofs = [step.proof for step in steps if "0x1401" in step.proof or "0x87" in step.proof]
    proved = f" The private KeyIDs prove the rest ({done})." if done else ""
    yield Action(f"Prove it: {'; '.join(proofs)}.{proved}", "sudo modprobe msr; sudo rdmsr -a 0x1401; sudo rdmsr 0x87; sudo rdmsr 0x982")
    yield Action(
        "Populate slot 0 of every memory channel with equal DIMMs on all sockets, update the BIOS, and put the module into EFI/TDX of "
        "the EFI system partition if firmware carries none."
    )
