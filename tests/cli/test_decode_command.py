from __future__ import annotations

import io
import json
import subprocess
import sys

import jsonschema
import pytest

from tdxwhy.cli import decode, main
from tdxwhy.shipped import folder


def test_a_status_with_its_detail(capsys):
    assert main(["decode", "0xc000092100000122"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("0xc000092100000122  TDX_INCORRECT_MSR_VALUE\n  detail: MSR 0x122 IA32_TSX_CTRL\n")
    assert "  recoverable: no\n" in out


@pytest.mark.parametrize(
    ("item", "names"),
    [
        ("0x24", ["TDH.SYS.TDMR.INIT"]),
        ("36", ["TDH.SYS.TDMR.INIT", "ENAMETOOLONG"]),
        ("-5", ["EIO"]),
        ("EIO", ["EIO"]),
        ("0000000000000024", ["TDH.SYS.TDMR.INIT"]),
        ("c000050500000000", ["TDX_SYS_NOT_READY"]),
        ("13835063574315139072", ["TDX_SYS_NOT_READY"]),
        ("-4611680499394412544", ["TDX_SYS_NOT_READY"]),
        ("tdx_sys_not_ready", ["TDX_SYS_NOT_READY"]),
        ("TDH_SYS_LP_INIT", ["TDH.SYS.LP.INIT"]),
        ("0x8000000000000001", ["SEAMLDR.INSTALL", "unknown status"]),
        ("0x8000000000000003", ["SEAMLDR.SEAMINFO", "PSEAMLDR_EBADCALL"]),
        ("0xc000ab1200000000", ["unknown status"]),
        ("0", ["TDH.VP.ENTER", "TDX_SUCCESS"]),
    ],
)
def test_what_an_item_can_mean(item, names):
    assert [meaning["name"] for meaning in decode.meanings(item)] == names


@pytest.mark.parametrize("item", ["nonsense", "0x1ffffffffffffffff", "0xfff0", ""])
def test_what_means_nothing_is_one_line_and_exit_2(capsys, item):
    assert main(["decode", item]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("tdxwhy: ")
    assert "Traceback" not in captured.err


def test_json(capsys):
    assert main(["decode", "34", "EIO", "0xc000050500000000", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, json.loads((folder("reports/schema") / "decode.schema.json").read_text()))
    assert document["schema"] == "tdxwhy/decode/1"
    assert [(one["item"], one["kind"], one["name"]) for one in document["meanings"]] == [
        ("34", "leaf", "TDH.SYS.RD"),
        ("34", "errno", "ERANGE"),
        ("EIO", "errno", "EIO"),
        ("0xc000050500000000", "status", "TDX_SYS_NOT_READY"),
    ]


def annotated(data: bytes, piece: int = 1 << 16) -> bytes:
    class Slow(io.BytesIO):
        def read1(self, size=-1):
            return super().read1(min(size, piece))

    sink = io.BytesIO()
    assert decode._stream(Slow(data), sink) == 0
    return sink.getvalue()


LOG = (
    b"[    9.1] virt/tdx: SEAMCALL (0x0000000000000022) failed: 0xc000050500000000\r\n"
    b"[    9.2] tdx: SEAMCALL failed: CPU 14: leaf 33, error 0xc000092100000122.\n"
    b"[    9.3] virt/tdx: module initialization failed (-5)\n"
    b"[    9.4] other: failed (-5) \xff\x1b[31m\x00\n"
    b"[    9.5] seamldr: SEAMCALL (0x8000000000000001) failed: 0x8000000000020000"
)
MEANT = (
    b"[    9.1] virt/tdx: SEAMCALL (0x0000000000000022 [TDH.SYS.RD]) failed: 0xc000050500000000 [TDX_SYS_NOT_READY]\r\n"
    b"[    9.2] tdx: SEAMCALL failed: CPU 14: leaf 33 [TDH.SYS.INIT], error "
    b"0xc000092100000122 [TDX_INCORRECT_MSR_VALUE, MSR 0x122 IA32_TSX_CTRL].\n"
    b"[    9.3] virt/tdx: module initialization failed (-5 [EIO])\n"
    b"[    9.4] other: failed (-5) \xff\x1b[31m\x00\n"
    b"[    9.5] seamldr: SEAMCALL (0x8000000000000001 [SEAMLDR.INSTALL]) failed: 0x8000000000020000 [PSEAMLDR_EBADSIG]"
)


@pytest.mark.parametrize("piece", [1, 7, 80, 1 << 16])
def test_a_stream_passes_with_the_meanings_in_place_however_it_comes_in(piece):
    assert annotated(LOG, piece) == MEANT


def test_a_huge_line_passes_as_it_is_and_the_next_one_is_annotated():
    huge = b"virt/tdx: leaf 33 " * 20_000
    out = annotated(huge + b"\n" + LOG, 5000)
    assert out == huge + b"\n" + MEANT


def test_bytes_without_tdx_pass_untouched():
    noise = bytes(range(256)) * 40
    assert annotated(noise) == noise


def test_the_command_reads_a_pipe():
    done = subprocess.run([sys.executable, "-m", "tdxwhy", "decode", "-"], input=LOG, capture_output=True, check=True)
    assert done.stdout == MEANT


def test_a_call_of_a_td_and_a_code_of_the_quote_service(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decode", "KVM_TDX_INIT_VM"]) == 0
    shown = capsys.readouterr().out
    assert "ENOSPC" in shown
    assert "keyids-exhausted" in shown
    assert main(["decode", "0xb033"]) == 0
    assert "pccs-tls-untrusted" in capsys.readouterr().out
