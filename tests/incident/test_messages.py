"""Every message of the catalogue is found in a line, whoever relays it, and each failure is worth a look at the log."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tdxwhy.errors import RulesError
from tdxwhy.explain.speaking import speaks
from tdxwhy.incident import tables
from tdxwhy.incident.lines import lines_of
from tdxwhy.incident.load import load
from tdxwhy.incident.rows import ProgramMessage
from tdxwhy.incident.signs import signs_of
from tdxwhy.know.tables import forms

# Lines of these stand beside others of the same program that are looked for.
BESIDE = {
    "kvm.modprobe-told",
    "seamcall.number",
    "seamcall.indexed",
    "cpuhp.write-error",
    "qemu.internal-error-data",
    "qemu.quote.len",
    "unknown.qemu",
    "mce.uncorrected",
}
BESIDE |= {"qgs.context", "qgs.msgtype", "qgs.bad", "qgs.timeout", "qgs.resp0", "guest.outblob-empty-file", "qemu.failed-to-initialize-kvm"}
SPEAKERS = {"qemu": "qemu-system-x86_64: ", "qgsd": "qgsd[812]: ", "kata": 'level=error msg="'}


def rendered(message: ProgramMessage) -> str:
    """A line of the format, with plausible values."""
    words = {"call": "INIT_VM", "vm_type": "tdx", "errno_text": "Input/output error", "leaf_name": "TDH_MNG_CREATE"}
    names = iter(message.args or ("_",) * 9)

    def value(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        name = next(names)
        return {"d": "-7", "i": "7", "u": "7", "x": "1f", "X": "1F"}.get(found[1], words.get(name, "word"))

    return message.prefix + re.sub(r"%(?:%|[-+ #0-9.lhzjtLq]*([a-zA-Z]))", value, message.format)


def found_in(text: str) -> set[str]:
    return {sign.message.id for sign in signs_of(lines_of([(1, text)], "paste", {}))}


@pytest.mark.parametrize("message", tables.messages(), ids=lambda message: message.id)
def test_its_example_is_found(message: ProgramMessage) -> None:
    if message.example:
        line = (
            message.example if not message.only or re.search(message.only, message.example) else f"qgsd[1]: quote /online {message.example}"
        )
        assert message.id in found_in(line)


@pytest.mark.parametrize("message", [one for one in tables.messages() if not one.only], ids=lambda message: message.id)
def test_a_relayed_line_of_it_is_found(message: ProgramMessage) -> None:
    found = found_in(f"2026-03-17T06:41:03.102934Z {SPEAKERS.get(message.component, '')}{rendered(message)}")
    alike = {one.id for one in tables.messages() if one.needle in rendered(message)}
    assert found
    assert found <= alike


@pytest.mark.parametrize("message", [one for one in tables.messages() if one.outcome != "ordinary"], ids=lambda message: message.id)
def test_a_log_with_it_is_looked_at(message: ProgramMessage) -> None:
    assert message.id in BESIDE or speaks(rendered(message))


def test_a_format_stands_once_here_or_in_the_catalogue() -> None:
    formats = {form.format for form in forms()}
    assert [one.id for one in tables.messages() if not one.form and one.prefix + one.format in formats] == []
    assert sum(bool(one.form) for one in tables.messages()) > 40


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('form = "no.such"', "message x: no form 'no.such' in rules/knowledge"),
        ("", "message x: wants a format, or the form that has it"),
        ('form = "a"\nformat = "b %d"', "message x: wants a format, or the form that has it"),
    ],
)
def test_a_row_with_no_format_is_one_line(tmp_path: Path, row: str, said: str) -> None:
    head = '[[message]]\nid = "x"\ncomponent = "qemu"\nstage = "td-run"\noutcome = "failure"\nmeaning = "m"\nsource = "s"\n'
    (tmp_path / "messages.toml").write_text(head + row)
    with pytest.raises(RulesError) as refused:
        load(tmp_path, {"message": ProgramMessage}, {"a": "a %d"})
    assert refused.value.message == f"{tmp_path.name}: {said}"


def test_every_cause_says_something_and_what_to_do() -> None:
    for cause in tables.causes().values():
        assert cause.action, cause.id
        assert cause.settle, cause.id
        assert len(cause.title) < 80
        assert all(len(step.text) <= 300 for step in cause.action)
        assert all(len(one.text) <= 200 for one in cause.settle)


def test_a_technology_of_another_vendor_is_none() -> None:
    assert not found_in("qemu-system-x86_64: -accel kvm: vm-type SEV-SNP not supported by KVM")
    assert not found_in("qemu-img: /fast/td3.qcow2: Failed to resize: Preallocating space failed: No space left on device")
