"""Which CPU and which package a function has at hand where it prints, by the names of its variables and the calls that it makes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tdxwhy.noun import NamedTuple

if TYPE_CHECKING:
    from tdxwhy.source.code import Fragment

_LOOP = re.compile(r"\bfor_each_(?P<which>online|possible|present)_cpu\(\s*(?P<cpu>\w+)\s*\)")
_OWN = re.compile(r"\b(?P<cpu>\w+)\s*=\s*(?:raw_)?smp_processor_id\(\)")
_CALLED = re.compile(r"\b(?:raw_)?smp_processor_id\(\)")
_DECLARED = re.compile(r"\b(?P<unsigned>unsigned\s+)?int\s+(?:\w+(?:\s*=[^,;()]{0,80})?,\s*){0,8}(?P<cpu>(?:this_|target_)?cpu)\b")
_PACKAGE = re.compile(r"\bint\s+(?:\w+(?:\s*=[^,;()]{0,80})?,\s*){0,8}(?P<package>pkg|package|pkg_id|package_id)\b")
_BRACE = re.compile(r"[{};]")
# Lines of a function that are looked at above a call.
_MOST = 200


class Has(NamedTuple):
    """C expressions for the CPU, how it is printed, and for its package; `online`: the CPU runs the code or is one of those that are."""

    cpu: str = ""
    conversion: str = "%u"
    package: str = ""
    online: bool = False


def has_of(fragment: Fragment, names: Sequence[str | None], index: int) -> Has:
    """Return what the function of a line has there; `names` are those of the function of each line."""
    text = _above(fragment, names, index)
    found = _cpu(text)
    package = next((one["package"] for one in reversed(list(_PACKAGE.finditer(text)))), "")
    return found._replace(package=package or (f"topology_physical_package_id({found.cpu})" if found.cpu else ""))


def _cpu(text: str) -> Has:
    shown = {one["cpu"]: "%u" if one["unsigned"] else "%d" for one in _DECLARED.finditer(text)}
    for loop in reversed(list(_LOOP.finditer(text))):
        if _goes_on(text[loop.end() :]):
            return Has(loop["cpu"], shown.get(loop["cpu"], "%d"), online=loop["which"] == "online")
        shown.pop(loop["cpu"], None)  # behind its loop it is no CPU's number
    for own in reversed(list(_OWN.finditer(text))):
        return Has(own["cpu"], shown.get(own["cpu"], "%d"), online=True)
    if shown:
        return Has(*list(shown.items())[-1])
    called = _CALLED.search(text)
    return Has(called[0], "%d", online=True) if called else Has()


def _goes_on(behind: str) -> bool:
    """Tell whether a loop goes on to the end of what stands behind its head."""
    depth = 0
    for sign in _BRACE.finditer(behind):
        depth += 1 if sign[0] == "{" else -1 if sign[0] == "}" else 0
        if depth <= 0 and sign[0] != "{":
            return False
    return True


def _above(fragment: Fragment, names: Sequence[str | None], index: int) -> str:
    """Return the function's text from its head to the line, of a hunk with the head that the hunk names."""
    first = index
    while first > 0 and index - first < _MOST and names[first - 1] == names[index]:
        first -= 1
    head = fragment.section if first == 0 else ""
    return f"{head}\n{fragment.text[fragment.starts[first] : fragment.starts[index]]}"
