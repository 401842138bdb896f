from __future__ import annotations

import io

from tdxwhy.fleet.ingest import Progress
from tdxwhy.report.progress import bar, line


class Terminal(io.StringIO):
    def isatty(self):
        return True


def clock(*times):
    left = list(times)
    return lambda: left.pop(0)


def test_a_line_says_share_rate_and_what_is_left():
    told = line(Progress(50, 100, 500_000_000, 1_000_000_000), 2.0, 0)
    assert told == " 50%  50 of 100 sources  500 MB  250 MB/s  2 s left"


def test_a_pipe_has_no_total():
    assert "left" not in line(Progress(0, 1, 7_000_000, 0), 2.0, 0)


def test_the_bar_fits_the_terminal():
    told = line(Progress(1, 3, 10, 30), 3700.0, 100)
    assert len(told) <= 100
    assert "█" in told
    assert "2 h 3 min left" in told


def test_a_terminal_is_drawn_on_and_cleaned():
    stream = Terminal()
    with bar(stream, False, clock(0.0, 0.0, 0.05, 0.2)) as tell:
        for done in range(3):
            tell(Progress(done, 3, done, 3))
    drawn = stream.getvalue().split("\r\x1b[K")
    assert len(drawn) == 4
    assert drawn[-1] == ""


def test_elsewhere_a_line_a_minute():
    stream = io.StringIO()
    with bar(stream, False, clock(0.0, 1.0, 59.0, 61.0, 70.0, 125.0)) as tell:
        for done in range(5):
            tell(Progress(done, 5, done, 5))
    assert stream.getvalue().count("\n") == 2


def test_quiet_is_quiet():
    stream = Terminal()
    with bar(stream, True, clock(0.0, 1.0)) as tell:
        tell(Progress(1, 1, 1, 1))
    assert stream.getvalue() == ""
