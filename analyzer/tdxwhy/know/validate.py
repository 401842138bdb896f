"""What must hold across the rows of the knowledge, beyond the shape of each."""

from __future__ import annotations

from collections.abc import Iterator

from tdxwhy.hints import words_of
from tdxwhy.know import rows
from tdxwhy.know.printf import field_kinds
from tdxwhy.know.rows import Knowledge
from tdxwhy.levels import LEVELS
from tdxwhy.records import MessageForm


def complaints(knowledge: Knowledge) -> Iterator[str]:
    """Yield what is wrong, one line each."""
    yield from _doubled(knowledge)
    for form in knowledge.form:
        yield from _form(form, knowledge)
    yield from _references(knowledge)


def _doubled(knowledge: Knowledge) -> Iterator[str]:
    seen: dict[tuple[str, ...], str] = {}
    for form in knowledge.form:
        for generation in form.generations or ("",):
            for key in ((form.format, form.level, generation), ("id", form.id)):
                if seen.setdefault(key, form.id) != form.id:
                    yield f"{form.id}: same format, level and generation ({generation}) as {seen[key]}"
    ids = [form.id for form in knowledge.form] + [cause.id for cause in knowledge.cause] + [step.id for step in knowledge.step]
    yield from (f"id {one} stands twice" for one in sorted({one for one in ids if ids.count(one) > 1}))
    # A number with two names would be decoded by whichever row comes last.
    for table in (knowledge.leaf, knowledge.operand, knowledge.msr, knowledge.errno):
        numbers = [row.number for row in table]
        yield from (f"{row.name}: number {row.number:#x} stands twice" for row in table if numbers.count(row.number) > 1)


def _form(form: MessageForm, knowledge: Knowledge) -> Iterator[str]:
    levels = (*LEVELS, "cont")
    if form.level not in levels:
        yield f"{form.id}: level {form.level!r} is none of {', '.join(levels)}"
    if form.step is not None and form.step not in {step.id for step in knowledge.step}:
        yield f"{form.id}: no step {form.step!r}"
    known = {generation.id for generation in knowledge.generation}
    yield from (f"{form.id}: no generation {one!r}" for one in form.generations if one not in known)
    try:
        fields = len(field_kinds(form.format))
    except ValueError as error:
        yield f"{form.id}: not a printf format: {error}"
        return
    if fields != len(form.args):
        yield f"{form.id}: {fields} fields in the format, {len(form.args)} names in args"
    if form.fact_otherwise and not (form.fact and form.args):
        yield f"{form.id}: fact_otherwise stands beside a fact, for a line with a number"
    if not (form.source and form.example and form.meaning):
        yield f"{form.id}: source, example and meaning must say something"


def _references(knowledge: Knowledge) -> Iterator[str]:
    forms = {form.id for form in knowledge.form}
    steps = {step.id for step in knowledge.step}
    statuses = {status.name for status in knowledge.status}
    facts = {fact.id for fact in knowledge.fact} | {""}
    for cause in knowledge.cause:
        yield from (f"{cause.id}: no step {step!r}" for step in cause.asked_again_at if step not in steps)
        for when in cause.when:
            if when.form and when.form not in forms:
                yield f"{cause.id}: no form {when.form!r}"
            if when.step and when.step not in steps:
                yield f"{cause.id}: no step {when.step!r}"
            if when.status and when.status not in statuses:
                yield f"{cause.id}: no status {when.status!r}"
            if when.fact not in facts:
                yield f"{cause.id}: no fact {when.fact!r}"
    yield from _facts(knowledge, facts)
    stating = [(form.id, fact) for form in knowledge.form for fact in (form.fact, form.fact_otherwise)]
    stating += [(row.example, row.fact) for row in knowledge.shown]
    stating += [(parameter.name, parameter.fact) for parameter in knowledge.parameter]
    asking = [(cause.id, cause.contradicted_by) for cause in knowledge.cause]
    yield from (f"{name}: no fact {fact!r}" for name, fact in (*stating, *asking) if fact not in facts)
    stated = {fact for _, fact in stating} | {fact.means for fact in knowledge.fact}
    yield from (
        f"{fact.id}: a fact that nothing states: no form, command, parameter or part of the program"
        for fact in knowledge.fact
        if not (fact.found_by or fact.read_as or fact.id in stated)
    )
    for leaf in knowledge.leaf:
        if leaf.step and leaf.step not in steps:
            yield f"{leaf.name}: no step {leaf.step!r}"


def _facts(knowledge: Knowledge, facts: set[str]) -> Iterator[str]:
    """Yield what is wrong with facts; each part of the program that finds one finds just one."""
    yield from (f"{fact.id}: no fact {fact.means!r}" for fact in knowledge.fact if fact.means not in facts)
    for word in words_of(rows.FoundBy):
        finds = [fact.id for fact in knowledge.fact if fact.found_by == word]
        if word and len(finds) != 1:
            yield f"found_by {word!r}: {len(finds)} facts, not one" + (f" ({', '.join(finds)})" if finds else "")
    for word in words_of(rows.ReadAs):
        reads = [fact.id for fact in knowledge.fact if fact.read_as == word]
        if word and len(reads) != 1:
            yield f"read_as {word!r}: {len(reads)} facts, not one"
    yield from (
        f"{fact.id}: a fact with a rank needs an outcome and what it says"
        for fact in knowledge.fact
        if fact.rank and not (fact.outcome and fact.says)
    )
