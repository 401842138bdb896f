"""Records of /dev/kmsg and of extended netconsole."""

from __future__ import annotations

from tdxwhy.lazy import lazy
from tdxwhy.noun import NamedTuple
from tdxwhy.read.item import FRAGMENT

# netconsole may put the kernel release first, and cuts long records into fragments.
KMSG = lazy(
    r"(?:\d[^,;\s]{1,80},)?(?P<pri>[0-9]{1,5}),(?P<seq>[0-9]{1,19}),(?P<usec>[0-9]{1,18}),[-c+](?P<more>(?:,[^;,]{0,80}){0,4});(?P<text>.*)"
)
KMSG_FIELD = lazy(r" (?:SUBSYSTEM|DEVICE|[A-Z_]{2,24})=\S{0,200}")
_CALLER = lazy(r",caller=([TC]\d{1,9})")
_ESCAPE = lazy(r"(?:\\x[0-9a-fA-F]{2})+")


class KmsgLine(NamedTuple):
    """One line of the form `6,1234,5500031,-;text`; netconsole sends a long record as fragments."""

    text: str
    level: int
    facility: int
    seq: int
    time_ns: int
    caller: str | None
    fragment: bool = False


def kmsg_line(line: str) -> KmsgLine | None:
    r"""Read one record of /dev/kmsg.

    Accepted form: `priority,sequence,microseconds,flags[,caller=T1][,ncfrag=0/99];text` with \x0a escapes in the text.

    >>> found = kmsg_line("3,1207,9870001,-;virt/tdx: module initialization failed (-5)")
    >>> found.text, found.level, found.seq, found.time_ns
    ('virt/tdx: module initialization failed (-5)', 3, 1207, 9870001000)
    """
    found = KMSG.fullmatch(line)
    if found is None:
        return None
    priority, more = int(found["pri"]), found["more"] or ""
    caller = _CALLER.search(more)
    return KmsgLine(
        unescape(found["text"]),
        priority & 7,
        priority >> 3,
        int(found["seq"]),
        int(found["usec"]) * 1000,
        caller[1] if caller else None,
        FRAGMENT in more,
    )


def unescape(text: str) -> str:
    r"""Turn the \xNN of /dev/kmsg back into the characters that the kernel printed."""
    if "\\x" not in text:
        return text
    return _ESCAPE.sub(lambda found: bytes.fromhex(found[0].replace("\\x", "")).decode("utf-8", "replace"), text)
