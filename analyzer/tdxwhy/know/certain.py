"""What a line certainly contains, whatever its wording: leaf, status, errno, CPU, package, and words of outcome."""

from __future__ import annotations

import re
from typing import Any

from tdxwhy.know import decode

_STATUS = re.compile(
    r"(?:(?P<word>fail\w*|error|status|ret(?:urn(?:ed|s|ing)?)?|rax|code|code is|with)[\s:=,(]*)?\b(?:0x)?(?P<hex>[0-9a-fA-F]{9,16})\b",
    re.I,
)
_LEAF = re.compile(r"\bleaf\s*[:=#]?\s*\(?(?P<leaf>0x[0-9a-fA-F]+|\d+)|SEAMCALL\s*[\[(]?\s*(?P<call>0x[0-9a-fA-F]+|\d+)\b", re.I)
_LEAF_NAME = re.compile(r"\bTDH[._][A-Z]+(?:[._][A-Z0-9]+)*|\bSEAMLDR[._](?:INFO|INSTALL|SHUTDOWN|SEAMINFO|CLEANUP)\b", re.I)
_STATUS_NAME = re.compile(r"\bTDX_[A-Z][A-Z0-9_]+\b")
_ERRNO = re.compile(
    r"(?:fail\w*|err(?:or|no)?|ret(?:urn(?:ed|s|ing)?|val)?|rc|code|status)\s*(?:with|:|=|code|is)*\s*\(?(?P<number>-\d{1,3})\b"
    r"|\((?P<bracket>-\d{1,3})\)|(?<![\w-])-(?P<name>E[A-Z0-9]{2,})\b",
    re.I,
)
_CPU = re.compile(r"\bCPU\s*[#:]?\s*(\d{1,5})\b", re.I)
_PACKAGE = re.compile(r"\b(?:package|pkg|socket)\s*(?:id\s*)?[#:=]?\s*(\d{1,4})\b", re.I)
_KEYIDS = re.compile(r"KeyIDs?\b.{0,24}?\[\s*(\d+)\s*,\s*(\d+)", re.I)
_VERSION = re.compile(r"module\D{0,12}?\bv?(\d)\.(\d{1,2})\.(\d{1,2})\b", re.I)
_MAJOR = re.compile(r"major_version\s*(\d+)\W+minor_version\s*(\d+)(?:.*?build_num\s*(\d+))?")

# The first kind of word that is found counts: a line that says "failed to initialize" tells of a failure.
_WORDS = {
    "failure": r"\bfail(?:ed|ure|s|ing)?\b|\berrors?\b|\bcannot\b|\bcan't\b|\bunable\b|\binvalid\b|\bfault(?:ed)?\b|\bnot loaded\b"
    r"|\bexhausted\b|\babort",
    "refusal": r"\bnot (?:supported|enabled|available|allowed|initiali[sz]ed)\b|\bunsupported\b|\bdisabled?\b|\brequire[sd]\b|\btoo old\b"
    r"|\boutdated\b|\bupgrade\b",
    "success": r"\binitiali[sz]ed\b|\bsuccess(?:ful(?:ly)?)?\b|\bis supported\b|\ballocated for PAMT\b",
    "progress": r"\benabled?\b|\binitiali[sz]ing\b|\bdetected\b|\bloading\b|\bloaded\b",
}
_OUTCOMES = tuple((kind, re.compile(words, re.I)) for kind, words in _WORDS.items())


def certain(text: str) -> dict[str, Any]:
    """Return what the text says for certain, by the names that forms use; `outcome` is the kind of its words."""
    values: dict[str, Any] = {}
    _call(text, values)
    number = _errno(text)
    for name, value in (("errno", number), ("cpu", _first(_CPU, text)), ("package", _first(_PACKAGE, text))):
        if value is not None:
            values[name] = value
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


def _call(text: str, values: dict[str, Any]) -> None:
    """Find the leaf and the status of a SEAMCALL, by number or by name."""
    leaf = _LEAF.search(text)
    named = _LEAF_NAME.search(text)
    number = _int(leaf["leaf"] or leaf["call"]) if leaf else decode.leaf_named(named[0]) if named else None
    if number is not None and decode.decode_leaf(number):
        values["leaf"] = number
    status = next((found for found in map(_status, _STATUS.finditer(text)) if found is not None), None)
    if status is None:
        names = (decode.status_named(found[0]) for found in _STATUS_NAME.finditer(text))
        status = next((found for found in names if found is not None), None)
    if status is not None:
        values["status"] = status


def _int(text: str) -> int:
    """Read a number as the kernel prints it: hexadecimal behind 0x, else decimal, leading zeros allowed."""
    return int(text, 16) if text[:2].lower() == "0x" else int(text)


def _status(found: re.Match[str]) -> int | None:
    value = int(found["hex"], 16)
    # Without the error bit a known code may be any number: only a word before it makes it a status.
    if not (value >> 63 or found["word"]):
        return None
    return value if decode.known_status(value) else None


def _errno(text: str) -> int | None:
    for found in _ERRNO.finditer(text):
        number = int(found["number"] or found["bracket"] or 0)
        if found["name"]:
            number = -(decode.errno_named(found["name"]) or 0)
        if number and decode.errno_name(number):
            return number
    return None


def _first(pattern: re.Pattern[str], text: str) -> int | None:
    found = pattern.search(text)
    return int(found[1]) if found else None
