"""Whether the compiled knowledge is that of the TOML files: a check sum, taken without any parser."""

from __future__ import annotations

import os
from zlib import crc32

from tdxwhy.know.files import is_table

_HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib would cost a tenth of the start-up budget
_CODE = ("grammar.py", "lower.py", "rows.py", "knowledge.py", "load.py", "cover.py", "buckets.py", "ordinary.py", "compile.py")


def digest(folder: str) -> str:
    """Return a check sum of everything that the compiled knowledge depends on."""
    names = sorted(name for name in os.listdir(folder) if name.endswith(".toml") and is_table(name[:-5]))  # noqa: PTH208 - pathlib is not loaded at start
    sum_ = 0
    for place, name in [(folder, name) for name in names] + [(_HERE, name) for name in _CODE]:
        with open(os.path.join(place, name), "rb") as source:  # noqa: PTH118, PTH123 - the same
            sum_ = crc32(source.read(), crc32(name.encode(), sum_))
    return f"{sum_:08x}"
