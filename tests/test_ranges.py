from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxwhy.ranges import numbers, ranges


@given(st.sets(st.integers(0, 5000)))
def test_ranges_read_back(found):
    assert numbers(ranges(found)) == tuple(sorted(found))


@pytest.mark.parametrize(("text", "expected"), [("", ()), ("3", (3,)), ("24-25,30", (24, 25, 30)), ("7-5", ())])
def test_accepted_forms(text, expected):
    assert numbers(text) == expected


def test_a_huge_range_is_bounded():
    assert len(numbers("0-99999999999999", most=100)) == 100
