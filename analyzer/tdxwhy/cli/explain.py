"""`tdxwhy explain`: a page on a step, cause, parameter, status, leaf, rule, generation or term that a report names."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from tdxwhy.cli.parsing import Parser
from tdxwhy.errors import TdxwhyError
from tdxwhy.know import decode, tables
from tdxwhy.know.rows import Step
from tdxwhy.records import Cause
from tdxwhy.report.explained import Page, render

_SIGNS = 6


def parser() -> argparse.ArgumentParser:
    """Return the arguments of `tdxwhy explain`."""
    made = Parser(prog="tdxwhy explain", description="Explain what a report names: what it means, looks like, what to do.")
    made.add_argument(
        "names", nargs="+", metavar="NAME", help="a step, cause, parameter, status, leaf, rule, generation or term, such as PAMT"
    )
    return made


def run(args: argparse.Namespace) -> int:
    """Print a page for each name; an unknown one is answered with the nearest that are known."""
    found = [pages for name in args.names for pages in pages_on(name)]
    sys.stdout.write("\n".join(map(render, found)))
    return 0


def pages_on(name: str) -> list[Page]:
    """Return the pages on a name: one of each kind that knows it."""
    found = list(_all(name.strip().lower()))
    if not found and name.upper().startswith("TDX") and name[3:].isdigit():
        from tdxwhy.check.catalogue import find
        from tdxwhy.report.rule_page import page

        return [Page("rule", name.upper(), text=page(find(name.upper(), [])))]
    if not found:
        raise TdxwhyError(f"nothing is known by the name {name!r}", _near(name))
    return found


def _all(name: str) -> Iterator[Page]:
    yield from (_of_step(step) for step in tables.step_rows() if step.id.lower() == name)
    yield from (_of_cause(cause) for cause in tables.causes() if cause.id == name)
    word = name.partition("=")[0].replace("-", "_")
    for parameter in tables.parameters():
        if parameter.name.lower().replace("-", "_") == word:
            yield Page("parameter", parameter.name, parameter.meaning, source=parameter.source)
    for generation in tables.generations():
        if generation.id.lower() == name:
            yield Page("generation", generation.id, f"{generation.title}: {generation.kernels}", source=generation.source)
    yield from (Page("term", term.id, term.meaning, term.shows, source=term.source) for term in tables.terms() if term.id.lower() == name)
    yield from _decoded(name)


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
    shows = "\n".join(list(dict.fromkeys(signs))[:_SIGNS])
    return Page("cause", cause.id, f"{cause.title}. {cause.meaning}", shows, tuple(near), todo, cause.source)


def _decoded(name: str) -> Iterator[Page]:
    from tdxwhy.cli.decode import meanings

    try:
        found = meanings(name if name[:2] == "0x" or name.lstrip("-").isdigit() else name.upper())
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
    from tdxwhy.cli.complaints import nearest

    known = list(tables.steps()) + [cause.id for cause in tables.causes()] + [one.name for one in tables.parameters()]
    known += [one.id for one in tables.generations()] + [one.id for one in tables.terms()]
    known += [row.name for row in decode.statuses()] + decode.leaf_names()
    return nearest(name, known) or "tdxwhy explain PAMT, or the name of a step, cause, parameter, status, leaf, rule or generation"
