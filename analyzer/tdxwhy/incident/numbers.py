"""Numbers in signs: errnos in words, SEAMCALLs with their statuses, codes of the quote service."""

from __future__ import annotations

import errno
import os
from functools import cache

from tdxwhy.incident import tables
from tdxwhy.incident.nouns import FailedCall, PasteLine, Sign
from tdxwhy.incident.rows import Code, SeamcallRow, StatusMeaning
from tdxwhy.know import decode
from tdxwhy.lazy import lazy

_OS_ERROR = lazy(
    r"\(os error ([0-9]{1,4})\)|\berrno[ =:]+-?([0-9]{1,4})\b|\b(?:ret|rc|error|err)[ =:]+-([0-9]{1,4})\b|\breturn with -([0-9]{1,4})"
)
_NAME = lazy(r"\b(E[A-Z][A-Z0-9]{1,14})\b")
_NEGATIVE = lazy(r"(?<![\w.-])-([0-9]{1,3})(?![\w.-]*\w)")
_STATUS = lazy(r"\(?(?:0x)([0-9a-fA-F]{9,16})\)?")
_COMMANDS = ("KVM_TDX_CAPABILITIES", "KVM_TDX_INIT_VM", "KVM_TDX_INIT_VCPU", "KVM_TDX_INIT_MEM_REGION", "KVM_TDX_FINALIZE_VM")
_CODE = lazy(r"\b0x([0-9a-fA-F]{4,5})\b")
_UNSIGNED = (1 << 64) - 1
# Programs that end their lines with the errno in words.
_VMMS = ("qemu", "libvirt", "kata")


@cache
def _words() -> dict[str, int]:
    named = {name.lower(): number for name, number in vars(errno).items() if name.startswith("E")}
    return {os.strerror(number).lower(): number for number in errno.errorcode} | named


def errno_name(number: int | None) -> str:
    """Return the kernel's name of an errno, such as EIO for -5; an empty text for None."""
    return "" if number is None else decode.errno_name(number) or ""


def errno_of(text: str) -> int | None:
    """Return the negative errno that a text says, in words ("Input/output error"), by name (EIO) or number (-5, os error 5), or None."""
    plain = text.strip(" \"'`).,;(").lower()
    words = _words()
    if plain in words:
        return -words[plain]
    found = _OS_ERROR.search(text)
    if found is not None:
        return -int(next(one for one in found.groups() if one))
    named = [words[name.lower()] for name in _NAME.findall(text) if name.lower() in words]
    named += [number for one in _NEGATIVE.findall(text) if (number := int(one)) in errno.errorcode]
    said = max((word for word in words if " " in word and word in plain), key=len, default="")
    return -named[0] if named else -words[said] if said else None


def errno_of_sign(sign: Sign, after: tuple[PasteLine, ...]) -> int | None:
    """Return the errno of the operation that a sign tells of, from its own words or the lines of its chain of causes."""
    text = sign.values.get("errno_text")
    if isinstance(text, str):
        return errno_of(text)
    number = sign.values.get("errno_number")
    if isinstance(number, int):
        return -abs(number)
    if sign.message.component == "cloud-hypervisor":
        found = (_OS_ERROR.search(line.text) for line in (sign.line, *after[:4]))
        match = next((one for one in found if one is not None), None)
        return -int(next(one for one in match.groups() if one)) if match is not None else None
    tail = sign.line.text.rpartition(": ")[2] if sign.message.component in _VMMS else ""
    return errno_of(tail) if tail else _told_by_row(sign)


def _told_by_row(sign: Sign) -> int | None:
    """Return the errno that the row of a message has, where the line says just that in words."""
    number = _words().get(sign.message.errno.lower()) if sign.message.errno else None
    return -number if number is not None and os.strerror(number) in sign.quote else None


def call_of(sign: Sign) -> str:
    """Return the KVM call that a sign names."""
    named = sign.values.get("call")
    if isinstance(named, str):
        return named if named.startswith("KVM_") else f"KVM_TDX_{named}"
    number = sign.values.get("number")
    if isinstance(number, int) and 0 <= number < len(_COMMANDS):
        return _COMMANDS[number]
    return sign.message.call


def seamcall_of(sign: Sign) -> FailedCall | None:
    """Return the SEAMCALL that failed, where the sign carries one."""
    values = sign.values
    status = values.get("status")
    if isinstance(values.get("status_text"), str):
        found = _STATUS.search(values["status_text"])
        status = int(found[1], 16) if found is not None and decode.is_whole_status(found[1]) else None
    hw = values.get("hw_errors")
    if isinstance(hw, int) and hw:
        return made("TDH.MNG.INIT", hw) if call_of(sign) in ("KVM_TDX_INIT_VM", "") else made("", hw)
    if not isinstance(status, int):
        return None
    leaf = values.get("leaf")
    if isinstance(leaf, int):
        return _numbered(leaf, status, "seamldr: " in sign.line.text)
    if "leaf_name" in values:
        return made(str(values["leaf_name"]).split("(")[0], status)
    by_id = {"kvm.vp-rd": "TDH.VP.RD", "kvm.vp-wr": "TDH.VP.WR", "kvm.vp-enter-ret": "TDH.VP.ENTER", "virt.sys-disable": "TDH.SYS.DISABLE"}
    return made(by_id.get(sign.message.id, "TDH.VP.ENTER"), status)


def _numbered(leaf: int, status: int, by_loader: bool) -> FailedCall:
    known = decode.decode_leaf(leaf)
    loader = by_loader or bool(leaf >> 63)
    told = decode.decode_status(status, loader)
    name = known.name if known is not None else f"{'SEAMLDR ' if loader else ''}leaf {leaf:#x}"
    return FailedCall(leaf, name, status, told.name or None, told.detail)


def made(name: str, status: int) -> FailedCall:
    """Return a failed SEAMCALL by the name of its leaf in any spelling."""
    number = decode.leaf_named(name) if name else None
    known = decode.decode_leaf(number) if number is not None else None
    told = decode.decode_status(status & _UNSIGNED, bool(number is not None and number >> 63))
    return FailedCall(number, known.name if known is not None else name.replace("_", "."), status, told.name or None, told.detail)


def row_of(call: FailedCall) -> SeamcallRow:
    """Return the row of a SEAMCALL: at which stage it is made."""
    return next(row for row in tables.seamcalls() if call.name.startswith(row.leaf))


def answer_of(call: FailedCall, stage: str) -> StatusMeaning | None:
    """Return what the status of a SEAMCALL comes to, where a row says so."""
    name = call.status_name or ""
    for row in tables.answers():
        fits = row.status in name if row.within else row.status == name
        if fits and call.name.startswith(row.leaf) and (not row.stages or stage in row.stages):
            return row
    return None


def codes_of(sign: Sign) -> tuple[Code, ...]:
    """Return the known codes of the quote service that a sign carries."""
    values = sign.values
    found = []
    if isinstance(values.get("quote_code"), int):
        found.append(tables.quote_codes().get(values["quote_code"]))
    if isinstance(values.get("curl"), int):
        found.append(tables.curl_codes().get(values["curl"]))
    if isinstance(values.get("code"), int) and sign.message.id == "qemu.quote.error":
        found.append(tables.quote_codes().get(values["code"]))
    return tuple(code for code in found if code is not None)
