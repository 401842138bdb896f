"""The page and the markdown of a log: examples that are kept current, and nothing that a log can smuggle in."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tdxwhy.cli import main
from tests.conftest import ROOT

SAMPLE = "samples/logs/package-without-cpu-of-16/dmesg.log"


@pytest.mark.parametrize(("form", "name"), [("html", "log.html"), ("markdown", "log.md")])
def test_example_is_current(
    form: str, name: str, golden: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["log", "--format", form, SAMPLE]) == 1
    golden(ROOT / "reports/examples" / name, capsys.readouterr().out)


def test_page_needs_nothing_from_outside() -> None:
    page = (ROOT / "reports/examples/log.html").read_text(encoding="utf-8")
    assert not re.search(r"(src|href)\s*=|@import|url\(|<script", page)
    assert "default-src 'none'" in page


def test_page_and_text_are_safe_against_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "<script>alert(1)</script>\x1b]0;owned\x07\x1b[31m\u202egnp.exe`|# **x**"
    lines = [
        "[    0.000000] Linux version 6.16.9<b>x</b> (a@b) #1 SMP",
        f"[    0.000000] Command line: kvm_intel.tdx_enable={hostile}",
        "[    1.500000] virt/tdx: BIOS enabled: private KeyID range [32, 64)",
        f"[   14.000000] virt/tdx: could not initialize the module {hostile} error -5",
        "[   14.100000] virt/tdx: module initialization failed (-5)",
    ]
    log = tmp_path / "dmesg.log"
    log.write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))
    for form in ("text", "html", "markdown", "json"):
        assert main(["log", "--format", form, str(log)]) == 1
        out = capsys.readouterr().out
        assert "\x1b" not in out
        assert "\u202e" not in out
        if form == "html":
            assert "<script>alert" not in out
            assert "<b>x</b>" not in out
    assert main(["log", "--brief", "--all-boots", str(log)]) == 1
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert main(["log", "--unrecognised", str(log)]) == 1
    assert "[[form]]" in capsys.readouterr().out
