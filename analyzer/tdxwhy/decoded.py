"""What decoding a number gives. Apart from the other nouns so that `tdxwhy decode` starts without them."""

from __future__ import annotations

from tdxwhy.noun import NamedTuple


class Status(NamedTuple):
    """A decoded SEAMCALL completion status (Intel TDX module, `include/tdx_error_codes_defs.h`)."""

    value: int
    name: str
    detail: str
    meaning: str
    error: bool
    recoverable: bool
    source: str
    action: str = ""
    origin: str = "module"


class Leaf(NamedTuple):
    """A decoded SEAMCALL leaf."""

    number: int
    name: str
    meaning: str
    scope: str
    source: str
