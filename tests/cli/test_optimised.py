"""What is printed does not depend on how Python was started: -OO leaves docstrings and assertions out."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("words", [["rule", "TDX101"], ["rule", "TDX402"], ["explain", "TDH.SYS.INIT"], ["decode", "0xc000050500000000"]])
def test_the_same_without_docstrings(words: list[str]) -> None:
    plain, bare = (
        subprocess.run([sys.executable, *options, "-m", "tdxwhy", *words], capture_output=True, text=True, check=False)
        for options in ([], ["-OO"])
    )
    assert (bare.returncode, bare.stdout, bare.stderr) == (plain.returncode, plain.stdout, plain.stderr)
    assert plain.stdout
