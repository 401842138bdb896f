"""The constant text of forms, for searching logs with other tools."""

from __future__ import annotations

from collections.abc import Iterable

from tdxwhy.know.match import matchers
from tdxwhy.records import MessageForm


def literals(forms: Iterable[MessageForm]) -> tuple[str, ...]:
    """Return literals such that every line of these forms holds one, sorted, and none that another one makes needless."""
    wanted = {form.format for form in forms}
    found = {matcher.needle.strip() for matcher in matchers() if matcher.forms[0].format in wanted}
    found.discard("")
    return tuple(sorted(one for one in found if not any(other != one and other in one for other in found)))
