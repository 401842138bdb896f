from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxwhy.ranges import numbers, ranges


@given(st.sets(st.integers(0, 5000)))
def test_ranges_read_back(found):
    assert numbers(ranges(found)) == tuple(sorted(found))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("3", (3,)),
        ("24-25,30", (24, 25, 30)),
        ("7-5", ()),
        ("0-2,5, 7-8", (0, 1, 2, 5, 7, 8)),
        ("a,-3,4-,5", (5,)),
        ("²,1", (1,)),
    ],
)
def test_accepted_forms(text, expected):
    assert numbers(text) == expected


def test_a_huge_range_is_bounded():
    assert len(numbers("0-99999999999999", most=100)) == 100


def test_ranges_are_counted_before_they_are_expanded():
    assert numbers("0-99999," * 300_000, most=1 << 16) == tuple(range(1 << 16))
    assert numbers("9" * 100_000 + ",1-" + "9" * 100_000, most=8) == tuple(range(1, 8))
