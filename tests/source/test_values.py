"""Numbers and conversions as C writes them, and as nobody does."""

from __future__ import annotations

import pytest

from tdxwhy.know.printf import pieces
from tdxwhy.source.run.lines import laid_out
from tdxwhy.source.run.values import number


@pytest.mark.parametrize(
    ("text", "value"), [("10", 10), ("-1", -1), ("0x1fULL", 31), ("017", 15), ("0" * 9, 0), ("0xffffffffffffffff", 2**64 - 1)]
)
def test_constants(text: str, value: int) -> None:
    assert number(text) == value


@pytest.mark.parametrize("text", ["9" * 5000, "0x" + "f" * 5000, "0" + "7" * 5000, "-" + "9" * 5000, "x"])
def test_what_no_compiler_takes_is_no_number(text: str) -> None:
    assert number(text) is None


@pytest.mark.parametrize("conversion", ["%999999999d", "%0999999999llx", "%.999999999x", "%-9999d", f"%{'9' * 5000}u"])
def test_a_width_beyond_measure_stays_as_it_is_written(conversion: str) -> None:
    assert laid_out(f"got {conversion}!", (1,), ("x",)) == (f"got {conversion}!", False)
    assert pieces(f"got {conversion}!")


def test_usual_widths_are_laid_out() -> None:
    assert laid_out("0x%016llx %5d %-3u|", (31, 7, 2), ("a", "b", "c")) == ("0x000000000000001f     7 2  |", True)
