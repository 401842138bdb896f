"""`tdxwhy collect` and the bundle it writes, as a user calls them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tdxwhy.cli import main
from tdxwhy.read.host import collect as collect_module
from tdxwhy.read.host.collect import HostFiles

LOG = (
    "<5>[    0.000000] Linux version 6.18.0 (b@f)\n<6>[    0.700000] smp: Brought up 2 nodes, 2 CPUs\n"
    "<6>[    1.500000] virt/tdx: BIOS enabled: private KeyID range [32, 64)\n<6>[    9.500000] virt/tdx: module initialized\n"
)
FILES = {"kernel.log": LOG, "topology.json": '{"cpus": [{"cpu": 0, "socket": 0, "online": true}, {"cpu": 1, "socket": 1, "online": true}]}'}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    import tdxwhy.cli.collect as command

    monkeypatch.setattr(command, "collect", lambda keep, more: HostFiles(FILES, ("/dev/kmsg: not permitted",)))
    monkeypatch.setattr(collect_module, "own_log", lambda: LOG)


@pytest.mark.usefixtures("machine")
def test_collect_then_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = tmp_path / "b.tar.gz"
    assert main(["collect", "-o", str(bundle)]) == 0
    said = capsys.readouterr()
    assert said.out == f"{bundle}\n"
    complained, replaced = said.err.splitlines()
    assert complained == "tdxwhy: not collected: /dev/kmsg: not permitted"
    assert replaced.startswith("tdxwhy: replaced: no name; kept as they are: ")
    assert main(["log", str(bundle)]) == 0
    assert "2 packages" in capsys.readouterr().out


@pytest.mark.usefixtures("machine")
def test_log_without_a_file_reads_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log", "--brief"]) == 0
    assert "outcome=initialized" in capsys.readouterr().out


@pytest.mark.usefixtures("machine")
def test_without_sys_the_log_of_this_machine_is_judged_all_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(collect_module, "CPUS", "no-such-folder")
    assert main(["log", "--brief"]) == 0
    assert "outcome=initialized" in capsys.readouterr().out


@pytest.mark.usefixtures("machine")
def test_a_bundle_that_cannot_be_written_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["collect", "-o", str(tmp_path / "none" / "b")]) == 2
    assert capsys.readouterr().err.endswith("none/b: no such file or directory\n")
