"""Log lines to symbols: the form of a generation that a line is, and those of its values that decide anything."""

from __future__ import annotations

from functools import cache
from typing import Any

from tdxwhy.know.match import match
from tdxwhy.know.stems import looks_like_tdx
from tdxwhy.replay.automaton import Symbol
from tdxwhy.replay.generation import Generation, answer_class

FOREIGN = Symbol("foreign")
_KINDS = {"host", "kvm", "runtime", "loader"}
_DECIDING = {"leaf", "status", "errno"}
LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")


class Reader:
    """Reads lines as one generation would have printed them."""

    def __init__(self, generation: Generation) -> None:
        self.generation = generation
        self._forms = {form.format: form for form in generation.forms.values()}

    def read(self, text: str, level: int | None, lenient: bool = False) -> Symbol | None:
        """Return the line's symbol; None if it has nothing to do with TDX, FOREIGN if this kernel cannot print it.

        Lenient: a TDX line in a wording that no known kernel uses is passed over, as vendors word things their own way.
        """
        form, kind, values = _recognised(text)
        if form is None:
            return FOREIGN if kind and not lenient else None
        own = self._forms.get(form)
        if own is None:
            return FOREIGN if kind in _KINDS else None
        if level is not None and level != own.level:
            return FOREIGN
        named = dict(zip(own.args, values, strict=True))
        return _symbol(own.id, named)


def _symbol(form: str, named: dict[str, Any]) -> Symbol:
    if "status" in named and (named["status"] == 0 or answer_class(named["status"]) != "status"):
        return FOREIGN
    if "keyid_end" in named:
        keyids = named["keyid_end"] - named["keyid_first"]
        return Symbol(form, (("keyids", min(keyids, 2)),)) if keyids > 0 else FOREIGN
    if "keyids" in named and named["keyids"] > 1:
        return FOREIGN
    if "tdmrs_used" in named and named["tdmrs_used"] > named["tdmrs_max"]:
        return FOREIGN
    return Symbol(form, tuple((name, value) for name, value in named.items() if name in _DECIDING))


_cache: dict[str, tuple[str | None, str, tuple[Any, ...]]] = {}
_LIMIT = 1 << 16


def _recognised(text: str) -> tuple[str | None, str, tuple[Any, ...]]:
    """Return a line's format, the kind of its form and its values; without a format, a kind says that it speaks of TDX."""
    found = _cache.get(text)
    if found is None:
        found = _judge(text)
        if len(_cache) >= _LIMIT:
            _cache.clear()
        _cache[text] = found
    return found


@cache
def _warning() -> str:
    return "VMXON faulted, MSR_IA32_FEAT_CTL"


def _judge(text: str) -> tuple[str | None, str, tuple[Any, ...]]:
    at = text.find(_warning())
    matched = match(text[at:] if at > 0 else text)
    if matched is None:
        return None, "unknown" if looks_like_tdx(text) else "", ()
    matcher, values = matched
    return matcher.format, matcher.forms[0].kind, tuple(values[name] for name, _ in matcher.fields)
