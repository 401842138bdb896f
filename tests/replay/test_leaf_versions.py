"""A leaf called with a version (bits 23:16 of RAX) is the same step in a log, and in replay."""

from pathlib import Path

import pytest

from tdxwhy.cli import main

LOG = """[    0.000000] Linux version 6.16.0
[    5.000000] virt/tdx: SEAMCALL (0x%016x) failed: 0xc000050500000000
[    5.000001] virt/tdx: RCX 0x0000000000000000 RDX 0x0000000000000000 R08 0x0000000000000000
[    5.000001] virt/tdx: R09 0x0000000000000000 R10 0x0000000000000000 R11 0x0000000000000000
[    5.000002] virt/tdx: module initialization failed (-5)
"""


@pytest.mark.parametrize("command", ["log", "replay"])
@pytest.mark.parametrize("version", [1, 255])
def test_a_version_changes_nothing(command: str, version: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for leaf in (0x2D, 0x2D | version << 16):
        (tmp_path / "dmesg.log").write_text(LOG % leaf)
        main([command, str(tmp_path / "dmesg.log")])
        said.append(capsys.readouterr().out.replace(f"0x{leaf:016x}", "LEAF"))
    assert "TDH.SYS.CONFIG" in said[0]
    assert said[0] == said[1]
