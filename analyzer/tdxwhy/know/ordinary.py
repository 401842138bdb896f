"""How often pieces of text come in the lines that logs are full of: what makes a literal a good anchor."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from functools import reduce
from math import prod
from operator import or_

# The searcher looks at so many first bytes of a literal, each byte's halves apart.
HEAD = 4
# Bytes that the sample happens not to have come now and then all the same.
_SELDOM = 0.0002


def sample(lines: Sequence[str]) -> bytes:
    """Return ordinary lines as the console prints them and as a journal in JSON holds them."""
    console = (f"[{5 + number * 7919 % 60000 / 1000:12.6f}] {line}\n" for number, line in enumerate(lines))
    entries = (json.dumps(_entry(number, line), separators=(",", ":")) + "\n" for number, line in enumerate(lines[::4]))
    return ("".join(console) + "".join(entries)).encode()


def _entry(number: int, line: str) -> dict[str, str]:
    """Return the fields of a journal's entry, with numbers as varied as they are there."""
    digits = f"{(number + 1) * 0x9E3779B97F4A7C15 % (1 << 128):032x}"
    stamp = 1764019834000000 + number * 7919
    return {
        "__CURSOR": f"s={digits};i={number:x};b={digits};m={stamp:x}",
        "__REALTIME_TIMESTAMP": str(stamp),
        "__MONOTONIC_TIMESTAMP": str(number * 7919),
        "_BOOT_ID": digits,
        "_HOSTNAME": "node00001",
        "_TRANSPORT": "kernel",
        "SYSLOG_FACILITY": "0",
        "SYSLOG_IDENTIFIER": "kernel",
        "PRIORITY": "6",
        "_SOURCE_MONOTONIC_TIMESTAMP": str(number * 7919),
        "MESSAGE": line,
    }


class OrdinarySample:
    """A sample of ordinary text, asked for single literals and for literals that share a bucket of the searcher."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        counts = Counter(text)
        self._share = [max(counts[byte] / len(text), _SELDOM) for byte in range(256)]
        self._halves = [_halves(text, shift) for shift in (0, 4)]

    def rarity(self, head: bytes) -> float:
        """Return how seldom the head of a literal comes, as a share of all places."""
        return prod(self._share[byte] for byte in head) + self._text.count(head) / len(self._text)

    def holds(self, literal: bytes) -> bool:
        """Tell whether ordinary lines hold the whole literal."""
        return literal in self._text

    def stops(self, bucket: Sequence[bytes]) -> float:
        """Return at how many places the searcher would stop for a bucket: it knows of its literals only the set of halves at each byte."""
        if not bucket:
            return 0.0
        places, guess = -1, 1.0
        for at in range(HEAD):
            sets = [{literal[at] & 15 for literal in bucket}, {literal[at] >> 4 for literal in bucket}]
            low, high = (reduce(or_, (self._halves[half][value] for value in values)) for half, values in enumerate(sets))
            places &= (low & high) >> at
            guess *= sum(self._share[16 * upper + lower] for lower in sets[0] for upper in sets[1])
        return places.bit_count() + guess * len(self._text)


def _halves(text: bytes, shift: int) -> list[int]:
    """Return for each value of a half byte where it stands in the text, as the bits of a number."""
    table = [bytes(48 + ((byte >> shift) & 15 == value) for byte in range(256)) for value in range(16)]
    return [int(text[::-1].translate(one), 2) for one in table]
