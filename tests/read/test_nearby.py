"""What is kept around telling lines of a big log leads to them, and is bounded."""

from __future__ import annotations

import io
import tracemalloc

from tdxwhy.explain.speaking import Speaking
from tdxwhy.read.nearby import Chunk, NearLine
from tdxwhy.read.scan import Scan
from tdxwhy.read.text import LINE_LIMIT
from tdxwhy.read.windows import WINDOW

TELLS = "qemu-system-x86_64: KVM_TDX_INIT_VM failed: Invalid argument"
OTHER = "[    5.000000] usb 1-1: new high-speed USB device number 7 using xhci_hcd"


def kept(data: bytes) -> list[NearLine]:
    speaking = Speaking()
    boots = Scan("log", speaking.anchors(), speaking).lines(io.BytesIO(data))
    return [line for boot in boots for chunk in boot.nearby for line in chunk.lines("log")]


def test_a_line_that_is_too_long_does_not_move_those_behind_it() -> None:
    data = f"{OTHER}\n[    1.0] {'x' * 5_000_000}\n{OTHER}\n{TELLS}\n{OTHER}\n".encode()
    lines = kept(data)
    assert [line.place.line for line in lines if line.text == TELLS] == [4]
    assert [line.place.line for line in lines] == [1, 2, 3, 4, 5]


def test_no_line_is_kept_without_its_beginning() -> None:
    filler = f"{OTHER} {'y' * 120}"
    before = (WINDOW + LINE_LIMIT) // (len(filler) + 1) + 10  # a few lines behind the first window
    data = "\n".join([filler] * before + [TELLS] + [filler] * 300).encode()
    texts = {line.text for line in kept(data)}
    assert texts == {filler, TELLS}


def test_long_lines_are_kept_within_bounds() -> None:
    data = TELLS.encode() + b"\n" + b"".join(b"[    1.%06d] %s\n" % (number, b"x" * 1_900_000) for number in range(16))
    speaking = Speaking()
    tracemalloc.start()
    try:
        (boot,) = Scan("log", speaking.anchors(), speaking).lines(io.BytesIO(data))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sum(chunk.size for chunk in boot.nearby if isinstance(chunk, Chunk)) < 4_000_000
    assert peak < 24_000_000
