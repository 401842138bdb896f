"""Numbers of inputs: ASCII digits, and no more of them than 64 bits need, wherever one is read."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import tdxwhy
from tdxwhy.cli import main
from tdxwhy.digits import number, whole
from tests.conftest import ROOT

PRODUCT = Path(tdxwhy.__file__).parent
SAMPLES = ROOT / "samples" / "logs"
ARABIC, RAISED = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"), str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_STAMP = re.compile(r"(\s*(?:<\d+>)?\[ *\d+\.\d+\] ?)?(.*)", re.DOTALL)


@pytest.mark.parametrize("text", ["٣٤", "¹", "3٤", "", "-1", "+1", " 1", "1_0", "7" * 20])
def test_what_is_no_whole_number(text: str) -> None:
    assert whole(text) is None


@pytest.mark.parametrize("text", ["٣٤", "1" * 25, "f" * 25])
def test_what_is_no_number_of_a_kernel(text: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        number(text, 16)


def test_numbers() -> None:
    assert (whole("034"), number("-5"), number("0x24", 16), number(" 7")) == (34, -5, 0x24, 7)


def test_nothing_else_asks_whether_a_text_is_of_digits() -> None:
    """`isdigit` takes a raised one that `int` refuses; `isdecimal` and `int` take the digits of every script."""
    asking = {
        path.relative_to(PRODUCT).as_posix()
        for path in PRODUCT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("isdigit", "isdecimal", "isnumeric")
    }
    assert asking == {"digits.py", "read/regular.py"}  # the latter's stamps are of any script


def _bodies(text: str) -> Iterator[tuple[str, str]]:
    """Yield the stamp and the words of each line."""
    for line in text.split("\n"):
        found = _STAMP.fullmatch(line)
        assert found is not None
        yield found[1] or "", found[2]


def _changed(text: str, how: str) -> str:
    if how == "long":  # a number of each line, with 5,000 digits more
        return "\n".join(
            stamp + re.sub(r"(?<![0-9a-fA-Fx])\d+", lambda m: m[0] + "7" * 5000, body, count=1) for stamp, body in _bodies(text)
        )
    table = ARABIC if how == "arabic" else RAISED
    return "\n".join(stamp + body.translate(table) for stamp, body in _bodies(text))


PASTES = sorted(SAMPLES.glob("*/*.txt")) + sorted(SAMPLES.glob("*/dmesg.log"))
SOME = [path for path in PASTES[:: max(1, len(PASTES) // 16)] if path.stat().st_size < 8_000]


@pytest.mark.parametrize("how", ["long", "arabic", "raised"])
@pytest.mark.parametrize("path", SOME, ids=lambda path: path.parent.name)
def test_no_number_ends_an_answer(path: Path, how: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.log").write_text(_changed(path.read_text("utf-8", "replace"), how))
    for command in (["log", "--format", "json"], ["replay"]):
        assert main([*command, str(tmp_path / "a.log")]) in (0, 1, 2, 3)
        said = capsys.readouterr()
        assert "cannot go on" not in said.err


@pytest.mark.parametrize(
    "line",
    [
        "kvm: release 6.{} QEMU emulator version 10.{}",
        "QEMU emulator version {}.1",
        "WARNING: CPU: {} PID: 1 at arch/x86/virt/vmx/tdx/tdx.c:1",
        "mce: [Hardware Error]: CPU {}: Machine Check SOCKET {}",
        "smpboot: CPU {} is now offline",
        "virt/tdx: SEAMCALL (0x{}) failed: 0x{}",
        "virt/tdx: BIOS enabled: private KeyID range [{}, {})",
        "CPU{}: SEAMCALL leaf {} failed, KeyIDs [{}, {}]",
        "qemu-system-x86_64: TDX ioctl KVM_TDX_INIT_VM failed, hw_errors: 0x{}: No space left on device",
        "$ cat /sys/fs/cgroup/misc.capacity\ntdx {}",
        "$ cat /sys/fs/cgroup/misc.current\ntdx {}",
        "TDX-Module: Failed TDH.SYS.CONFIG on package {}, CPUs {}-{}: -{}",
    ],
)
@pytest.mark.parametrize("digits", ["7" * 20_000, "٣٤", "²"])
def test_a_line_whose_number_is_none(line: str, digits: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    failed = "[    2.000000] virt/tdx: module initialization failed (-5)\n"
    (tmp_path / "a.log").write_text(
        f"[    1.000000] virt/tdx: BIOS enabled: private KeyID range [32, 64)\n{failed}{line.replace('{}', digits)}\n"
    )
    assert main(["log", "--format", "json", str(tmp_path / "a.log")]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["logs"][0]["outcome"] == "failed"
    assert digits[:5000] not in said.out or len(digits) < 5000


def test_an_entry_keeps_its_line_whatever_its_other_numbers_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number_of_it in ("9" * 5000, "9" * 300, '"¹"', '"' + "9" * 18 + '"', "-1", "1e400", "true"):
        entry = '{"_TRANSPORT":"kernel","MESSAGE":"virt/tdx: module initialization failed (-5)","PRIORITY":%s,"__MONOTONIC_TIMESTAMP":%s}\n'
        (tmp_path / "a.json").write_text(entry % (number_of_it, number_of_it))
        assert main(["log", str(tmp_path / "a.json")]) == 1, number_of_it
        assert main(["ingest", str(tmp_path / "a.json"), "--store", str(tmp_path / "store"), "--jobs", "1", "--quiet"]) == 0
        assert "cannot go on" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["decode", "٣٤"], ["decode", "¹"], ["decode", "0x" + "f" * 9000], ["rule", "TDX¹²³"], ["explain", "-¹"], ["model", "6.²"]]
)
def test_commands(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "cannot go on" not in said.err


def test_requests_may_begin_with_a_mark(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = '{"id": "ok", "log": "virt/tdx: module initialized\\n"}'
    (tmp_path / "q").write_text(f"\ufeff{one}\r\n{one}\n", newline="")
    assert main(["replay", "--jsonl", str(tmp_path / "q")]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row.get("id") for row in told] == ["ok", "ok"]
