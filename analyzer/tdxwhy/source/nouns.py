"""What is found in C code and in patches."""

from __future__ import annotations

from tdxwhy.hints import Literal
from tdxwhy.noun import NamedTuple
from tdxwhy.records import Naming, Place


class PrintSite(NamedTuple):
    """One print call in a patch or a C file. `format` has its adjacent literals joined and the pr_fmt prefix not applied.

    `place` is where the call stands in the text that was read; `file` and `file_line` where it stands in the tree after the patch.
    A bare WARN_ON() has an empty format.
    """

    place: Place
    call: str
    level: str
    format: str
    args: tuple[str, ...]
    function: str | None
    added: bool
    is_failure: bool
    names: Naming
    once: bool = False
    ratelimited: bool = False
    file: str = ""
    file_line: int | None = None


class FailingPath(NamedTuple):
    """A condition on which a function fails or gives up, and what it prints there by itself."""

    place: Place
    function: str
    condition: str
    printed: Literal["yes", "no", "callee", "debug", "unseen"]
    errno: str | None = None
    prints: tuple[PrintSite, ...] = ()
    file: str = ""
    file_line: int | None = None
