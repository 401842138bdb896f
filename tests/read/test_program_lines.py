"""Lines of programs that are read at once are what they are read one by one, and are no kernel's."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tdxwhy.know.recognise import Recogniser, recognise
from tdxwhy.know.stems import is_of_program
from tdxwhy.read.fast_lines import program_line
from tdxwhy.read.item import mark_of
from tdxwhy.read.plain import records_of
from tdxwhy.read.text import clean, unquote
from tdxwhy.records import LogRecord, Place

PLACE = Place("a.log", 7)
STAMPS = ["Dec  1 ", "Nov 24 ", "Dec 11 2026 ", "10:00:00 ", "10:00:00.5 ", "[    1.000000] ", "2026 "]
NAMES = ["node7 ", "h ", "stdout F ", "kubelet[1003]: ", "kernel: ", "kernel[1]: ", "qemu-kvm[9]: ", "systemd[1]: ", "prog: ", "[T1] "]
TEXTS = ["virt/tdx: ", "TDX ", "a=b ", 'msg="x" ', "$ ", "# cat ", "> ", "...", "|", "`x` "]
PIECES = st.sampled_from([*STAMPS, *NAMES, *TEXTS])
LINES = st.one_of(
    st.lists(PIECES, max_size=7).map("".join),
    st.tuples(st.sampled_from(["Dec  1 10:00:00 node7 kubelet[1003]: ", "Nov 24 10:00:00 h-1.x qemu@a[9]: "]), st.text(max_size=40)).map(
        "".join
    ),
    st.tuples(st.just("Dec  1 10:00:00 node7 "), st.lists(PIECES, max_size=5).map("".join)).map("".join),
)


@settings(max_examples=1500, deadline=None)
@given(LINES)
@example("Dec  1 10:00:00 node7 kubelet[1003]: [    1.000000] virt/tdx: module initialized")
def test_what_is_read_at_once_is_what_is_read_one_by_one(line: str) -> None:
    found = program_line(PLACE, line)
    if found is not None:
        assert (found,) == records_of(PLACE, line)
        assert mark_of(unquote(clean(line)), 7) is None


def test_it_is_read() -> None:
    found = program_line(PLACE, "Dec  1 10:00:00 node7 kubelet[1003]: the TDX plugin allocated slot 3")
    assert found is not None and found.text.startswith("kubelet[1003]: ") and (found.wall, found.host) == ("Dec  1 10:00:00", "node7")


def test_a_program_is_asked_first() -> None:
    said = "TDX KeyID slot 3 was allocated"
    assert is_of_program(f"kubelet[7]: {said}", None) and is_of_program(f"kubelet: {said}", 3)
    assert not is_of_program(f"kubelet: {said}", None) and not is_of_program(f"kernel: {said}", 1)
    assert not is_of_program(f"virt/tdx: {said}", 1) and not is_of_program("tdx: KeyID", 0)
    boot = Recogniser()
    lines = [LogRecord(PLACE, "", f"kubelet[{number}]: {said}, {number}", wall="Dec  1 10:00:00") for number in range(2000)]
    assert list(boot.events(lines)) == [] and boot.unjudged is None


def test_what_a_program_repeats_of_the_kernel_is_known() -> None:
    line = LogRecord(PLACE, "", "virt/tdx: module initialized", 1, 6, 3)
    event = recognise(line)
    assert event is not None and event.form is not None
