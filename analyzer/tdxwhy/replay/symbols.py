"""Log lines to symbols: the form of a generation that a line is, and those of its values that decide anything."""

from __future__ import annotations

from functools import cache

from tdxwhy.hints import Any
from tdxwhy.know import tables
from tdxwhy.know.decode import decode_status, leaf_named, unversioned
from tdxwhy.know.match import match
from tdxwhy.know.recognise import leaf_of, recognise
from tdxwhy.know.stems import looks_like_tdx
from tdxwhy.memo import Memo
from tdxwhy.records import LogRecord, MessageForm, Place
from tdxwhy.replay.data import answer_class, generations, leaf_number, leaf_numbers, module_data, status_class
from tdxwhy.replay.generation import Form, Generation
from tdxwhy.replay.states import Symbol

FOREIGN = Symbol("foreign")
_KINDS = {"host", "kvm", "runtime", "loader"}
# Of these kinds of lines the model knows every stage; of the others those that it prints itself in some kernel.
_STAGES = {"host"}
_DECIDING = {"leaf", "leaf_name", "status", "errno"}


class Reader:
    """Reads lines as one generation would have printed them."""

    def __init__(self, generation: Generation) -> None:
        self.generation = generation
        self._forms = {form.format: form for form in generation.forms.values()}
        self._raw = generation.raw_forms
        self._leaves = frozenset(map(leaf_number, generation.leaves))
        self._known = Memo[tuple[str, int | None, bool], Symbol | None](_LIMIT)

    def read(self, text: str, level: int | None, lenient: bool = False) -> Symbol | None:
        """Return the line's symbol; None if it has nothing to do with TDX, FOREIGN if this kernel cannot print it.

        Lenient: a TDX line in a wording of nobody's, or another kernel's word of progress, is passed over; vendors add their own.
        """
        key = (text, level, lenient)
        try:
            return self._known[key]
        except KeyError:
            return self._known.keep(key, self._read(text, level, lenient))

    def _read(self, text: str, level: int | None, lenient: bool) -> Symbol | None:
        if self.generation.by_role:
            return _by_role(text, self._leaves)
        form, values = recognised(text)
        if form is None:
            return FOREIGN if values and not lenient else None
        own = self._forms.get(form.format)
        if own is None:
            known = form.kind in _STAGES or form.format in _modelled()
            return FOREIGN if form.kind in _KINDS and known and not (lenient and form.outcome in _BY_THE_WAY) else None
        return FOREIGN if level not in (None, own.level) else self._own(own, dict(zip(own.args, values.values(), strict=True)))

    def _own(self, form: Form, named: dict[str, Any]) -> Symbol | None:
        """Return the symbol of a line that this kernel prints; none of one about a leaf of which the model knows nothing."""
        leaf = _leaf(named)
        if leaf is not None and leaf not in self._leaves and leaf not in leaf_numbers().values():
            return None
        if "status" in named and form.name not in self._raw and answer_class(named["status"]) != "status":
            return FOREIGN
        return _symbol(form.name, named)


@cache
def _modelled() -> frozenset[str]:
    """Return the formats whose stage the model knows, in whatever kernel."""
    return frozenset(form.format for one in generations().values() if not one.by_role for form in one.forms.values())


def _leaf(named: dict[str, Any]) -> int | None:
    """Return the leaf that a line is about, if it says which: a number, or a name as the kernel writes it."""
    name = named.get("leaf_name")
    leaf = named.get("leaf") if name is None else leaf_named(str(name))
    return unversioned(leaf) if isinstance(leaf, int) else None


def _symbol(form: str, named: dict[str, Any]) -> Symbol:
    if "leaf_name" in named:
        named = named | {"leaf_name": _named(_leaf(named))}
    elif "leaf" in named:
        named = named | {"leaf": unversioned(named["leaf"])}
    if named.get("status") == 0:
        return FOREIGN
    if "keyid_end" in named:
        keyids = named["keyid_end"] - named["keyid_first"]
        return Symbol(form, (("keyids", min(keyids, 2)),)) if keyids > 0 else FOREIGN
    if "keyids" in named and named["keyids"] > 1:
        return FOREIGN
    if "tdmrs_used" in named and named["tdmrs_used"] > named["tdmrs_max"]:
        return FOREIGN
    return Symbol(form, tuple((name, deciding(name, value)) for name, value in named.items() if name in _DECIDING))


