"""What a paste shows is not asked for, and what it does not show still is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tdxwhy.cli import main

LINE = "[    1.204511] virt/tdx: BIOS enabled: private KeyID range [32, 64)"
HEAD = f"[    0.000000] Linux version 6.16.9 (build@lab) (gcc 14.2.0) #1 SMP\n{LINE}\n"


def settles(text: str, path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    path.write_text(text)
    main(["log", "--format", "json", str(path)])
    return list(json.loads(capsys.readouterr().out)["logs"][0]["settles"])


def test_of_what_is_open_only_what_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alone = settles(HEAD, tmp_path / "a", capsys)
    assert any("kvm_intel/parameters" in one for one in alone)
    assert any("dmesg without a filter" in one for one in alone)
    shown = settles(f"$ sudo dmesg | grep -i tdx\n{LINE}\n$ uname -r\n6.16.9\n", tmp_path / "b", capsys)

    assert not any("dmesg without a filter" in one for one in shown)
    assert any("kvm_intel/parameters" in one for one in shown)
