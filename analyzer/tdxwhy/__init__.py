"""tdxwhy says why Intel TDX did not come up, or a TD does not start, from a kernel log, and what a patch will make users see.

`import tdxwhy; tdxwhy.diagnose("dmesg.log")`. All functions are in `tdxwhy.api`; `review` and `replay` are there alone, since two rooms of
this package have these names. What is not asked for is not imported.
"""

from __future__ import annotations

from tdxwhy.version import VERSION

# Every command starts here, and `typing` would cost `--version` a third of its time.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tdxwhy.api import NothingToJudge, Store, TdxwhyError, decode, diagnose, gate, simulate

__all__ = ["NothingToJudge", "Store", "TdxwhyError", "decode", "diagnose", "gate", "simulate"]
__version__ = VERSION


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever has the name
    if name not in __all__:
        raise AttributeError(f"module 'tdxwhy' has no attribute {name!r}")
    from tdxwhy import api

    return getattr(api, name)
