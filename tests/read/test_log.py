"""From bytes to boots."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
from pathlib import Path

import pytest

from tdxwhy.errors import NothingToJudge, TdxwhyError
from tdxwhy.read.log import LogReader
from tdxwhy.records import BootRecords

BANNER = "[    0.000000] Linux version 6.18.0 (builder@farm) (gcc 14) #1 SMP\n"


def boots(text: str | bytes) -> list[BootRecords]:
    return list(LogReader(io.BytesIO(text if isinstance(text, bytes) else text.encode()), "log"))


def texts(text: str | bytes) -> list[list[str]]:
    return [[record.text for record in boot.records] for boot in boots(text)]


def test_banner_begins_a_boot() -> None:
    found = boots(BANNER + "[    9.000000] a\n" + BANNER + "[    8.000000] b\n")
    assert [boot.records[-1].text for boot in found] == ["a", "b"]
    assert not any(boot.head_cut for boot in found)


def test_time_running_backwards_begins_a_boot() -> None:
    assert texts("[    3.1] a\n[   12.0] b\n[    3.4] a\n[   13.0] b\n") == [["a", "b"], ["a", "b"]]


def test_small_steps_back_do_not() -> None:
    assert texts("[    3.100000] a\n[    3.099000] b\n[    3.200000] c\n") == [["a", "b", "c"]]


def test_a_second_grep_of_the_same_boot_joins_it() -> None:
    found = boots("$ dmesg | grep foo\n[    3.1] foo: a\n[    9.1] foo: b\n```\n$ dmesg | grep bar\n[    1.2] bar: c\n[    4.5] bar: d\n")
    assert [[record.text for record in boot.records] for boot in found] == [["bar: c", "foo: a", "bar: d", "foo: b"]]
    assert found[0].gaps


def test_the_same_lines_pasted_twice_are_counted_once() -> None:
    paste = "[    3.100000] a\n[    4.000000] b\n[    9.100000] c\n"
    (boot,) = boots(paste + "\nsome words\n\n" + "[    4.000000] b\n[    5.000000] d\n")
    assert [record.text for record in boot.records] == ["a", "b", "d", "c", "some words"]


def test_another_boot_pasted_beside_is_kept_apart() -> None:
    found = texts("```\n[    3.1] a\n[    4.0] b\n```\nbefore:\n```\n[    3.3] a\n[    4.4] b\n```\n")
    assert [text[:2] for text in found] == [["a", "b"], ["a", "b"]]


def test_boot_lines_of_journalctl_part_boots() -> None:
    text = "-- Boot 0123456789abcdef0123456789abcdef --\nNov 24 20:03:01 h kernel: a\n-- Reboot --\nNov 24 20:05:01 h kernel: b\n"
    found = boots(text)
    assert [boot.records[0].text for boot in found] == ["a", "b"]
    assert found[0].boot_id == "0123456789abcdef0123456789abcdef"


def test_cut_input_is_known_as_cut() -> None:
    (boot,) = boots(BANNER + "[    9.000000] virt/tdx: CMR: [0x1")
    assert boot.tail_cut
    assert boot.records[-1].cut == "tail"
    (boot,) = boots("[    9.000000] a\n")
    assert boot.head_cut and not boot.tail_cut


def test_an_ellipsis_behind_the_last_line_means_that_it_goes_on() -> None:
    (boot,) = boots("```\n[    3.1] a\n[    4.0] b\n...\n```\n")
    assert boot.tail_cut
    (boot,) = boots("```\n[    3.1] a\n...\n[    4.0] b\n```\n...\n")
    assert boot.gaps and not boot.tail_cut


def test_many_pieces_cost_no_more_than_their_lines() -> None:
    """Each step back begins a segment; ten times the segments may not cost a hundred times the steps."""
    import sys

    def steps(count: int) -> int:
        data = "".join(f"\n[{(count - n) % count + 1:5}.{n:06}] x: {n}\n[    1.5] y {n}\n" for n in range(count))
        counted = 0

        def trace(frame, event, arg):
            nonlocal counted
            counted += 1
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        boots(data)
        sys.settrace(before)
        return counted

    assert steps(1000) < 11 * steps(100)


def test_newest_first_is_turned() -> None:
    lines = [f"[   {n}.000000] line {n}" for n in range(10, 20)]
    assert texts("\n".join(reversed(lines)) + "\n") == [[f"line {n}" for n in range(10, 20)]]


def test_wrapped_lines_are_joined() -> None:
    text = (
        "[    2.598965] virt/tdx: BIOS enabled: private KeyID range [64, \n"
        "128)[    2.598968] virt/tdx: Disable Kexec. Turn off TDX in the BIOS to \nuse KEXEC.\n"
    )
    assert texts(text) == [
        ["virt/tdx: BIOS enabled: private KeyID range [64, 128)", "virt/tdx: Disable Kexec. Turn off TDX in the BIOS to use KEXEC."]
    ]


def test_status_lines_and_prompts_stand_for_themselves() -> None:
    long = "[    2.598965] virt/tdx: a message as long as no other line of this block is"
    assert texts(f"{long}\n[  OK  ] Started foo.\nrack7 login: \n")[0][0] == long[15:]


def test_lines_in_the_json_of_container_run_times() -> None:
    rows = [{"log": f"[    1.{n}00000] line {n}\n", "stream": "stdout", "time": "2026-11-24T20:03:01Z"} for n in range(3)]
    assert texts("".join(json.dumps(row) + "\n" for row in rows)) == [["line 0", "line 1", "line 2"]]


def test_a_wrapped_line_ends_where_it_is_short() -> None:
    text = "[    2.598965] virt/tdx: a message that a mailer has wrapped at a\ncolumn of its own.\nWhat now?\n"
    assert texts(text)[0] == ["virt/tdx: a message that a mailer has wrapped at a column of its own.", "What now?"]


def test_lines_that_stand_for_themselves_are_not_joined() -> None:
    assert texts("[    2.598965] a line that is long enough to look wrapped, were it not\nPrompt:\n" + "x" * 90 + "\n")[0][0].endswith(
        "not"
    )


def test_a_record_torn_by_another_is_made_whole() -> None:
    assert texts("[    1.000001] virt/tdx: BIOS ena[    1.000002] usb 1-1: new\nbled: private\n")[0][:2] == [
        "virt/tdx: BIOS enabled: private",
        "usb 1-1: new",
    ]
    assert texts("[    1.000001] virt/tdx: module initi[  OK  ] Started foo.\nalized\n")[0][0] == "virt/tdx: module initialized"


@pytest.mark.parametrize("indent", [None, 1])
def test_journal_json(indent: int | None) -> None:
    entries = [
        {"MESSAGE": "Linux version 6.8", "_TRANSPORT": "kernel", "_SOURCE_MONOTONIC_TIMESTAMP": "0", "_BOOT_ID": "a" * 32, "PRIORITY": "5"},
        {"MESSAGE": list(b"virt/tdx: \x1b[1mx"), "_TRANSPORT": "kernel", "_SOURCE_MONOTONIC_TIMESTAMP": "12", "_BOOT_ID": "a" * 32},
        {"MESSAGE": "hello", "_TRANSPORT": "stdout", "SYSLOG_IDENTIFIER": "qemu", "__MONOTONIC_TIMESTAMP": "13", "_BOOT_ID": "b" * 32},
    ]
    if indent:
        entries.pop(1)
    found = boots("".join(json.dumps(entry, indent=indent) + "\n" for entry in entries))
    assert [boot.boot_id for boot in found] == ["a" * 32, "b" * 32]
    assert [r.text for b in found for r in b.records] == ["Linux version 6.8", *([] if indent else ["virt/tdx: x"]), "qemu: hello"]


def test_dmesg_json() -> None:
    entries = [{"pri": 6, "time": 0.000012, "msg": "a"}, {"fac": "kern", "pri": "warn", "time": 1.5, "caller": "T1", "msg": 'b "q"'}]
    for text in (json.dumps({"dmesg": entries}), json.dumps({"dmesg": entries}, indent=3), json.dumps({"dmesg": entries}, indent=3)[:-12]):
        (boot,) = boots(text + "\n")
        assert [(r.text, r.time_ns, r.level, r.caller) for r in boot.records] == [("a", 12000, 6, None), ('b "q"', 1500000000, 4, "T1")]


def test_journal_export_with_binary_field() -> None:
    message = b"two\nlines"
    entry = b"__CURSOR=x\n_BOOT_ID=" + b"c" * 32 + b"\n_TRANSPORT=kernel\n_SOURCE_MONOTONIC_TIMESTAMP=7\nMESSAGE\n"
    entry += len(message).to_bytes(8, "little") + message + b"\n\n__CURSOR=y\n_TRANSPORT=kernel\nMESSAGE=next\n\n"
    assert texts(entry) == [["two", "lines", "next"]]


def test_pstore_parts_are_put_in_order() -> None:
    assert texts("Panic#1 Part1\n<6>[   3.000000] c\nPanic#1 Part2\n<6>[   1.000000] a\n<6>[   2.000000] b\n") == [["a", "b", "c"]]


def test_netconsole_fragments_are_joined() -> None:
    text = "6.9.0,6,416,1758426,-,ncfrag=0/33;the first chunk, \n6.9.0,6,416,1758426,-,ncfrag=17/33;the 2nd chunk.\n"
    assert texts(text) == [["the first chunk, the 2nd chunk."]]


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress, bz2.compress])
def test_compressed_input(compress) -> None:
    data = compress((BANNER + "[    1.0] a\n").encode())
    assert texts(data)[0][-1] == "a"


def test_zstd_input() -> None:
    zstandard = pytest.importorskip("zstandard")
    assert texts(zstandard.compress((BANNER + "[    1.0] a\n").encode()))[0][-1] == "a"


def test_broken_gzip_is_judged_as_far_as_it_goes() -> None:
    body = BANNER + "".join(f"[    1.{n:06}] line {n} {n * 7919 % 10007}\n" for n in range(2000))
    reader = LogReader(io.BytesIO(gzip.compress(body.encode())[:-3000]), "log.gz")
    (boot,) = list(reader)
    assert boot.tail_cut and boot.total > 10
    assert "gz" in reader.losses[0].what


def test_what_cannot_be_read_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(TdxwhyError, match="is a directory"):
        list(LogReader(tmp_path, "x"))
    with pytest.raises(TdxwhyError, match="no such file"):
        list(LogReader(tmp_path / "none", "x"))
    for data in (b"", bytes(range(256)) * 100):
        with pytest.raises(NothingToJudge):
            boots(data)


def test_losses_are_counted() -> None:
    reader = LogReader(io.BytesIO(b"[    1.0] a\xff\xfe\n\0\0[    1.1] b\n"), "log")
    assert [[r.text for r in boot.records] for boot in reader] == [["a��", "b"]]
    assert {loss.what: loss.pieces for loss in reader.losses} == {"byte sequences that are not UTF-8": 2, "NUL bytes": 2}
