"""The knowledge as typed tables, each read when it is first asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache, lru_cache
from itertools import product

from tdxwhy.digits import is_whole
from tdxwhy.know.rows import (
    Asks,
    Cause,
    CpuLimit,
    Fact,
    FirmwareStep,
    FirmwareVendor,
    FoundBy,
    GenerationRow,
    Parameter,
    ReadAs,
    Shown,
    SignRow,
    Step,
    Term,
    When,
)
from tdxwhy.know.stored import rows
from tdxwhy.lazy import lazy
from tdxwhy.records import MessageForm


@cache
def forms() -> tuple[MessageForm, ...]:
    """Return every message form, in the order of the files."""
    return rows("FORM", MessageForm)


@cache
def forms_by_id() -> dict[str, MessageForm]:
    """Return every message form by its id."""
    return {form.id: form for form in forms()}


def form(id: str) -> MessageForm:
    """Return the form with this id."""
    return forms_by_id()[id]


@cache
def _forms_by_format() -> dict[str, tuple[MessageForm, ...]]:
    found: dict[str, tuple[MessageForm, ...]] = {}
    for one in forms():
        found[one.format] = (*found.get(one.format, ()), one)
    return found


def alike(one: MessageForm) -> tuple[MessageForm, ...]:
    """Return the rows with the same format as `one`, itself among them: a line without its level can be any of them."""
    return _forms_by_format()[one.format]


def generations_of(one: MessageForm) -> frozenset[str]:
    """Return the generations that print this format in whatever level; empty for a vendor's or a documented wording."""
    return frozenset(generation for row in alike(one) for generation in row.generations)


@cache
def generations() -> tuple[GenerationRow, ...]:
    """Return the generations, oldest first."""
    return rows("GENERATION", GenerationRow)


def generation_since(release: str | None, among: Collection[str]) -> GenerationRow:
    """Guess a generation from a release such as "6.8.0-1028-intel", the newest without one; `among` are the ids that will do.

    A guess, for what is asked before there is a log; what became of a boot is never decided by it.
    """
    known = sorted((one for one in generations() if one.since and one.id in among), key=lambda one: one.since)
    numbers = release_numbers(release or "")
    reached = [one for one in known if one.since <= numbers] or known[:1]
    return reached[-1] if len(numbers) == 2 else known[-1]


def release_numbers(release: str) -> tuple[int, ...]:
    """Return the first two numbers of a release; fewer where it has no more."""
    parts = release.replace("-", ".").replace("+", ".").split(".")[:2]
    return tuple(int(number) for number in parts if is_whole(number, 9))


def is_release(text: str) -> bool:
    """Tell whether a text is a kernel's release as `uname -r` prints it, its number alone or with what a distribution adds."""
    found = lazy(r"v?([3-9]|1\d)\.[12]?\d(?!\d)(?:[.+-]\S{0,100})?$").match(text)
    return found is not None and int(found[1]) <= max(one.since[0] for one in generations() if one.since) + 1


def generation_of_release(release: str) -> GenerationRow:
    """Return the generation that a release belongs to by its number."""
    return generation_since(release.removeprefix("v"), [one.id for one in generations()])


def asks(generation: str) -> Asks | None:
    """Return who starts initialisation in a generation, None for one that is not known."""
    return next((one.asks for one in generations() if one.id == generation), None)


@cache
def steps() -> tuple[str, ...]:
    """Return the steps of host initialisation in their order."""
    return tuple(step.id for step in step_rows())


def opening_step() -> str:
    """Return the step that comes before the module is asked for anything."""
    return steps()[0]


@cache
def spread_steps() -> frozenset[str]:
    """Return the steps that run on each CPU or once a package; the others are taken once, by whatever CPU comes first."""
    return frozenset(step.id for step in step_rows() if step.runs != "once")


@cache
def steps_of_a_cpu() -> tuple[str, ...]:
    """Return the steps that a CPU takes once more when it comes online later."""
    return tuple(step.id for step in step_rows() if step.runs == "each-cpu")


def failure_of(step: str) -> str:
    """Return how a message should begin that says this step failed, such as "failed to configure module"."""
    return next((one.failure for one in step_rows() if one.id == step), f"failed at {step}")


# What begins the sentence where the step is not known.
FAILED_SOMEWHERE = "failed to initialise TDX"


def steps_of(generation: str | None) -> tuple[str, ...]:
    """Return the steps that a generation takes, in their order; all of them where it is not known."""
    lacks = next((one.lacks for one in generations() if one.id == generation), ())
    return tuple(step for step in steps() if step not in lacks)


@cache
def functions() -> dict[str, str]:
    """Return the kernel functions that belong to one step, and that step."""
    return {function: step.id for step in step_rows() for function in step.functions}


@cache
def parameters() -> tuple[Parameter, ...]:
    """Return the kernel parameters that matter to TDX."""
    return rows("PARAMETER", Parameter)


