"""Each status of the table is found by its number, whatever details it carries."""

from __future__ import annotations

import pytest

from tdxwhy.know import decode

DETAILS = 0xFFFFFFFF
ROWS = [row for row in decode.statuses() if row.origin != "np-seamldr"]
MODULE = [row for row in ROWS if row.origin == "module" and not int(row.code) & DETAILS]
WHOLE = [row for row in ROWS if row not in MODULE]


@pytest.mark.parametrize("row", MODULE, ids=lambda row: row.name)
def test_a_module_status_is_known_by_its_upper_half(row: decode.StatusRow) -> None:
    taken = {int(one.code) for one in WHOLE}
    for details in (0, 1, 0x122, DETAILS):
        code = int(row.code) | details
        if code in taken:
            continue
        for value in (code, code - (1 << 64)):  # printed with a sign, too
            found = decode.decode_status(value)
            assert found.value == code
            assert next(one for one in MODULE if one.code == row.code).name == found.name
            assert decode.says_not_ready(value) is row.not_ready


@pytest.mark.parametrize("row", WHOLE, ids=lambda row: row.name)
def test_another_status_is_known_by_all_of_it(row: decode.StatusRow) -> None:
    upper = int(row.code) & ~DETAILS
    if any(int(one.code) == upper for one in MODULE):
        return  # the module's own goes before it
    assert decode.decode_status(int(row.code)).name == next(one for one in WHOLE if one.code == row.code).name


def test_what_no_table_holds_has_no_name() -> None:
    known = {int(row.code) & ~DETAILS for row in ROWS} | {int(code) for row in ROWS for code in row.older_codes}
    unknown = next(code << 32 for code in range(0xC000FF00, 0xC0010000) if code << 32 not in known)
    assert decode.decode_status(unknown).name == ""
    assert not decode.says_not_ready(unknown)


@pytest.mark.parametrize("name", sorted({name for row in ROWS for name in (row.name, *row.aliases)}))
def test_a_name_gives_the_number_that_gives_it(name: str) -> None:
    code = decode.status_named(name)
    assert code is not None
    rows = [row for row in ROWS if int(row.code) == code]
    assert any(name.removeprefix("TDX_") in {one.removeprefix("TDX_") for one in (row.name, *row.aliases)} for row in rows)
