"""Counts of a fleet in the OpenMetrics text format, for the textfile collector of a node exporter or any scraper.

https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from tdxwhy.fleet.query import Fleet
from tdxwhy.report.terminal import safe

# The newest boot of each host: by its start where the log tells it, else by its key, so that a store has one answer.
_LAST = (
    "(SELECT * FROM boots WHERE host IS NOT NULL AND role <> 'guest' "
    "QUALIFY row_number() OVER (PARTITION BY host ORDER BY started DESC NULLS LAST, boot) = 1)"
)
_FAMILIES = (
    (
        "tdxwhy_host_last_boot",
        "Each host's newest boot: 1, labelled with what came of TDX.",
        f"SELECT host, outcome, step, cause, kernel, module, 1 FROM {_LAST} ORDER BY host",  # noqa: S608 - a constant
    ),
    (
        "tdxwhy_host_down",
        "Whether TDX failed to come up in the host's newest boot: 1 or 0.",
        f"SELECT host, CAST(outcome = 'failed' AS INTEGER) FROM {_LAST} ORDER BY host",  # noqa: S608 - a constant
    ),
    (
        "tdxwhy_host_last_boot_timestamp_seconds",
        "Start of each host's newest boot.",
        f"SELECT host, started FROM {_LAST} WHERE started IS NOT NULL ORDER BY host",  # noqa: S608 - a constant
    ),
    (
        "tdxwhy_boots",
        "Boots in the store by outcome.",
        "SELECT outcome, kernel, module, count(*) FROM boots GROUP BY ALL ORDER BY ALL",
    ),
    (
        "tdxwhy_failed_boots",
        "Boots whose TDX initialisation failed, by the step and the likeliest cause.",
        "SELECT step, cause, kernel, module, firmware, count(*) FROM boots WHERE outcome = 'failed' GROUP BY ALL ORDER BY ALL",
    ),
    (
        "tdxwhy_failed_hosts",
        "Hosts with at least one boot whose TDX initialisation failed.",
        "SELECT step, cause, count(DISTINCT host) FROM boots WHERE outcome = 'failed' GROUP BY ALL ORDER BY ALL",
    ),
    (
        "tdxwhy_incidents",
        "Boots with an incident after or beside initialisation, by its stage and likeliest cause.",
        "SELECT stage, component, cause, count(DISTINCT boot) FROM incidents GROUP BY ALL ORDER BY ALL",
    ),
    (
        "tdxwhy_findings",
        "Findings of the rules; the fingerprint is the same for the same complaint about the same line.",
        "SELECT fingerprint, rule, severity, count(*) FROM findings GROUP BY ALL ORDER BY ALL",
    ),
    (
        "tdxwhy_finding_last_seen_timestamp_seconds",
        "Start of the latest boot with the finding.",
        "SELECT fingerprint, rule, max(started) FROM findings JOIN boots USING (boot) WHERE started IS NOT NULL GROUP BY ALL ORDER BY ALL",
    ),
)


def metrics(fleet: Fleet) -> str:
    """Return all families, closed by the end mark."""
    lines = (line for name, text, sql in _FAMILIES for line in _family(fleet, name, text, sql))
    return "".join(f"{line}\n" for line in lines) + "# EOF\n"


def _family(fleet: Fleet, name: str, text: str, sql: str) -> Iterator[str]:
    answer = fleet.ask(sql)
    yield f"# TYPE {name} gauge"
    if name.endswith("_seconds"):
        yield f"# UNIT {name} seconds"
    yield f"# HELP {name} {text}"
    for row in answer.rows:
        yield f"{name}{_labels(answer.columns, row[:-1])} {_number(row[-1])}"


def _labels(names: Sequence[str], values: Sequence[Any]) -> str:
    pairs = ",".join(f'{name}="{_escaped(str(value))}"' for name, value in zip(names, values, strict=False) if value is not None)
    return f"{{{pairs}}}" if pairs else ""


def _escaped(text: str) -> str:
    return safe(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: Any) -> str:  # noqa: ANN401 - a count or a time
    return str(int(value.replace(tzinfo=UTC).timestamp()) if isinstance(value, datetime) else value)
