from __future__ import annotations

from collections import Counter
from itertools import pairwise

from tdxwhy.know.buckets import BUCKETS, arranged
from tdxwhy.know.ordinary import HEAD, OrdinarySample, sample
from tdxwhy.know.stored import anchors

LINES = ["usb 1-1: new device", "eth0: link up at 100 Mbit/s", "systemd[1]: reached the target", "pci 0000:00:1f.0: bridge window"]


def buckets(literals: list[bytes]) -> list[list[bytes]]:
    """Deal literals as the searcher does."""
    dealt: list[list[bytes]] = [[] for _ in range(BUCKETS)]
    place: dict[tuple[int, ...], int] = {}
    for number, literal in enumerate(literals):
        dealt[place.setdefault(tuple(byte & 15 for byte in literal[:HEAD]), number % BUCKETS)].append(literal)
    return dealt


def stops(literals: list[bytes], ordinary: OrdinarySample) -> float:
    return sum(ordinary.stops(bucket) for bucket in buckets(literals))


def test_nothing_is_lost_or_doubled():
    literals = sorted(anchors())
    assert sorted(arranged(literals, OrdinarySample(sample(LINES)))) == literals


def test_the_searcher_stops_less_often_than_in_order_of_the_alphabet():
    ordinary = OrdinarySample(sample(LINES))
    assert stops(arranged(anchors(), ordinary), ordinary) < 0.5 * stops(sorted(anchors()), ordinary)


def test_a_stop_is_a_place_where_each_half_of_each_byte_fits_some_literal():
    text = b"abcd" * 3 + bytes(range(32, 127)) + b"caBd" + b"xyzz"
    ordinary = OrdinarySample(text)
    pair = [b"abcd", b"CABD"]
    places = 0
    for window in (text[at : at + HEAD] for at in range(len(text) - HEAD + 1)):
        places += all(
            any(one[at] >> 4 == byte >> 4 for one in pair) and any(one[at] & 15 == byte & 15 for one in pair)
            for at, byte in enumerate(window)
        )
    shares = Counter(text)
    guess = 1.0
    for one, two in zip(*pair, strict=True):
        halves = {16 * (high >> 4) + (low & 15) for high in (one, two) for low in (one, two)}
        guess *= sum(max(shares[byte] / len(text), 0.0002) for byte in halves)
    assert abs(ordinary.stops(pair) - places - guess * len(text)) < 1e-6
    assert ordinary.holds(b"caBd") and not ordinary.holds(b"dBac")
    assert ordinary.rarity(b"abcd") > ordinary.rarity(b"caBd") > ordinary.rarity(b"!!!!")


def test_one_searcher_suffices():
    from tdxwhy.read.windows import automata

    assert len(automata(anchors())) == 1
    assert all(one != two for one, two in pairwise(sorted(anchors())))
