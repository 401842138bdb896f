"""The values that sentences and actions of an incident name: of the whole paste, of its case, and of the SEAMCALL in it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from tdxwhy.incident.cases import Case
from tdxwhy.incident.evidence import PastedEvidence
from tdxwhy.incident.facts import kernel_of, leaked_of, running_of, tds_of
from tdxwhy.incident.nouns import FailedCall, Host
from tdxwhy.incident.numbers import codes_of
from tdxwhy.incident.templates import filled
from tdxwhy.lazy import lazy
from tdxwhy.ranges import ranges

# What a leaked KeyID means where it is not lost by the case itself.
_LOSES = {"cpu-hotplug": "a leaked KeyID (HKID) keeps the rule on that a package has an online CPU, though no TD runs"}
_FLAG = lazy(r"-cpu \S*?,(\S+)")


def values_of(case: Case, evidence: PastedEvidence, host: Host, cases: Sequence[Case]) -> dict[str, Any]:
    """Return what sentences and actions can name; what is not known is missing."""
    tds, lost = tds_of(evidence), leaked_of(cases)
    values = {
        **_of_paste(evidence, host),
        **_of_case(case, evidence, host),
        **_of_call(next((mark.seamcall for mark in case.marks if mark.seamcall is not None), None)),
        "tds": tds,
        "running": running_of(evidence),
        "leaked": ranges(lost) if case.stage in ("td-create", "cpu-hotplug") and lost else "",
        "loses": _LOSES.get(case.stage, "a KeyID (HKID) can be lost with it"),
        "left": tds - len(lost) if tds is not None and lost else None,
    }
    return {name: value for name, value in values.items() if value not in ("", None)}


def _of_paste(evidence: PastedEvidence, host: Host) -> dict[str, Any]:
    span = evidence.last("keyid-range")
    return {
        "kernel": kernel_of(evidence, host),
        "qemu": evidence.value("qemu-version"),
        "libvirt": evidence.value("libvirt-version"),
        "qgs": evidence.value("qgs-version"),
        "module": host.module or evidence.value("module-told"),
        "module_now": evidence.value("module-version"),
        "parameter": _parameter(evidence),
        "host": host.title if host.outcome in ("failed", "disabled-by-bios") else "",
        "host_action": host.advice if host.outcome in ("failed", "disabled-by-bios") else "",
        "range": f"[{span.value}, {span.end})" if span is not None else "",
        "node_keys": evidence.value("node-keys"),
        "firmware": evidence.value("firmware-file"),
        "hypervisor": evidence.value("hypervisor") or "a hypervisor",
        "memory": evidence.value("memory-size"),
        "dma_limit": evidence.value("dma-limit"),
        "flags": _flags(evidence),
    }


def _of_case(case: Case, evidence: PastedEvidence, host: Host) -> dict[str, Any]:
    sign = case.main.sign
    message, said = sign.message, sign.values
    words = sign.quote.partition(": ")[2] or sign.quote
    return {
        "limit": said.get("limit") or evidence.value("cgroup-limit"),
        "asked": said.get("asked"),
        "errno_text": _errno_text(case),
        "what": filled(message.what, said) or _shown_what(case, evidence),
        "quote": words,
        "remedy": message.remedy,
        "parameters": message.parameters,
        "given": _given(message.parameters, host, evidence),
        "section": said.get("section"),
        "function": _function(case),
        "message": said.get("message", ""),
        "words": said.get("message") or filled(message.what, said) or (words.rstrip(".") if sign.known else ""),
        "code_text": _code_text(case),
        "vmm": _vmm(case, evidence),
    }


def _of_call(call: FailedCall | None) -> dict[str, Any]:
    if call is None:
        return {"refuser": "KVM"}
    status_name = call.status_name or f"0x{call.status or 0:016x}"
    return {"leaf": call.name, "status_name": status_name, "detail": call.detail, "refuser": "the module"}


def _errno_text(case: Case) -> str:
    number = next((mark.errno for mark in case.marks if mark.errno is not None), None)
    return os.strerror(-number) if number is not None else ""


def _parameter(evidence: PastedEvidence) -> str:
    for name in ("parameter-off", "parameter-on"):
        if name in evidence:
            return evidence.value(name)
    return "absent" if "parameter-absent" in evidence else ""


def _shown_what(case: Case, evidence: PastedEvidence) -> str:
    if case.stage == "td-quote":
        for name, said in (("qgsd-inactive", "qgsd is {}"), ("registration-failed", "the registration agent reports an error")):
            if name in evidence:
                return said.format(evidence.value(name) or "inactive")
    if case.stage == "module-update" and evidence.value("update-slots") == "0":
        return "no run-time update is left until reboot"
    return "the guest's console shows a reboot" if "guest-rebooted" in evidence and case.stage == "td-run" else ""


def _given(parameters: str, host: Host, evidence: PastedEvidence) -> str:
    words = [word.strip(",") for word in parameters.replace(" or ", " ").split()]
    line = host.command_line or " ".join(fact.line.text for fact in evidence.facts.get("command-line", ()))
    return next((word for word in words if word and word in line), "")


def _function(case: Case) -> str:
    found = next((mark.sign for mark in case.marks if mark.sign.message.kind == "function"), None)
    if found is None:
        return ""
    if "function" not in found.message.args:
        return found.message.format.strip().partition("+")[0]
    return str(found.values.get("function", "")).partition(" ")[2].removeprefix("at ").partition("+")[0]


def _code_text(case: Case) -> str:
    found = [code for mark in case.marks for code in codes_of(mark.sign)]
    best = next((code for code in found if not code.sum), found[0] if found else None)
    return (
        f"{best.name}, {best.code:#x}"
        if best is not None and best.code > 255
        else f"curl {best.code}: {best.name}"
        if best is not None
        else ""
    )


def _flags(evidence: PastedEvidence) -> str:
    fact = evidence.first("cpu-flags")
    found = _FLAG.search(fact.line.text) if fact is not None else None
    flags = [flag for flag in found[1].strip("`'\"").split(",") if not flag.startswith("pmu=off")] if found is not None else []
    return ", ".join(flags[:4])


def _vmm(case: Case, evidence: PastedEvidence) -> str:
    if case.main.component == "cloud-hypervisor":
        return "Cloud Hypervisor asks the interface from before 6.16"
    if any(mark.sign.values.get("vm_type") not in (None, "TDX") for mark in case.marks):
        version = evidence.value("qemu-version")
        return f"this QEMU{f' ({version})' if version else ''} speaks the one from before mainline"
    version = evidence.value("qemu-version")
    return f"QEMU {version}" if version else ""
