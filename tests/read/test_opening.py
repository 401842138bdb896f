from __future__ import annotations

import fcntl
import os

import pytest

from tdxwhy.read.opening import Opened


@pytest.mark.skipif(not hasattr(fcntl, "F_GETPIPE_SZ"), reason="this system does not tell what a pipe holds")
def test_a_pipe_is_made_to_hold_more() -> None:
    end, start = os.pipe()
    os.write(start, b"[    1.000000] tdx: a line\n")
    os.close(start)
    before = fcntl.fcntl(end, fcntl.F_GETPIPE_SZ)
    with os.fdopen(end, "rb") as stream:
        assert Opened(stream, "pipe").head == b"[    1.000000] tdx: a line\n"
        assert fcntl.fcntl(end, fcntl.F_GETPIPE_SZ) > before
