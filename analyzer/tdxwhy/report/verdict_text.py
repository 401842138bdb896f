"""A verdict of the reference model as text."""

from __future__ import annotations

from collections.abc import Iterator

from tdxwhy.ranges import ranges
from tdxwhy.replay.nouns import Explanation, Verdict
from tdxwhy.report.terminal import safe


def render(verdict: Verdict) -> str:
    """Return a verdict as lines of text, histories best first."""
    return "".join(f"{line}\n" for line in _lines(verdict))


def _lines(verdict: Verdict) -> Iterator[str]:
    known = verdict.generation not in (None, "shared")
    kernel = f", as Linux {verdict.generation} prints them" if known else ", of a kernel that no model covers" if verdict.generation else ""
    yield f"{verdict.verdict}: {verdict.consumed} of {verdict.total} lines about TDX{kernel}; outcome {verdict.outcome}"
    place = verdict.diverged_at
    if place is not None:
        yield f"  line {place.line} cannot come here: {safe(place.text)}" if place.text else f"  line {place.line}: the log ends too early"
        for text in place.expected:
            yield f"    could have come: {safe(text)}"
        for text in place.repair:
            yield f"    would explain it: {text}"
    for number, one in enumerate(verdict.explanations, 1):
        yield f"  {number}. {_history(one)}"
    for text in verdict.settles:
        yield f"  would settle it: {text}"


def _history(one: Explanation) -> str:
    errno = f" (errno {one.errno})" if one.errno is not None else ""
    packages = f"; package {ranges(one.packages)}" if one.packages else ""
    cpus = f"; CPU {ranges(one.cpus)}" if one.cpus else ""
    return f"{one.why}{packages}{cpus}{errno} [{one.cause}]"
