"""All tables of rules/knowledge together."""

from __future__ import annotations

from typing import NamedTuple

from tdxwhy.know.codes import LeafRow, Number, StatusRow
from tdxwhy.know.rows import Fact, Shown, SignRow, Step, Term
from tdxwhy.records import Cause, GenerationRow, MessageForm, Parameter


class Knowledge(NamedTuple):
    """The tables, each by the name that its rows have in TOML."""

    form: tuple[MessageForm, ...]
    status: tuple[StatusRow, ...]
    operand: tuple[Number, ...]
    msr: tuple[Number, ...]
    errno: tuple[Number, ...]
    leaf: tuple[LeafRow, ...]
    step: tuple[Step, ...]
    generation: tuple[GenerationRow, ...]
    cause: tuple[Cause, ...]
    parameter: tuple[Parameter, ...]
    fact: tuple[Fact, ...]
    sign: tuple[SignRow, ...]
    shown: tuple[Shown, ...]
    term: tuple[Term, ...]
