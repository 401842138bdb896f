"""A followed boot as a native journal entry, so that `journalctl -x` explains it from the message catalogue.

https://systemd.io/JOURNAL_NATIVE_PROTOCOL/: a datagram of fields, `NAME=value` and a line feed each; a value that holds a line feed
is `NAME`, a line feed, its length as 64 bits little endian, the value and a line feed.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path

from tdxwhy.errors import TdxwhyError, reason
from tdxwhy.explain.follow import BootReport
from tdxwhy.ranges import ranges
from tdxwhy.records import Outcome, Severity
from tdxwhy.report.terminal import safe

SOCKET = Path("/run/systemd/journal/socket")
# What `packaging/systemd/tdxwhy.catalog` explains; made once with `systemd-id128 new`, and never changed.
MESSAGE_IDS: dict[Outcome, str] = {
    "failed": "a6ba9955d7a04b76b3719a8b7d4115c6",
    "initialized": "0ea87044cbf24fb29c6577af877d2508",
    "not-attempted": "e4ce048c0bfa47bfbf73a17ef1db6072",
    "disabled-by-bios": "b53b71ee990740e0ad797da1db0aaa47",
    "unknown": "5448c110376b41e5a9430647100a10e9",
}
# Of a host that came up and on which something went wrong after that.
INCIDENT_ID = "8ae4c5d98d7142bebd28469a447f7861"
_PRIORITIES: dict[Severity, str] = {"error": "3", "warning": "5", "info": "6"}


def fields_of(told: BootReport) -> dict[str, str]:
    """Return the entry's fields; those of which nothing is known are left out."""
    found = told.diagnosis
    call = found.seamcall
    actions = (*(action.text for action in found.actions), *(text for one in told.incidents for text, _ in one.actions))
    fields = {
        "MESSAGE": told.message,
        "PRIORITY": _PRIORITIES[told.severity],
        "MESSAGE_ID": INCIDENT_ID if told.incidents and found.outcome != "failed" else MESSAGE_IDS[found.outcome],
        "SYSLOG_IDENTIFIER": "tdxwhy",
        "TDXWHY_OUTCOME": found.outcome,
        "TDXWHY_HOST": told.host or "",
        "TDXWHY_STEP": ",".join(found.steps),
        "TDXWHY_CAUSE": ",".join(cause.id for cause in found.causes),
        "TDXWHY_STATUS": f"0x{call.status:016x}" if call and call.status is not None else "",
        "TDXWHY_PACKAGES": ranges(found.packages),
        "TDXWHY_CPUS": ranges(found.cpus),
        "TDXWHY_ACTION": actions[0] if actions else "",
        "TDXWHY_INCIDENTS": "; ".join(f"{one.stage}: {one.sentence}" for one in told.incidents),
    }
    return {name: safe(value) for name, value in fields.items() if value}


def datagram(fields: Mapping[str, str]) -> bytes:
    """Return the fields as the journal reads them."""
    parts = []
    for name, value in fields.items():
        data = value.encode("utf-8", "replace")
        if b"\n" in data:
            parts.append(name.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n")
        else:
            parts.append(name.encode() + b"=" + data + b"\n")
    return b"".join(parts)


def send(told: BootReport) -> None:
    """Write one entry to this machine's journal; raises TdxwhyError where none listens."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
            journal.sendto(datagram(fields_of(told)), str(SOCKET))
    except OSError as error:
        raise TdxwhyError(f"{SOCKET}: {reason(error)}", "--format json prints what the journal would get") from None
