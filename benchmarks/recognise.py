"""How many lines a second `recognise` takes, by kind of input: `python benchmarks/recognise.py`."""

from __future__ import annotations

import random
import statistics
import time

from tdxwhy.know import recognise as room
from tdxwhy.know import tables
from tdxwhy.know.recognise import recognise
from tdxwhy.records import LogRecord, Place

PLACE = Place("bench", 1)
ROUNDS = 5


def record(text: str, level: int = 6, cut: str = "") -> LogRecord:
    return LogRecord(PLACE, text, text, time_ns=1, level=level, cut=cut)


def relevant(count: int, draw: random.Random) -> list[LogRecord]:
    """Lines that all mean something, half of them with numbers that no line before had."""
    examples = [form.example for form in tables.forms() if form.kind not in ("platform", "boot")]
    lines = []
    for _ in range(count // 2):
        lines.append(draw.choice(examples))
        lines.append(f"virt/tdx: CMR: [{draw.randrange(1 << 40):#x}, {draw.randrange(1 << 44):#x})")
    return [record(line) for line in lines]


def flood(count: int) -> list[LogRecord]:
    return [record(f"smpboot: CPU {number % 500} is now offline") for number in range(count)]


def ordinary(count: int, draw: random.Random) -> list[LogRecord]:
    return [record(f"usb {draw.randrange(9)}-{draw.randrange(9)}: new device number {number}") for number in range(count)]


def unknown(count: int, draw: random.Random) -> list[LogRecord]:
    return [record(f"virt/tdx: step {draw.randrange(40)} of the vendor's own went wrong ({-draw.randrange(1, 40)})") for _ in range(count)]


def rate(records: list[LogRecord]) -> float:
    """Return thousand lines a second, median of rounds that begin with empty memos."""
    found = []
    for _ in range(ROUNDS):
        room._known.clear()
        room._unknown.clear()
        start = time.perf_counter()
        for one in records:
            recognise(one)
        found.append(len(records) / (time.perf_counter() - start) / 1000)
    return statistics.median(found)


def main() -> None:
    draw = random.Random(1)
    sets = {
        "all relevant, half of them new": relevant(100_000, draw),
        "one line repeated over 500 CPUs": flood(100_000),
        "ordinary kernel lines": ordinary(100_000, draw),
        "TDX lines that no form matches": unknown(20_000, draw),
    }
    for name, records in sets.items():
        recognise(records[0])
        print(f"{name:34} {rate(records):8.0f} k lines/s")


if __name__ == "__main__":
    main()
