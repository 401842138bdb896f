"""A verdict of the reference model as text."""

from __future__ import annotations

from collections.abc import Iterator

from tdxwhy.replay.nouns import Explanation, Verdict
from tdxwhy.report.terminal import safe


def render(verdict: Verdict) -> str:
    """Return a verdict as lines of text, histories best first."""
    return "".join(f"{line}\n" for line in _lines(verdict))


def _lines(verdict: Verdict) -> Iterator[str]:
    followed = f"{verdict.consumed} of {verdict.total} lines about TDX{_kernel(verdict.generation)}"
    yield f"{verdict.verdict}: {followed}; outcome {verdict.outcome}"
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


def _kernel(generation: str | None) -> str:
    """Return whose lines they are: names of generations that begin with a v are those of posted series, the others releases of Linux."""
    if generation is None:
        return ""
    if generation == "shared":
        return ", of a kernel that no model covers"
    return f", as {'series' if generation.startswith('v') else 'Linux'} {generation} prints them"


def _history(one: Explanation) -> str:
    errno = f" (errno {one.errno})" if one.errno is not None else ""
    return f"{one.why}{errno} [{one.cause}]"