@cache
def _named(number: int | None) -> str:
    return next((name for name, one in leaf_numbers().items() if one == number), "")


def deciding(name: str, value: int | str) -> int | str:
    """Return what of a value decides anything: so many symbols as the model tells apart, however many numbers a log holds."""
    if isinstance(value, str):
        return value
    if name == "status":
        return status_class(value)
    if name == "leaf":
        return value if value in leaf_numbers().values() else -1
    return value if -_MOST_ERRNO <= value < 0 else 0


_MOST_ERRNO = 4095


_LIMIT = 1 << 16
_cache = Memo[str, tuple[MessageForm | None, dict[str, Any]]](_LIMIT)
_WARNING = "VMXON faulted, MSR_IA32_FEAT_CTL"
_BY_THE_WAY = {"progress", "detail", "warning"}


def recognised(text: str) -> tuple[MessageForm | None, dict[str, Any]]:
    """Return a line's form and values. Without a form, values are what an unknown TDX line certainly says, empty if it is none."""
    found = _cache.get(text)
    return _cache.keep(text, _judge(text)) if found is None else found


def speaks(text: str) -> bool:
    """Tell whether a line is a host kernel's word about TDX at all."""
    form, values = recognised(text)
    return bool(values) if form is None else form.kind in _KINDS


def _judge(text: str) -> tuple[MessageForm | None, dict[str, Any]]:
    at = text.find(_WARNING)
    matched = match(text[at:] if at > 0 else text)
    if matched is not None:
        matcher, values = matched
        return matcher.forms[0], {name: values[name] for name, _ in matcher.fields}
    if not looks_like_tdx(text):
        return None, {}
    event = recognise(LogRecord(Place("log"), text, text))
    return None, {"unknown": True, **(event.values if event is not None else {})}


# ---- lines known by what they say


def _by_role(text: str, leaves: frozenset[int]) -> Symbol | None:
    form, values = recognised(text)
    if form is None and not values:
        return None
    leaf, status = leaf_of(form, values), values.get("status")
    if leaf is None and "leaf_name" in values:
        leaf = leaf_named(values["leaf_name"])
    if isinstance(leaf, int) and isinstance(status, int):
        return _call(unversioned(leaf), status, leaves) if form is None or form.kind == "host" else None
    if form is None or form.kind not in ("host", "kvm", "loader"):
        return None
    kind = _software().get(form.id)
    if kind is not None:
        return Symbol(kind)
    return _plain(form)


def _call(leaf: int, status: int, leaves: frozenset[int]) -> Symbol | None:
    kind = answer_class(status)
    if kind != "status":
        return Symbol(kind)
    known = leaf in leaves and status
    return Symbol("seamcall", (("leaf", leaf), ("status", status_class(status)))) if known else None


def _plain(form: MessageForm) -> Symbol | None:
    if form.outcome in ("success", "refusal"):
        return Symbol(form.outcome)
    if form.outcome == "progress" and form.step:
        return Symbol("progress", (("step", form.step),))
    if form.outcome == "failure":
        return Symbol("failure", (("step", form.step),)) if form.step else Symbol("closing")
    return None


@cache
def _software() -> dict[str, str]:
    """Return the class of answer that a form states in words, by form id: a cause of that answer asks for the form too."""
    classes = {decode_status(code).name: kind for kind, code in module_data()["software"].items()}
    found: dict[str, str] = {}
    for one in tables.causes():
        kind = next((classes[when.status] for when in one.when if when.status in classes), None)
        if kind is not None:
            found |= {when.form: kind for when in one.when if when.form}
    return found
