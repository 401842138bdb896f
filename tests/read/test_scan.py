"""The fast path finds what reading every line finds, and holds its bounds."""

from __future__ import annotations

import gzip
import io
import json
import random
import threading
import time
import tracemalloc
from collections.abc import Iterable
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxwhy.know.stored import anchors as known_anchors
from tdxwhy.read import windows as windows_module
from tdxwhy.read.fast_lines import usual_record
from tdxwhy.read.log import LogReader
from tdxwhy.read.scan import Scan
from tdxwhy.read.stream import KEPT
from tdxwhy.records import BootRecords, LogRecord, Place

ANCHORS = (b"virt/tdx", b"SEAMCALL", b"offline")
BANNER = "[    0.000000] Linux version 6.18.0 (builder@farm) (gcc 14) #1 SMP"


def machine(seed: int, boots: int, lines: int) -> list[str]:
    chance = random.Random(seed)
    out = []
    for _ in range(boots):
        out.append(BANNER)
        time = 0.1
        for _ in range(lines):
            time += chance.random() / 50
            text = chance.choice(["usb 1-1: new device", "pci 0000:00: [8086:1234] type 00", "x: y", "systemd[1]: Started a.service."])
            if chance.random() < 0.05:
                text = chance.choice(
                    ["virt/tdx: CMR: [0x100000, 0x200000)", "smpboot: CPU 3 is now offline", "a: SEAMCALL (0x21) failed: 0x1"]
                )
            prefix = chance.choice(["", "", "", "<6>", "> ", "\x1b[1m", "Nov 24 20:03:01 h kernel: "])
            out.append(f"{prefix}[{time:12.6f}] {text}{chance.choice(['', '', '', chr(13), ' é'])}")
    return out


def keys(found: Iterable[BootRecords], anchored: bool) -> list[list[tuple[str, int | None]]]:
    def wanted(record: LogRecord) -> bool:
        return anchored or any(anchor in record.raw.encode() for anchor in (*ANCHORS, b"Linux version "))

    return [[(r.text, r.time_ns) for r in boot.records if wanted(r)] for boot in found]


@pytest.mark.parametrize("seed", range(5))
def test_anchors_change_no_record_that_holds_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows_module, "WINDOW", 5000 + 997 * seed)
    monkeypatch.setattr(windows_module, "LINE_LIMIT", 1000)
    data = "\n".join(machine(seed, 4, 400)).encode() + b"\n"

    class Source:
        def __init__(self) -> None:
            self.stream = io.BytesIO(data)

        def readinto(self, buffer: memoryview) -> int:
            return self.stream.readinto(buffer)

    fast = keys(Scan("log", ANCHORS).lines(Source()), True)
    every = keys(Scan("log", ()).lines(Source()), False)
    block = keys(Scan("log", ANCHORS).lines(data), True)
    whole = keys(LogReader(io.BytesIO(data), "log"), False)
    assert len(fast) == 4
    assert fast == every == block == whole


def test_the_quick_way_to_build_a_record_builds_the_same() -> None:
    line = b"[    1.500000] virt/tdx: module initialized\n"
    record = usual_record(line, 0, len(line) - 1, Place("log", 7))
    assert record == LogRecord(Place("log", 7), line.decode().strip(), "virt/tdx: module initialized", 1_500_000_000)
    assert type(record) is LogRecord and type(record.place) is Place and len(record) == len(LogRecord._fields)


