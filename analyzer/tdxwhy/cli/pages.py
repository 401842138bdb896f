"""The pages of `tdxwhy explain`, each made of the rows that know a name."""

from __future__ import annotations

from collections.abc import Iterator

from tdxwhy.digits import is_whole
from tdxwhy.errors import TdxwhyError
from tdxwhy.incident import tables as incidents
from tdxwhy.incident.rows import IncidentCause
from tdxwhy.know import decode, tables
from tdxwhy.know.rows import Cause, FirmwareStep, GenerationRow, Step
from tdxwhy.report.explained import Page

_SIGNS = 6
_LEAST = 3


def pages_on(name: str) -> list[Page]:
    """Return the pages on a name: one of each kind that knows it; a name with blanks may be given with dashes, in any case."""
    found = list(_all(name.strip().lower()))
    if not found and name.upper().startswith("TDX") and is_whole(name[3:]):
        from tdxwhy.check.catalogue import find
        from tdxwhy.report.rule_page import page

        return [Page("rule", name.upper(), text=page(find(name.upper(), [])))]
    if not found:
        raise TdxwhyError(f"nothing is known by the name {name!r}", _near(name))
    return found


def _all(name: str) -> Iterator[Page]:
    yield from (_of_step(step) for step in tables.step_rows() if step.id.lower() == name)
    yield from (_of_cause(cause) for cause in tables.causes() if cause.id == name)
    yield from (_of_incident(cause) for cause in incidents.causes().values() if cause.id == name)
    yield from (_of_stage(stage.id, stage.failed, stage.settle) for stage in incidents.stages() if stage.id == name)
    word = name.partition("=")[0].replace("-", "_")
    for parameter in tables.parameters():
        if word in (parameter.name.lower().replace("-", "_"), parameter.name.lower().rpartition(".")[2] if "." in parameter.name else ""):
            yield Page("parameter", parameter.name, parameter.meaning, source=parameter.source)
    yield from _of_kernel(name)
    yield from (Page("term", term.id, term.meaning, term.shows, source=term.source) for term in tables.terms() if _is(name, term.id))
    yield from _of_firmware(name)
    yield from _decoded(name)


def _is(name: str, known: str) -> bool:
    return name.replace("-", " ").rstrip("s") == known.lower().replace("-", " ").rstrip("s")


def _of_step(step: Step) -> Page:
    functions = ", ".join(f"{function}()" for function in step.functions)
    met = [cause.id for cause in tables.causes() if any(when.step == step.id for when in cause.when)]
    shows = f"{step.failure} ... ({functions})" if functions else ""
    return Page("step", step.id, step.meaning, shows, tuple(met), "", step.source)


def _of_cause(cause: Cause) -> Page:
    signs = [sign for when in cause.when if (sign := _sign(when.form, when.status, when.step))]
    steps = {when.step for when in cause.when if when.step}
    near = [one.id for one in tables.causes() if one.id != cause.id and any(when.step in steps for when in one.when)]
    todo = cause.advice + (f"\n$ {cause.command}" if cause.command else "")
    if cause.id in incidents.checklists():
        todo += "\n" + _checklist()
    shows = "\n".join(list(dict.fromkeys(signs))[:_SIGNS])
    apart = "\n".join(line for id in near[:_SIGNS] if (line := _apart(cause, tables.cause(id))))
    return Page("cause", cause.id, f"{cause.title}. {cause.meaning}", shows, tuple(near), todo, cause.source, apart=apart)


def _apart(cause: Cause, neighbour: Cause) -> str:
    """Return what leads to a neighbour and not to the cause, "" where nothing does."""
    facts = {fact.id: fact.meaning for fact in tables.facts()}

    def signs(one: Cause) -> dict[str, None]:
        found = [(tables.form(when.form).example if when.form else facts.get(when.fact, "")) for when in one.when]
        return dict.fromkeys(sign for sign in found if sign)

    own = signs(cause)
    told = next((sign for sign in signs(neighbour) if sign not in own), "")
    return f"{neighbour.id}: {told}" if told else ""


def _of_incident(cause: IncidentCause) -> Page:
    """Return the page on a cause of what goes wrong later: the messages that can lead to it, and what tells it from their other causes."""
    messages = [message for message in incidents.messages() if cause.id in message.causes]
    near = [one for message in messages for one in message.causes if one != cause.id]
    todo = "\n".join(
        line
        for step in cause.action
        if not step.needs
        for line in (step.text, *((f"$ {step.command}",) if step.command and "{" not in step.command else ()))
        if "{" not in line
    )
    return Page(
        "cause of an incident",
        cause.id,
        f"{cause.title[:1].upper()}{cause.title[1:]}. {cause.meaning}",
        "\n".join(dict.fromkeys(message.example or message.format for message in messages[:_SIGNS])),
        tuple(dict.fromkeys(near)),
        todo,
        cause.source,
        apart="\n".join(dict.fromkeys(settle.text for settle in cause.settle)),
    )


