"""What a line certainly contains, whatever its wording: leaf, status, errno, CPU, package, and words of outcome."""

from __future__ import annotations

import re

from tdxwhy.hints import Any
from tdxwhy.know import decode
from tdxwhy.lazy import lazy
from tdxwhy.noun import NamedTuple
from tdxwhy.ranges import numbers

_STATUS = lazy(
    r"(?:(?P<word>fail(?:ed|ure|s|ing)?|error|status|ret(?:urn(?:ed|s|ing)?)?|rax|code|with)[\s:=,(]*(?:is\s+)?)?(?<![0-9A-Za-z])(?:0x)?(?P<hex>[0-9a-fA-F]{9,16})(?![0-9a-fA-F])",
    re.I,
)
_LEAF = lazy(
    r"\bleaf\s*+(?:[:=#]\s*+)?\(?(?P<leaf>0x[0-9a-fA-F]{1,16}|[0-9]{1,5})\b"
    r"|SEAMCALL\s*+(?:(?:\[\w*+\(?|\()\s*+)?(?P<call>0x[0-9a-fA-F]{1,16}|[0-9]{1,5})\b",
    re.I,
)
_LEAF_NAME = lazy(r"\bTDH[._][A-Z]+(?:[._][A-Z0-9]+)*|\bSEAMLDR[._](?:INFO|INSTALL|SHUTDOWN|SEAMINFO|CLEANUP)\b", re.I)
_STATUS_NAME = lazy(r"\bTDX_[A-Z][A-Z0-9_]+\b")
_ERRNO = lazy(
    r"(?:fail(?:ed|ure|s|ing)?|err(?:or|no)?|ret(?:urn(?:ed|s|ing)?|val)?|rc|code|status)\s{0,16}+(?:(?:with|:|=|code|is){1,4}+\s{0,16}+)?\(?(?P<number>-[0-9]{1,3})\b"
    r"|\((?P<bracket>-[0-9]{1,3})\)|(?<![\w-])-(?P<name>E[A-Z0-9]{2,})\b",
    re.I,
)
_CPU = lazy(r"\bCPU\s*+(?:[#:]\s*+)?([0-9]{1,5})\b", re.I)
_CPUS = lazy(r"\bCPUs\s*+(?:[#:]\s*+)?(\d{1,5}(?:-\d{1,5})?(?:,\s?\d{1,5}(?:-\d{1,5})?)*)(?!\s*(?:of|possible|present)\b)")
_PACKAGE = lazy(r"\b(?:package|pkg|socket)\s*+(?:id\s*+)?(?:[#:=]\s*+)?([0-9]{1,4})\b", re.I)
_KEYIDS = lazy(r"KeyIDs?\b.{0,24}?\[\s*([0-9]{1,9})\s*,\s*([0-9]{1,9})\b", re.I)
_VERSION = lazy(r"module\D{0,12}?\bv?([0-9])\.([0-9]{1,2})\.([0-9]{1,2})\b", re.I)
_MAJOR = lazy(r"major_version\s{0,9}([0-9]{1,9})\W{1,9}minor_version\s{0,9}([0-9]{1,9})(?:.{0,200}?build_num\s{0,9}([0-9]{1,9}))?")

# The first kind of word that is found counts: a line that says "failed to initialize" tells of a failure.
_WORDS = {
    "failure": r"fail(?:ed|ure|s|ing)?\b|errors?\b|can ?not\b|can't\b|could(?: not|n't)\b|g[ai]v(?:e|ing) up\b|unable\b|invalid\b"
    r"|fault(?:ed)?\b|not loaded\b|exhausted\b|abort",
    "refusal": r"not (?:supported|enabled|available|allowed|initiali[sz]ed)\b|unsupported\b|disabled?\b|require[sd]\b|refus(?:ed|es|ing)\b"
    r"|rejected\b|too old\b|outdated\b|upgrade\b",
    "success": r"initiali[sz]ed\b|success(?:ful(?:ly)?)?\b|is supported\b|allocated for PAMT\b",
    "progress": r"enabled?\b|initiali[sz]ing\b|detected\b|loading\b|loaded\b",
}
_OUTCOMES = tuple((kind, lazy(rf"\b(?:{words})", re.I)) for kind, words in _WORDS.items())


class NamedCode(NamedTuple):
    """A leaf, a status or an errno that stands in a text, and where."""

    kind: str
    value: int
    start: int
    end: int


def marks(text: str) -> list[NamedCode]:
    """Return the leaves, statuses and errnos that stand in the text as numbers, in order of kind and place."""
    leaves = [mark for mark in map(_leaf, _LEAF.finditer(text)) if mark]
    taken = {mark.end for mark in leaves}
    statuses = [mark for mark in map(_status, _STATUS.finditer(text)) if mark and mark.end not in taken]
    return [*leaves, *statuses, *(mark for mark in map(_errno, _ERRNO.finditer(text)) if mark)]


def _leaf(found: re.Match[str]) -> NamedCode | None:
    group = "leaf" if found["leaf"] else "call"
    value = int(found[group], 16) if found[group][:2].lower() == "0x" else int(found[group])
    return NamedCode("leaf", value, *found.span(group)) if decode.decode_leaf(value) else None


def _status(found: re.Match[str]) -> NamedCode | None:
    value = int(found["hex"], 16)
    if not decode.is_whole_status(found["hex"]):
        return None
    # Without the error bit a known code may be any number: only a word before it makes it a status.
    if not (value >> 63 or found["word"]) or not decode.known_status(value):
        return None
    return NamedCode("status", value, *found.span("hex"))


def _errno(found: re.Match[str]) -> NamedCode | None:
    group = next(name for name in ("number", "bracket", "name") if found[name])
    value = -(decode.errno_named(found["name"]) or 0) if group == "name" else int(found[group])
    return NamedCode("errno", value, *found.span(group)) if value and decode.errno_name(value) else None


def certain(text: str) -> dict[str, Any]:
    """Return what the text says for certain, by the names that forms use; `outcome` is the kind of its words."""
    values: dict[str, Any] = {}
    for mark in marks(text):
        values.setdefault(mark.kind, mark.value)
    _named(text, values)
    for name, pattern in (("cpu", _CPU), ("package", _PACKAGE)):
        found = pattern.search(text)
        if found:
            values[name] = int(found[1])
    cpus = _CPUS.search(text)
    if cpus:
        values["cpus"] = numbers(cpus[1])
    keyids = _KEYIDS.search(text)
    if keyids:
        values["first"], values["end"] = int(keyids[1]), int(keyids[2])
    version = _MAJOR.search(text) or _VERSION.search(text)
    if version:
        names = ("major_version", "minor_version", "build_num" if version.re is _MAJOR else "update_version")
        values.update({name: int(part) for name, part in zip(names, version.groups(), strict=True) if part})
    outcome = next((kind for kind, words in _OUTCOMES if words.search(text)), None)
    if outcome:
        values["outcome"] = outcome
    return values


def _named(text: str, values: dict[str, Any]) -> None:
    """Find a leaf and a status that stand there by name, where no number told them."""
    if "leaf" not in values:
        leaf = next((number for number in (decode.leaf_named(found[0]) for found in _LEAF_NAME.finditer(text)) if number is not None), None)
        if leaf is not None:
            values["leaf"] = leaf
    if "status" not in values:
        names = (decode.status_named(found[0]) for found in _STATUS_NAME.finditer(text))
        status = next((number for number in names if number is not None), None)
        if status is not None:
            values["status"] = status
