"""The tables of `rules/incident/`, each read when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from tdxwhy import compiled, shipped
from tdxwhy.incident import rows
from tdxwhy.know.stored import KNOWLEDGE
from tdxwhy.know.tables import forms

FOLDER = "incident"
_ROWS: dict[str, type] = {
    "message": rows.ProgramMessage,
    "cause": rows.IncidentCause,
    "call": rows.CallAnswer,
    "seamcall": rows.SeamcallRow,
    "answer": rows.StatusMeaning,
    "quote_code": rows.Code,
    "curl": rows.Code,
    "stage": rows.Stage,
    "pasted": rows.Pasted,
    "besides": rows.Besides,
    "checklist": rows.Checklist,
    "question": rows.QuestionWords,
}


def _make() -> dict[str, Any]:
    from tdxwhy.incident.load import load

    return load(shipped.folder(f"rules/{FOLDER}"), _ROWS, {form.id: form.format for form in forms()})


def _sources() -> Iterable[compiled.Source]:
    code = ("toml", "digits", "strict", "incident/rows", "incident/tables", "incident/load", "know/printf", "know/tables", "know/stored")
    yield from compiled.files((FOLDER,), lambda _: True, tuple(f"{name}.py" for name in code))
    yield compiled.text(KNOWLEDGE, "FORM").encode()


INCIDENT = compiled.Piece("incident", _sources, _make)


def _read(name: str, noun: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a NamedTuple's class
    return compiled.rows(INCIDENT, name, noun)


@cache
def messages() -> tuple[rows.ProgramMessage, ...]:
    """Return the messages of a TD's life, of every component."""
    return _read("message", rows.ProgramMessage)


@cache
def causes() -> dict[str, rows.IncidentCause]:
    """Return the causes of incidents by their ids."""
    found = compiled.rows(INCIDENT, "cause", rows.IncidentCause, when=rows.Condition, action=rows.Advice, settle=rows.Settle)
    return {row.id: row for row in found}


@cache
def calls() -> tuple[rows.CallAnswer, ...]:
    """Return what KVM answers to each call of a TD's life."""
    return _read("call", rows.CallAnswer)


@cache
def seamcalls() -> tuple[rows.SeamcallRow, ...]:
    """Return the stages of SEAMCALLs; the first row whose `leaf` begins the name counts."""
    return _read("seamcall", rows.SeamcallRow)


@cache
def answers() -> tuple[rows.StatusMeaning, ...]:
    """Return what statuses come to; the first row that fits counts."""
    return _read("answer", rows.StatusMeaning)


@cache
def quote_codes() -> dict[int, rows.Code]:
    """Return the codes of the quote service and its libraries."""
    return {row.code: row for row in _read("quote_code", rows.Code)}


@cache
def curl_codes() -> dict[int, rows.Code]:
    """Return curl's codes."""
    return {row.code: row for row in _read("curl", rows.Code)}


@cache
def pasted() -> tuple[rows.Pasted, ...]:
    """Return what facts beside a log make of an open boot."""
    return _read("pasted", rows.Pasted)


@cache
def besides() -> tuple[rows.Besides, ...]:
    """Return what facts beside a log add to a boot that failed."""
    return _read("besides", rows.Besides)


@cache
def checklists() -> frozenset[str]:
    """Return the causes of a boot that end in the whole list of firmware options."""
    return frozenset(row.cause for row in _read("checklist", rows.Checklist))


@cache
def questions() -> tuple[rows.QuestionWords, ...]:
    """Return what open questions ask for."""
    return _read("question", rows.QuestionWords)


@cache
def stages() -> tuple[rows.Stage, ...]:
    """Return the stages in the order in which one leads to the other."""
    return _read("stage", rows.Stage)
