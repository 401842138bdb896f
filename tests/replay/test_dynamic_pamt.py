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


@pytest.mark.parametrize(
    ("fault", "returns", "line"),
    [
        ("TDH.PHYMEM.PAMT.ADD 0xc000010000000000", "0 0 0 -5 0", "<3>virt/tdx: TDH_PHYMEM_PAMT_ADD failed: 0xc000010000000000"),
        ("TDH.PHYMEM.PAMT.ADD 0xc000030400000000", "0 0 0 65 0", ""),
        ("TDH.PHYMEM.PAMT.REMOVE 0xc000010000000000", "0 0 0 65 0", "<3>virt/tdx: TDH_PHYMEM_PAMT_REMOVE failed: 0xc000010000000000"),
    ],
)
def test_a_td_takes_pamt_pages_and_gives_them_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], fault: str, returns: str, line: str
) -> None:
    scenario = {
        "generation": "dynamic-pamt",
        "settings": {"features0": "0x1000140002"},
        "operations": ["boot", "enable", "kvmload", "createtd", "destroytd"],
        "faults": [dict(zip(("leaf", "status"), fault.split(), strict=True))],
    }
    (tmp_path / "scenario.json").write_text(json.dumps(scenario))
    assert main(["simulate", str(tmp_path / "scenario.json"), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert " ".join(map(str, told["returns"])) == returns
    printed = [f"<{each['level']}>{each['text']}" for each in told["lines"]]
    assert [each for each in printed if "PAMT_" in each] == [line] * bool(line)
    (tmp_path / "dmesg.log").write_text("".join(f"[    1.000000] {each[3:]}\n" for each in printed))
    main(["replay", str(tmp_path / "dmesg.log")])
    assert "outcome initialized" in capsys.readouterr().out