def _of_stage(id: str, failed: str, settle: str) -> Page:
    causes = [cause for message in incidents.messages() if message.stage == id for cause in message.causes]
    shows = [message.example for message in incidents.messages() if message.stage == id and message.example]
    return Page(
        "stage", id, f"{failed[:1].upper()}{failed[1:]}.", "\n".join(shows[:_SIGNS]), tuple(dict.fromkeys(causes)), apart=settle,
        source="rules/incident/stages.toml",
    )  # fmt: skip


def _of_kernel(name: str) -> Iterator[Page]:
    """Yield the page on a generation, or on the one that a kernel's release belongs to."""
    exact = [generation for generation in tables.generations() if generation.id.lower() == name]
    for generation in exact or ([tables.generation_of_release(name)] if tables.is_release(name) else []):
        yield _of_generation(generation, "" if exact else name)


def _of_generation(generation: GenerationRow, release: str) -> Page:
    who = (
        "The kernel initialises TDX while it boots." if generation.asks == "boot" else "TDX is initialised when KVM asks (kvm_intel.tdx=1)."
    )
    lacks = f" Its steps lack {', '.join(generation.lacks)}." if generation.lacks else ""
    told = f"{release} is taken for this by its number; distributions backport, so a log decides better. " if release else ""
    return Page(
        "generation",
        generation.id,
        f"{told}{generation.title}: {generation.kernels}. {who}{lacks}",
        todo=f"$ tdxwhy forms {generation.id}",
        source=generation.source,
    )


def _of_firmware(name: str) -> Iterator[Page]:
    if name in ("firmware", "bios", "checklist", "firmware checklist", "firmware-checklist"):
        yield Page(
            "checklist",
            "firmware",
            "The firmware set-up of a TDX host, in the order in which one option shows the next.",
            todo=_checklist(),
        )
        return
    words = _words(name)
    for step in tables.firmware_steps():
        if len(words) >= _LEAST and f" {words} " in f" {_words(step.name)} ":
            yield _of_option(step)
    for vendor in tables.firmware_vendors():
        if name == vendor.name.lower():
            yield Page("firmware of", vendor.name, vendor.path, source=vendor.source)


def _words(name: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def _of_option(step: FirmwareStep) -> Page:
    todo = f"Set it: {step.set}." + (f"\nProof: {step.proof}." if step.proof else "")
    return Page("firmware option", step.name, f"How sure: {step.sure}.", step.symptom, todo=todo, source=step.source)


def _checklist() -> str:
    return "\n".join(f"{number}. {step.name}: {step.set}" for number, step in enumerate(tables.firmware_steps(), 1))


def _decoded(name: str) -> Iterator[Page]:
    from tdxwhy.cli.decode import meanings

    try:
        found = meanings(name if name[:2] == "0x" or is_whole(name.lstrip("-")) else name.upper())
    except TdxwhyError:
        return
    for one in found:
        step = str(one.get("step") or "")
        text = " ".join(str(one.get(key) or "") for key in ("meaning", "detail")).strip()
        causes = tuple(cause.id for cause in tables.causes() if any(when.status == one["name"] for when in cause.when))
        near = causes if str(one["kind"]) == "status" else (step,) if step else ()
        yield Page(
            str(one["kind"]),
            f"{one['name']} ({one['value']})",
            text,
            near=near,
            todo=str(one.get("action") or ""),
            source=str(one.get("source") or ""),
        )


def _sign(form: str, status: str, step: str) -> str:
    if form:
        return tables.form(form).example
    return " at ".join(part for part in (status, step) if part)


def _near(name: str) -> str:
    from tdxwhy.check.catalogue import rules_of
    from tdxwhy.errors import nearest

    known = list(tables.steps()) + [cause.id for cause in tables.causes()] + [one.name for one in tables.parameters()]
    known += [one.id for one in tables.generations()] + [one.id for one in tables.terms()] + [step.name for step in tables.firmware_steps()]
    known += [row.name for row in decode.statuses()] + decode.leaf_names()
    known += [*incidents.causes(), *(stage.id for stage in incidents.stages()), *(rule.id for rule in rules_of())]
    return nearest(name, known) or "tdxwhy explain PAMT, or the name of a step, cause, stage, parameter, status, leaf, rule or kernel"
