"""Dynamic PAMT: a variant of 7.1, in which a module that can leaves the PAMT of 4 KiB pages to later."""

import json
from pathlib import Path

import pytest

from tdxwhy.cli import main

LINE = "<6>virt/tdx: Enable Dynamic PAMT"


def _lines(at: Path, capsys: pytest.CaptureFixture[str], features: str) -> list[str]:
    at.write_text(json.dumps({"generation": "dynamic-pamt", "settings": {"features0": features}}))
    assert main(["simulate", str(at)]) == 0
    return capsys.readouterr().out.splitlines()


def test_a_module_with_it_is_given_a_small_pamt(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # 4 GiB: a bitmap of 128 KiB, 2,048 entries of 16 bytes, and two half-filled pages.
    lines = _lines(tmp_path / "scenario.json", capsys, "0x1000140002")
    assert lines[lines.index(LINE) + 1] == "<6>virt/tdx: 168 KB allocated for PAMT"
    (tmp_path / "dmesg.log").write_text("".join(f"[    1.000000] {line[3:]}\n" for line in lines))
    main(["replay", str(tmp_path / "dmesg.log")])
    assert "dynamic-pamt prints them; outcome initialized" in capsys.readouterr().out


def test_a_module_without_it_is_as_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = _lines(tmp_path / "scenario.json", capsys, "0x140002")
    assert LINE not in lines
    assert "<6>virt/tdx: 16424 KB allocated for PAMT" in lines
