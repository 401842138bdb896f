from __future__ import annotations

import pytest

from tdxwhy.read.log import read_boots


@pytest.mark.parametrize("month", ["Okt", "août", "févr.", "сен", "9月", "ستمبر"])
def test_a_month_in_another_language_is_part_of_the_prefix(tmp_path, month):
    path = tmp_path / "journal.txt"
    lines = [f"{month} 10 09:09:5{n} host1 kernel: usb 1-{n}: device {n}" for n in range(3)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    records = [record for boot in read_boots(path, "journal") for record in boot.records]
    assert [record.text for record in records] == ["usb 1-0: device 0", "usb 1-1: device 1", "usb 1-2: device 2"]
    assert records[0].wall == f"{month} 10 09:09:50" and records[0].host == "host1"
