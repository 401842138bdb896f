"""What is wanted of a log: which failures count, and whether TDX has to have come up."""

from __future__ import annotations

from collections.abc import Iterable

from tdxwhy.explain.logs import LogReport
from tdxwhy.hints import Literal
from tdxwhy.noun import NamedTuple

Counting = Literal["both", "init", "incident", "never"]


class Wanted(NamedTuple):
    """`fail_on`: failures of initialisation, what went wrong after it, both or none; `up`: TDX has to be up, and nothing to refuse it."""

    fail_on: Counting = "both"
    up: bool = False

    def failed(self, report: LogReport) -> bool:
        """Tell whether initialisation counts as failed."""
        outcome = report.judged.diagnosis.outcome
        return (self.up and outcome != "initialized") or (outcome == "failed" and self.fail_on in ("both", "init"))

    def troubled(self, report: LogReport) -> bool:
        """Tell whether something that went wrong after or beside initialisation counts."""
        return bool(report.incidents) and (self.up or self.fail_on in ("both", "incident"))

    def status(self, reports: Iterable[LogReport]) -> int:
        """Return the exit status: 1 for a failure that counts, 3 where nothing could be told of any log, else 0."""
        every = list(reports)
        if any(self.failed(one) or self.troubled(one) for one in every):
            return 1
        return 0 if any(one.judged.diagnosis.outcome != "unknown" or one.incidents for one in every) else 3
