"""Whatever a web form, a font, a scanner, a shipper of logs or a person does to a log: the answer stays the same, or says less."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.read.damage import LOSSY, damaged, names

from tdxwhy.api import diagnose
from tdxwhy.errors import NothingToJudge
from tdxwhy.read.log import LogReader
from tdxwhy.read.mended import mended

SAMPLES = sorted(path for path in Path("samples/logs").glob("*/*") if path.name in ("dmesg.log", "paste.txt", "issue.md", "console.log"))
# Each kind meets every tenth sample, each another tenth.
SHARE = 10
# Here less is known than could be: the kind and the sample, with the reason.
LESS = {
    ("double-spaced", "hotplug-last-cpu"): "a table with empty lines between its rows is none",
    ("double-spaced", "td-key-config-warn"): "a trace with empty lines between its lines is none",
    ("double-spaced", "td-package-offline"): "a table with empty lines between its rows is none",
    ("wrapped-flowed", "parameter-misspelt"): "of a parameter that no word ends nobody knows whether it is misspelt",
    ("wrapped-words-72-quoted", "run-td-declared-dead"): "the rest of a wrapped line that holds a message's words is read by itself",
    ("agent-seconds", "run-only-consequences"): "what a VMM printed behind another's time is a log's line, not its own",
}
# Lines of a guest in its host's journal, which are a guest's without the others; of two boots, the first one alone.
OTHER = ("guest-panic-in-the-hosts-journal", "kexec-second-init-refused", "two-boots-second-good")


@pytest.mark.parametrize("kind", names())
def test_damage_changes_no_answer(kind: str) -> None:
    place = names().index(kind)
    for path in SAMPLES[place % SHARE :: SHARE]:
        text = path.read_text(encoding="utf-8")
        before, after = verdict(text.encode()), verdict(damaged(kind, text))
        if kind in LOSSY or (kind, path.parent.name) in LESS:
            assert path.parent.name in OTHER or not _wrong(before, after), (path, before, after)
        else:
            assert after == before, path


@cache
def _of(data: bytes) -> tuple[object, ...]:
    try:
        found = diagnose(data)
    except NothingToJudge:
        return "unknown", "unknown", (), None, (), (), (), ()
    told = found.judged.diagnosis
    call = told.seamcall and (told.seamcall.leaf, told.seamcall.status)
    incidents = tuple((one.stage, one.component, tuple(one.causes), one.packages, one.cpus, one.keyids) for one in found.incidents)
    return told.role, told.outcome, told.steps, call, tuple(cause.id for cause in told.causes), told.packages, told.cpus, incidents


def verdict(data: bytes) -> tuple[object, ...]:
    """Return all that decides an answer: role, outcome, steps, call, causes, packages, CPUs and incidents."""
    return _of(data)


def _wrong(before: tuple[object, ...], after: tuple[object, ...]) -> bool:
    """Tell whether an answer says something else, rather than less."""
    return any(one not in (other, "unknown") for one, other in zip(after[:2], before[:2], strict=True)) or not set(after[6]) <= set(
        before[6]
    )  # type: ignore[call-overload]


_FAILED = (
    "[    1.500000] virt/tdx: BIOS enabled: private KeyID range [32, 64)\n[   14.000000] virt/tdx: SEAMCALL (0x0000000000000022) failed: "
)


@pytest.mark.parametrize("digits", range(1, 16))
def test_a_status_that_was_cut_is_no_other_status(digits: int) -> None:
    cut = verdict(f"{_FAILED}0x{'c000050500000000'[:digits]}\n[   14.000500] virt/tdx: module initialization failed (-5)\n".encode())
    assert cut[:2] == ("host", "failed")
    assert cut[3] in (None, (0x22, None))
    assert not cut[7]


@pytest.mark.parametrize(
    ("scanned", "status"),
    [("0xc000OSOS00000000", 0xC000050500000000), ("0xB000020000000001", 0x8000020000000001), ("Oxc0000S0c00000000", 0xC000050C00000000)],
)
def test_digits_that_a_scanner_took_for_letters(scanned: str, status: int) -> None:
    found = verdict(f"{_FAILED}{scanned}\n[   14.000500] virt/tdx: module initialization failed (-5)\n".encode())
    assert found[3] == (0x22, status)


def test_a_switch_in_a_scanned_log_is_a_digit() -> None:
    line = "[    O.l00000] Command line: BOOT_IMAGE=/vmlinuz ro kvm_intel.tdx=l nohibernate\n"
    assert "kvm_intel.tdx=1 " in mended(line)
    assert "x=l" in mended(line.replace("O.l", "0.1"))


@given(st.text(max_size=400))
@settings(deadline=None, max_examples=200)
def test_mending_any_text_gives_text(text: str) -> None:
    assert isinstance(mended(text), str)


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
    assert verdict("".join(spoilt).encode()) == verdict(text.encode())


@pytest.mark.parametrize("kind", ["gutter", "box", "markdown-table-row", "line-numbers", "entities", "quote-marks", "csv-quoted"])
def test_a_line_keeps_its_number(kind: str) -> None:
    text = "".join(f"[    1.00000{n}] virt/tdx: line {n}\n" for n in range(1, 8))
    (boot,) = LogReader(BytesIO(damaged(kind, text)), "log")
    shift = 1 if kind == "box" else 0
    assert [(record.place.line, record.text) for record in boot.records] == [(n + shift, f"virt/tdx: line {n}") for n in range(1, 8)]


PLAIN = [
    "".join(f"[    1.00000{n}] virt/tdx: a | b | {n} |\n" for n in range(5)),
    "".join(f"virt/tdx: SEAMCALL ({n}) failed\n" for n in range(5)),
    "".join(f"qemu-system-x86_64: warning {n}\n" for n in range(5)),
    "# grep TDX /boot/config\n# CONFIG_INTEL_TDX_HOST is not set\nCONFIG_INTEL_TDX_GUEST=y\n# dmesg | grep tdx\n",
    "# dmesg\n[    1.000000] virt/tdx: a\n# lscpu\nx: 1\n",
    "root=UUID=0b9f ro quiet\nnr=3D\nmore=1\n",
    "сервер не запускается, а почему?\n",
    "[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x0000000000000fff] usable\x1b[m\n",
]


@pytest.mark.parametrize("text", PLAIN)
def test_what_only_looks_damaged_stays(text: str) -> None:
    assert mended(text) == text.replace("\x1b[m", "")


@pytest.mark.parametrize(
    "kind", ["smart-quotes", "box", "line-numbers", "scanned-stamps", "wrapped-words-80", "entities", "ansi-caret", "syslog"]
)
def test_two_kinds_at_once(kind: str) -> None:
    text = Path("samples/logs/seam-not-enabled/dmesg.log").read_text(encoding="utf-8")
    assert verdict(damaged("quote-marks", damaged(kind, text).decode()))[:2] == verdict(text.encode())[:2]
