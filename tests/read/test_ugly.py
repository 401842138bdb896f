"""Pastes made ugly: whatever a web form, a font, a scanner or a person does to a log, the diagnosis stays the same."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.explain.logs import read

from tdxwhy.explain.diagnosis import diagnose
from tdxwhy.explain.logs import JudgedBoot, report
from tdxwhy.read.log import LogReader

LOGS = sorted(Path("samples/logs").glob("*/dmesg.log"))
DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _each_line(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: "".join(change(line) + "\n" for line in text.splitlines())


def _scanned(line: str) -> str:
    return re.sub(r"0x[0-9a-f]{4,16}", lambda number: "Ox" + number[0][2:].replace("0", "O").replace("1", "l"), line)


def _shifted(text: str, characters: str, first: int) -> str:
    return text.translate({ord(one): first + number for number, one in enumerate(characters)})


UGLY: dict[str, Callable[[str], str]] = {
    "full-width digits": lambda text: _shifted(text, DIGITS, 0xFF10),
    "full-width all": lambda text: "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text),
    "Arabic digits": lambda text: _shifted(text, DIGITS, 0x0660),
    "bold by code": lambda text: _shifted(text, LETTERS, 0x1D5D4),
    "non-breaking blanks": lambda text: text.replace(" ", "\u00a0"),
    "ideographic blanks": lambda text: text.replace(" ", "\u3000"),
    "smart quotes and dashes": lambda text: text.translate(str.maketrans({'"': "\u201d", "'": "\u2019", "`": "\u2018", "-": "\u2013"})),
    "soft hyphens": lambda text: text.replace("e", "e\u00ad"),
    "ligatures": lambda text: text.replace("fi", "\ufb01").replace("fl", "\ufb02"),
    "right to left": _each_line("\u202b{}\u202c\u200f".format),
    "Hebrew around it": lambda text: f"שלום, זה לא עובד:\n\n```\n{text}```\nתודה\n",
    "entities and breaks": lambda text: html.escape(text).replace("\n", "<br>\n"),
    "a whole page": lambda text: f"<html><body><p>Hello</p><pre class='x'>{html.escape(text)}</pre></body></html>\n",
    "coloured elements": _each_line(lambda line: f'<div><span style="color:red">{html.escape(line)}</span></div>'),
    "blanks as entities": lambda text: html.escape(text).replace(" ", "&nbsp;"),
    "lost escapes": lambda text: re.sub(r"(?m)^(\[[ 0-9.]+\])( )", r"[32m\1[0m[33m\2", text),
    "scanned": _each_line(_scanned),
    "twice": lambda text: text + text,
    "returns": lambda text: text.replace("\n", "\r\n"),
    "art around it": lambda text: f"  _____ ____\n |_   _|  _ \\\n   |_| |____/ __/\\\n\n{text}\n +-----+\n | end |\n +-----+\n",
    "table": _each_line("| {} |".format),
    "indented": _each_line("\t    {}".format),
}


@pytest.mark.parametrize("ugly", UGLY)
@pytest.mark.parametrize("log", LOGS, ids=lambda path: path.parent.name)
def test_an_ugly_paste_gets_the_same_diagnosis(log: Path, ugly: str) -> None:
    text = log.read_text(encoding="utf-8")
    assert verdict(UGLY[ugly](text)) == verdict(text)


@given(
    st.lists(st.sampled_from("\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f"), min_size=1, max_size=40),
    st.randoms(use_true_random=False),
)
@settings(deadline=None, max_examples=30)
def test_what_cannot_be_seen_changes_nothing(unseen: list[str], chance) -> None:
    text = Path("samples/logs/sys-rd-module-too-old/dmesg.log").read_text(encoding="utf-8")
    spoilt = list(text)
    for one in unseen:
        spoilt.insert(chance.randrange(len(spoilt)), one)
    assert verdict("".join(spoilt)) == verdict(text)


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