@pytest.mark.parametrize("counted", [1 << 30, 0, 2000])
def test_places_lead_to_the_line(counted: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tdxwhy.read.scan._COUNTED", counted)
    data = "\n".join(machine(7, 2, 200)).encode()
    lines = data.split(b"\n")
    for source in (data, io.BytesIO(data)):
        for boot in Scan("log", ANCHORS).lines(source):
            for record in (*boot.records, boot.last):
                line, offset = record.place.line, record.place.offset
                assert (line is None) == (offset is not None)
                found = lines[line - 1] if line is not None else data[offset:].split(b"\n")[0]
                assert found.decode().rstrip("\r") == record.raw.rstrip("\r")


def test_lines_are_counted_over_one_that_is_too_long() -> None:
    data = b"[    1.000000] a\n[    1.100000] virt/tdx: " + b"x" * 5_000_000 + b"\n[    2.000000] virt/tdx: module initialized\n"
    reader = LogReader(io.BytesIO(data), "log", ANCHORS)
    assert [record.place.line for boot in reader for record in boot.records] == [2, 3]
    assert [loss.place.line for loss in reader.losses] == [2]


def test_a_scan_knows_the_last_record_of_each_boot() -> None:
    lines = machine(3, 3, 300)
    lasts = [boot.last.text for boot in Scan("log", ANCHORS).lines("\n".join(lines).encode())]
    every = [boot.last.text for boot in Scan("log", ()).lines("\n".join(lines).encode())]
    assert lasts == every


def test_large_input_is_scanned_in_bounded_memory() -> None:
    line = b"[   12.345678] usb 1-1: new high-speed USB device number 7 using xhci_hcd\n"
    body = BANNER.encode() + b"\n" + line * 400_000 + b"[ 9000.000000] virt/tdx: module initialized\n"
    packed = gzip.compress(body, 1)
    tracemalloc.start()
    (boot,) = list(LogReader(io.BytesIO(packed), "log.gz", ANCHORS))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [r.text for r in boot.records][1:] == ["virt/tdx: module initialized"]
    assert peak < 12_000_000


def test_a_line_of_ten_megabytes_is_cut_and_counted() -> None:
    data = BANNER.encode() + b"\n[    1.0] virt/tdx: " + b"x" * 10_000_000 + b" SEAMCALL\n[    2.000000] virt/tdx: b\n"
    for anchors in (ANCHORS, ()):
        reader = LogReader(io.BytesIO(data), "log", anchors)
        (boot,) = list(reader)
        assert boot.records[-1].text == "virt/tdx: b"
        assert all(len(r.raw) <= 4096 for r in boot.records)
        assert any("length limit" in loss.what for loss in reader.losses)


def test_a_flood_is_bounded() -> None:
    data = "".join(f"[{n / 1000:12.6f}] virt/tdx: line {n}\n" for n in range(60_000)).encode()
    reader = LogReader(io.BytesIO(data), "log", ANCHORS)
    (boot,) = list(reader)
    assert len(boot.records) == KEPT
    assert boot.total == 60_000
    assert (boot.records[0].text, boot.records[-1].text) == ("virt/tdx: line 0", "virt/tdx: line 59999")
    assert reader.losses[0].pieces == 40_000


def test_journal_json_is_scanned_line_by_line() -> None:
    rows = []
    for boot in "ab":
        for n in range(9000):
            text = "virt/tdx: module initialized" if n == 4000 else f"usb {n}: padding to make the stream longer than a block of bytes"
            row = {
                "MESSAGE": list(text.encode()) if n == 4000 and boot == "b" else text,
                "_TRANSPORT": "kernel",
                "_SOURCE_MONOTONIC_TIMESTAMP": str(n),
                "_BOOT_ID": boot * 32,
            }
            rows.append(json.dumps(row if n else row | {"MESSAGE": "Linux version 6.9"}))
    found = list(LogReader(io.BytesIO("\n".join(rows).encode()), "log", (*ANCHORS, b'E": [')))
    assert [(boot.boot_id, [r.text for r in boot.records]) for boot in found] == [
        (boot * 32, ["Linux version 6.9", "virt/tdx: module initialized"]) for boot in "ab"
    ]


def test_large_export_and_dmesg_json_are_filtered() -> None:
    entry = "__CURSOR=x\n_BOOT_ID={}\n_TRANSPORT=kernel\n_SOURCE_MONOTONIC_TIMESTAMP={}\nMESSAGE={}\n\n"
    data = "".join(entry.format("a" * 32, n, "virt/tdx: x" if n == 9000 else "usb 1-1: nothing to see here") for n in range(12000))
    (boot,) = list(LogReader(io.BytesIO(data.encode()), "log", ANCHORS))
    assert [r.text for r in boot.records] == ["virt/tdx: x"]
    rows = [{"pri": 6, "time": n / 100, "msg": "virt/tdx: x" if n == 9000 else "usb 1-1: nothing to see here"} for n in range(12000)]
    (boot,) = list(LogReader(io.BytesIO(json.dumps({"dmesg": rows}, indent=3).encode()), "log", ANCHORS))
    assert [(r.text, r.time_ns) for r in boot.records] == [("virt/tdx: x", 90_000_000_000)]
    assert boot.last.time_ns == 119_990_000_000


def test_a_bomb_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from tdxwhy.read import opening

    monkeypatch.setattr(opening, "_FREE", 1 << 20)
    packed = gzip.compress(b"a\n" * 20_000_000, 9)
    reader = LogReader(io.BytesIO(packed), "bomb.gz", ANCHORS)
    list(reader)
    assert any("beyond measure" in loss.what for loss in reader.losses)


@pytest.mark.slow
def test_work_grows_linearly() -> None:
    """Count interpreted lines instead of seconds: ten times the input, ten times the work."""
    import sys

    def work(lines: int) -> int:
        count = 0

        def trace(frame, event, arg):
            nonlocal count
            count += 1
            return trace

        data = "\n".join(machine(1, 1, lines)).encode()
        before = sys.gettrace()
        sys.settrace(trace)
        list(LogReader(io.BytesIO(data), "log"))
        sys.settrace(before)
        return count

    assert work(10_000) < 10.5 * work(1_000)


@given(st.binary(max_size=3000))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    from tdxwhy.errors import TdxwhyError

    for small in (0, 1 << 20):
        try:
            for boot in LogReader(io.BytesIO(data), "log", ANCHORS, small):
                assert all(c.isprintable() or c == " " for record in boot.records for c in record.text)
        except TdxwhyError:
            pass


def test_a_file_is_read_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes("\n".join(machine(2, 3, 30_000)).encode() + b"\n")
    assert len(list(LogReader(path, "log", ANCHORS))) == 3


@pytest.mark.parametrize(("counted", "place"), [(64 << 20, "line 30002 "), (0, "byte 1320067 ")])
def test_a_big_log_is_reported_with_its_lines_and_a_huge_one_with_bytes(
    counted: int, place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tdxwhy.cli import main

    monkeypatch.setattr("tdxwhy.read.scan._COUNTED", counted)

    path = tmp_path / "log"
    lead = BANNER + "\n" + "[    1.000000] usb 1-1: nothing to see here\n" * 30_000
    path.write_text(lead + "[    2.000000] virt/tdx: module initialized\n")
    assert main(["log", str(path)]) == 0
    assert place in capsys.readouterr().out


def test_who_gives_up_early_finds_nobody_reading() -> None:
    reading, reads = threading.Event(), []

    class Slow:
        def readinto(self, buffer: memoryview) -> int:
            reading.set()
            time.sleep(0.05)
            reads.append(len(buffer))
            buffer[:] = (b"[    1.000000] tdx: a line\n" * (len(buffer) // 26 + 1))[: len(buffer)]
            reading.clear()
            return len(buffer)

    found = windows_module.ahead(windows_module.windows(Slow()), (b"tdx: ",))
    next(found)
    found.close()
    assert not reading.is_set()
    done = len(reads)
    time.sleep(0.2)
    assert len(reads) == done


DENSE_LINES = st.sampled_from(
    [
        "[    {time}] virt/tdx: module initialized",
        "[    {time}] smp: Brought up 2 nodes, 224 CPUs",
        "[    {time}] TDX module 1.5 in the words of nobody",
        "[    {time}] usb 1-1: nothing to see here",
        "[    {time}] ",
        "[    {time}]",
        "[    {time}][    T1] virt/tdx: BIOS enabled: private KeyID range [64, 128)",
        "<6>[    {time}] virt/tdx: BIOS enabled: private KeyID range [64, 128)",
        "[123456.{time}] tdx: late",
        BANNER,
        "no stamp, tdx: though",
        "nothing",
        "[    {time}] kvm_intel: caf\u00e9",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(DENSE_LINES, st.integers(0, 9)), min_size=1, max_size=60), st.booleans())
def test_a_window_that_is_not_searched_gives_the_same(lines: list[tuple[str, int]], ended: bool) -> None:
    data = ("\n".join(form.format(time=f"{second}.000000") for form, second in lines) + "\n" * ended).encode()
    read = []
    for dense in (False, True):
        with mock.patch.object(windows_module, "is_dense", lambda window, anchors, dense=dense: dense):
            scan = Scan("log", known_anchors())
            read.append((list(scan.lines(io.BytesIO(data))), scan.losses))
    assert read[0] == read[1]


def test_most_lines_of_a_window_must_hold_an_anchor_to_be_dense() -> None:
    relevant, other = b"[    1.000000] virt/tdx: module initialized\n", b"[    1.000000] usb 1-1: nothing to see here\n"
    whole = relevant * 1000
    half = relevant * 500 + other * 500
    assert windows_module.is_dense(windows_module.Window(whole, len(whole), 0), known_anchors())
    assert not windows_module.is_dense(windows_module.Window(half, len(half), 0), known_anchors())
    assert not windows_module.is_dense(windows_module.Window(relevant, len(relevant), 0), known_anchors())
    assert windows_module.Telling(known_anchors()).sound
    assert not windows_module.Telling((b"00] virt",)).sound