@cache
def _limits() -> dict[str, CpuLimit]:
    return {one.name: one.limits for one in parameters()}


def limits_of(parameter: str) -> CpuLimit:
    """Return how a parameter of the command line keeps CPUs away, "" if it does not."""
    return _limits().get(parameter, "")


@cache
def facts() -> tuple[Fact, ...]:
    """Return what only the whole log, its topology or a host report tells."""
    return rows("FACT", Fact)


def fact_found_by(word: FoundBy) -> Fact:
    """Return the fact that this part of the program finds."""
    return next(fact for fact in facts() if fact.found_by == word)


def fact_read_as(word: ReadAs) -> Fact:
    """Return the fact that this part of the program reads beside others."""
    return next(fact for fact in facts() if fact.read_as == word)


def deciding_facts() -> tuple[Fact, ...]:
    """Return the facts that settle a boot without a closing line of TDX, the strongest first."""
    return tuple(sorted((fact for fact in facts() if fact.rank), key=lambda fact: fact.rank))


@cache
def shown() -> tuple[Shown, ...]:
    """Return what a paste can show beside its log, and the facts that it states."""
    return rows("SHOWN", Shown)


@cache
def step_rows() -> tuple[Step, ...]:
    """Return the steps with all that is known of them, in their order."""
    return rows("STEP", Step)


@cache
def terms() -> tuple[Term, ...]:
    """Return the words of the field."""
    return rows("TERM", Term)


@cache
def firmware_steps() -> tuple[FirmwareStep, ...]:
    """Return the steps of a host's firmware set-up in their order."""
    return rows("FIRMWARE_STEP", FirmwareStep)


@cache
def firmware_vendors() -> tuple[FirmwareVendor, ...]:
    """Return where vendors keep these options."""
    return rows("FIRMWARE_VENDOR", FirmwareVendor)


def vendors_named(machine: str) -> Iterator[FirmwareVendor]:
    """Yield the vendors that what a machine says of itself names."""
    yield from (vendor for vendor in firmware_vendors() if machine and lazy(vendor.match).search(machine))


@cache
def signs() -> tuple[SignRow, ...]:
    """Return what tells whose log it is, the surest first."""
    return tuple(sorted(rows("SIGN", SignRow), key=lambda sign: sign.rank))


@cache
def causes() -> tuple[Cause, ...]:
    """Return every cause with the patterns that lead to it."""
    return rows("CAUSE", Cause, when=When)


def advice_of(cause: Cause, asks: Collection[Asks], steps: Collection[str]) -> tuple[str, str]:
    """Return what to do about a cause and the command for it, by who starts initialisation and the steps at which it can have failed."""
    again = not cause.asked_again_at or (bool(steps) and set(steps) <= set(cause.asked_again_at))
    if cause.advice_if_asked and set(asks) == {"kvm"} and again:
        return cause.advice_if_asked, cause.command_if_asked or cause.command
    return cause.advice, cause.command


def cause(id: str) -> Cause:
    """Return the cause with this id."""
    return _causes_by_id()[id]


@cache
def _causes_by_id() -> dict[str, Cause]:
    return {one.id: one for one in causes()}


@cache
def _patterns() -> dict[tuple[str, str, str], list[tuple[int, When]]]:
    """Return the patterns of all causes, each with its cause's place, by the step, the status and the form that they ask for."""
    found: dict[tuple[str, str, str], list[tuple[int, When]]] = {}
    for number, one in enumerate(causes()):
        for when in one.when:
            found.setdefault((when.step, when.status, when.form), []).append((number, when))
    return found


@lru_cache(maxsize=256)
def causes_for(seen: When, facts: frozenset[str] = frozenset(), form_ids: frozenset[str] = frozenset()) -> tuple[Cause, ...]:
    """Return the causes that fit what was seen, likeliest first: those of the best rank and of the one behind it.

    `seen` holds the step, leaf, status name and errno of the failure (its rank and form do not count); `facts` is what the
    whole log and its topology tell, `form_ids` are the forms of its lines.
    """
    found: dict[int, tuple[int, int]] = {}
    for asked in product({"", seen.step}, {"", seen.status}, {"", *form_ids}):
        for number, when in _patterns().get(asked, ()):
            if _fits(when, seen, facts):
                rank = when.rank, -_given(when)
                found[number] = min(rank, found.get(number, rank))
    best = [(*rank, number, causes()[number]) for number, rank in found.items()]
    best.sort(key=lambda entry: entry[:3])
    return tuple(entry[3] for entry in best if entry[0] <= best[0][0] + 1)


def _fits(when: When, seen: When, facts: frozenset[str]) -> bool:
    """Tell whether what a pattern asks beside step, status and form was seen."""
    return when.leaf in (None, seen.leaf) and when.errno in (None, seen.errno) and (not when.fact or when.fact in facts)


def _given(when: When) -> int:
    """Count what a pattern wants; a line of its own says more than a number that many causes have."""
    return sum(bool(value) for value in when[1:]) + bool(when.form)
