from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tdxwhy.fleet.boot import boot_of
from tdxwhy.fleet.quick import quick
from tdxwhy.know.stored import anchors
from tdxwhy.read.scan import Scan
from tdxwhy.records import BootRecords, Place
from tests.fleet.fleets import boot_log

LINES = st.sampled_from(
    [
        *boot_log("node1", 7, good=False).splitlines(),
        "[    1.000000] nothing to see here",
        "[    2.000000] [T1] smpboot: with a caller",
        "<6>[    2.500000] virt/tdx: module initialized",
        "[    9.000000] virt/tdx: module initialized trailing ",
        "plain words with tdx: in them",
        "",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(LINES, max_size=12), st.booleans())
def test_what_it_reads_it_reads_as_the_scanner_does(lines, ended):
    data = ("\n".join(lines) + ("\n" if ended else "")).encode()
    boot = quick(data, "a.log", anchors())
    if boot is not None:
        (scanned,) = Scan("a.log", anchors()).lines(data)
        assert placeless(boot.records()) == placeless(scanned)
        understood = boot_of(scanned)
        assert [(line.text, line.token) for line in boot.events.lines] == [(line.text, line.token) for line in understood.events.lines]
        assert list(boot.events.times) == list(understood.events.times)
        assert boot._replace(events=(), records=None) == understood._replace(events=(), records=None)


def placeless(boot: BootRecords) -> BootRecords:
    """Leave out where the records stand, which a fleet does not keep: the scanner counts lines, the quick way only bytes."""
    nowhere = [record._replace(place=Place("")) for record in (*boot.records, boot.last)]
    return boot._replace(records=tuple(nowhere[:-1]), last=nowhere[-1])


def test_the_usual_log_is_read_quickly():
    assert quick(boot_log("node1", 7).encode(), "a.log", anchors()) is not None
