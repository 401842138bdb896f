"""What is left out of a kernel's operations makes no difference to a log that it does not concern."""

from __future__ import annotations

import pytest

from tdxwhy.replay import run as running
from tdxwhy.replay.concern import concerned
from tdxwhy.replay.data import generation, generations
from tdxwhy.replay.engine import LogLine
from tdxwhy.replay.states import Symbol
from tests.replay.small import runs

INITIALISING = {"boot", "enable"}
OF_A_TD = {"create-td", "destroy-td"}


def test_a_log_of_initialisation_does_not_concern_tds():
    for kernel in generations():
        assert not concerned(kernel, []) & OF_A_TD
        assert concerned(kernel, []) >= INITIALISING


def test_a_line_brings_its_operation_and_those_that_it_hangs_on():
    kernel = generation("7.1")
    not_freed, refused = (
        [*kernel.operations[name].on_failure.print, *kernel.operations[name].step[0].print] for name in ("free-key", "kexec")
    )
    assert concerned("7.1", map(Symbol, not_freed)) >= OF_A_TD | {"kvm-load"}
    assert concerned("7.1", map(Symbol, refused)) - concerned("7.1", []) == {"kexec"}


# All histories of a lossy log on the latest kernels are too many for a test.
@pytest.mark.parametrize(
    ("name", "lossy"), [("6.8", True), ("6.16", True), *((one.name, False) for one in generations().values() if one.covered)]
)
def test_the_whole_kernel_says_the_same(name, lossy):
    logs = list(dict.fromkeys(tuple(LogLine(one.text, one.level, 0) for one in run.lines) for run in runs(name)))[:: 3 if lossy else 1]
    told = 0
    for number, lines in enumerate(logs):
        spoiled = lines[: number % 3] + lines[number % 3 + number % 2 :]
        reading = running.read(generation(name), spoiled, lossy)
        part, whole = running.follow(reading), running.follow(reading, whole=True)
        assert (part.consumed, part.lost, part.conforms) == (whole.consumed, whole.lost, whole.conforms)
        cheapest = [{(one.blame, one.flags) for one in run.endings if not one.cost} for run in (part, whole)]
        assert cheapest[0] == cheapest[1]
        told += part.conforms
    assert told
