from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tdxwhy.fleet.quick import quick
from tdxwhy.know.anchors import anchors
from tdxwhy.read.scan import Scan
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
        assert [boot] == list(Scan("a.log", anchors()).lines(data))


def test_the_usual_log_is_read_quickly():
    assert quick(boot_log("node1", 7).encode(), "a.log", anchors()) is not None
