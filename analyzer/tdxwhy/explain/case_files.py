"""The files of one case read together: the kernel's log beside those of QEMU, libvirt, the quote service and the guest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from tdxwhy.explain.afterwards import host_of, may_hold_one
from tdxwhy.explain.logs import LogReport

if TYPE_CHECKING:
    from tdxwhy.incident.nouns import Incident

# Lines of other files belong to no boot of the kernel's log.
_NO_BOOT = -1


def joined(reports: Sequence[LogReport], beside: Iterable[tuple[str, str]] = ()) -> list[LogReport]:
    """Return the reports with the incidents of the case that they are the files of; as they are where they are not one case.

    They are if no more than one of them is a host's kernel log. Each incident stands with the file of its main line. `beside` are
    names and texts of further files, which have no report of their own.
    """
    extra = [(name, list(enumerate(text.splitlines(), 1))) for name, text in beside]
    hosts = [report for report in reports if _is_kernel_log(report)]
    if len(hosts) > 1 or len(reports) + len(extra) < 2:
        return list(reports)
    numbered = [line for report in reports for line in report.lines]
    if not (any(report.incidents for report in reports) or any(may_hold_one(reports[0], lines) for _, lines in extra)):
        return list(reports)
    lead = hosts[0] if hosts else reports[0]
    from tdxwhy.incident.incidents import incidents_of
    from tdxwhy.incident.lines import lines_of

    others = [line._replace(boot=_NO_BOOT) for line in numbered if line.place.source != lead.source]
    further = [line._replace(boot=_NO_BOOT) for name, lines in extra for line in lines_of(lines, name, {})]
    found = incidents_of((*lead.lines, *others, *further), host_of(lead))
    sources = frozenset(report.source for report in reports)
    return [report._replace(incidents=tuple(_of(report, lead, sources, found))) for report in reports]


def _is_kernel_log(report: LogReport) -> bool:
    return any(one.diagnosis.role == "host" and one.diagnosis.outcome != "unknown" for one in report.boots)


def _of(report: LogReport, lead: LogReport, sources: frozenset[str], incidents: Sequence[Incident]) -> Iterator[Incident]:
    """Yield the incidents whose main line stands in a file; the leading one has those of files without a report too."""
    for incident in incidents:
        source = incident.evidence[0].place.source
        if source == report.source or (report is lead and source not in sources):
            yield incident
