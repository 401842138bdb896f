"""What the gate makes of one input, and of a whole run."""

from __future__ import annotations

from tdxwhy.check.rules import Rule
from tdxwhy.check.suppress import Suppressed
from tdxwhy.config import Suppress
from tdxwhy.hints import TYPE_CHECKING, Literal
from tdxwhy.noun import NamedTuple
from tdxwhy.records import Finding

if TYPE_CHECKING:
    from tdxwhy.check.baseline import Entry
    from tdxwhy.check.fix import Suggestion


class CaseChangeSeen(NamedTuple):
    """A failing case that a patch changes: the lines that users see before and after it and the errno; None: there is no such case."""

    step: str
    reason: str
    change: str
    entry: str
    before: tuple[str, ...] | None
    errno_before: str | None
    after: tuple[str, ...] | None
    errno_after: str | None


class Judged(NamedTuple):
    """One input: its findings, whether anything could be judged, what was wrong, and the texts (by source) that excerpts need.

    `seen` is what users see otherwise after a patch, where a tree was given.
    """

    name: str
    sort: str
    findings: tuple[Finding, ...]
    judged: bool
    notes: tuple[str, ...] = ()
    texts: dict[str, str] = {}  # noqa: RUF012 - never written to
    suppressed: tuple[Suppressed, ...] = ()
    outcome: str | None = None
    seen: tuple[CaseChangeSeen, ...] = ()


class Run(NamedTuple):
    """A run of the gate: what stands, what was hidden and why, and whether it can be called clean."""

    inputs: tuple[Judged, ...]
    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...]
    stale: tuple[Entry, ...]
    rules: tuple[Rule, ...]
    errors: tuple[str, ...] = ()
    unused: tuple[Suppress, ...] = ()
    texts: dict[str, str] = {}  # noqa: RUF012 - never written to
    docs_url: str = ""

    def text_of(self, source: str) -> str | None:
        """Return the text of an input, if it was kept."""
        return self.texts.get(source)

    def rule(self, rule_id: str) -> Rule:
        """Return the rule of a finding."""
        return next(rule for rule in self.rules if rule.id == rule_id)

    def page_of(self, rule_id: str) -> str:
        """Return the address of a rule's page; empty while the documentation has none."""
        return f"{self.docs_url.rstrip('/')}/reference/rules.html#{rule_id.lower()}" if self.docs_url else ""

    def suggested(self) -> dict[tuple[str, int], Suggestion]:
        """Return the new texts that are proposed for C files, by file and line."""
        from tdxwhy.check.fix import suggestions

        return {
            (name, line): one
            for judged in self.inputs
            if judged.sort == "c"
            for name, text in judged.texts.items()
            for line, one in suggestions(text, name, self.findings, self.rules).items()
        }


Threshold = Literal["error", "warning", "info", "never"]
_RANK = {"info": 0, "warning": 1, "error": 2, "never": 3}


def exit_status(run: Run, fail_on: Threshold) -> int:
    """Return 2 where an input could not be read, else 1 on findings, else 3 where nothing could be judged, else 0."""
    if run.errors:
        return 2
    if any(_RANK[found.severity] >= _RANK[fail_on] for found in run.findings):
        return 1
    return 0 if any(one.judged for one in run.inputs) else 3
