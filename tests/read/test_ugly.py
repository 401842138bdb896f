"""Pastes made ugly: whatever a web form, a font, a scanner or a person does to a log, the diagnosis stays the same."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from tests.explain.logs import read

from tdxwhy.explain.diagnosis import diagnose
from tdxwhy.explain.logs import JudgedBoot, report
from tdxwhy.read.log import LogReader


def test_a_paste_that_ends_inside_a_character_is_read_to_there() -> None:
    text = Path("samples/logs/sys-rd-module-too-old/dmesg.log").read_bytes()
    made = read(text + "[   99.9] 漢".encode()[:-1])
    assert made.judged.diagnosis.outcome == "failed"


BODY = (
    "virt/tdx: BIOS enabled: private KeyID range [32, 64)",
    "virt/tdx: SEAMCALL (0x0000000000000022) failed: 0xc000050500000000",
    "virt/tdx: module initialization failed (-5)",
)
STAMPS = [
    "[五 10月 10 08:00:0{} 2025] ", "[2025年10月10日 08:00:0{}] ", "[金 10月 10 08:00:0{} 2025] ", "[금 10월 10 08:00:0{} 2025] ",
    "[Пт окт 10 08:00:0{} 2025] ", "[ven. oct. 10 08:00:0{} 2025] ", "[vie oct 10 08:00:0{} 2025] ", "[sex out 10 08:00:0{} 2025] ",
    "[pon lut  2 08:14:5{} 2026] ", "[جمعه اکتبر 10 08:00:0{} 2025] ", "[ศ. ต.ค. 10 08:00:0{} 2568] ",
    "[Fri 10 Oct 2025 08:00:0{} AM CET] ",
    "10月 10 08:00:0{} host kernel: ", "10 oct. 2025 08:00:0{} host kernel: ", "2025. 10. 10. 08:00:0{} host kernel: ",
    "пт 2025-10-10 08:00:0{} MSK host kernel: ", "T+12.50003{}s | ", "<12.50003{}> ", 
    "#00{} 08:00:00,123 INFO dmesg ", "[[ 12.50003{} ]] ", "10/10/25 8:00:0{} AM - ",
]  # fmt: skip


@pytest.mark.parametrize("stamp", STAMPS)
def test_stamps_of_any_language_and_of_no_known_form(stamp: str) -> None:
    reader = LogReader(_bytes("".join(stamp.format(number) + line + "\n" for number, line in enumerate(BODY))), "log")
    (boot,) = reader
    assert [record.text for record in boot.records] == list(BODY)
    assert all(record.wall for record in boot.records)


def verdict(text: str) -> object:
    reader = LogReader(_bytes(text), "log")
    made = report("log", reader, lambda boot: JudgedBoot(diagnose(boot, "log"), boot))
    assert made is not None
    told = made.judged.diagnosis
    call = told.seamcall and (told.seamcall.leaf, told.seamcall.status)
    return told.role, told.outcome, told.steps, call, [cause.id for cause in told.causes], told.packages, told.cpus


def _bytes(text: str) -> BytesIO:
    return BytesIO(text.encode())


@pytest.mark.parametrize("escape", ["^[", "\\x1b", "\\033", "\\e", "\u241b", ""])
def test_colours_whose_escape_byte_was_written_out(escape: str) -> None:
    text = f"{escape}[1;33m[    1.500000]{escape}[0m virt/tdx: module initialized\n{escape}[32m[    2.000000]{escape}[0m eth0: up\n"
    (boot,) = list(LogReader(BytesIO(text.encode()), "x"))
    assert [(record.time_ns, record.text) for record in boot.records] == [
        (1_500_000_000, "virt/tdx: module initialized"),
        (2_000_000_000, "eth0: up"),
    ]
