"""Each reader takes twice and four times as long for twice and four times the input, whatever piece it is made of."""

from __future__ import annotations

import pytest

from tdxwhy.errors import TdxwhyError
from tests.fuzz.readers import READERS
from tests.growth import grows_linearly

STAMP = b"[    1.000000] "
ENTRY = b'{"MESSAGE":"virt/tdx: x","_TRANSPORT":"kernel","__MONOTONIC_TIMESTAMP":"1"}\n'
MAIL = b"From: A <a@b.example>\nMessage-ID: <1@x>\nSubject: Re: [PATCH] x86/tdx: x\nDate: Mon, 1 Jan 2024 00:00:00 +0000\n\n"
C = b'static int init(void)\n{\n\tint ret = 0;\n\tif (ret)\n\t\tpr_err("SEAMCALL failed %d\\n", ret);\n\treturn ret;\n}\n'
DIFF = b"--- a/arch/x86/virt/vmx/tdx/tdx.c\n+++ b/arch/x86/virt/vmx/tdx/tdx.c\n@@ -1,1 +1,2 @@ static int init(void)\n \tint ret;\n"
SCENARIO = b'generation = "6.16"\n'
# Reader, how the input begins, the piece that is repeated, and how it ends.
CASES = (
    ("log", STAMP + b"Linux version 6.16.0 (a@b) #1 SMP\n", STAMP + b"virt/tdx: SEAMCALL (0x22) failed: 0xc000050500000000\n", b""),
    ("log", b"", STAMP + b"virt/tdx: some words that no kernel prints\n", b""),
    ("log", b"", b"qemu-system-x86_64: -accel kvm: vm-type TDX not supported by KVM\n$ dmesg | grep tdx\n", b""),
    ("log", b"", b"> > > ", b""),
    ("journal", b"", ENTRY, b""),
    ("journal", b"", b"__CURSOR=x\n_TRANSPORT=kernel\nMESSAGE=virt/tdx: x\n\n", b""),
    ("mail", MAIL, b"> why does it print nothing?\nPlease say which package it is.\n", b""),
    ("mail", MAIL, b"dmesg |||| tdx: ((( <a@ via [1/ ", b"\n"),
    ("mail", b"", b"From x Mon Jan  1 00:00:00 2024\n" + MAIL + b"Why?\n\n", b""),
    ("judged", MAIL, b"diff --git a/x b/x\n" + DIFF + b"+\tret++;\n", b""),
    ("diff", DIFF, b'+\tpr_err("SEAMCALL failed\\n");\n', b""),
    ("diff", b"", DIFF + b'+\tpr_err("SEAMCALL failed\\n");\n', b""),
    ("C", b"", C, b""),
    ("C", b'int init(void)\n{\n\tpr_err("', b"%-08.3d (a b_ ", b'");\n}\n'),
    ("scenario", SCENARIO, b"# 1.2.3 = [a] ", b"\n"),
    ("request", b"", b'{"log":"virt/tdx: module initialized"}\n', b""),
    ("settings", b"", b'[[suppress]]\nrules = ["TDX208"]\nreason = "r"\n', b""),
    ("sidecar", b"CPU SOCKET ONLINE\n", b"0 0 yes\n", b""),
    ("sidecar", b"On-line CPU(s) list: ", b"0-8191,", b"\n"),
    ("query", b"SELECT 1 -- ", b"(1, 'a') ", b"\n"),
)


@pytest.mark.parametrize(("name", "begin", "piece", "end"), CASES)
def test_time_grows_with_the_input(name: str, begin: bytes, piece: bytes, end: bytes) -> None:
    def run(data: bytes) -> None:
        try:
            READERS[name].feed(data)
        except TdxwhyError as error:
            assert "\n" not in error.message

    run(begin + piece + end)
    grows_linearly(lambda pieces: lambda: run(begin + piece * pieces + end), 64)
