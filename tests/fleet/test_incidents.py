"""Incidents of a fleet: a row each, counted in the report and in the metrics."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tdxwhy.cli import main

LOG = """\
[    0.000000] Linux version 6.17.8 (build@lab) (gcc 15.2.0) #1 SMP
[    2.410092] virt/tdx: BIOS enabled: private KeyID range [32, 64)
[   11.804410] virt/tdx: 2101288 KB allocated for PAMT
[   11.804419] virt/tdx: module initialized
[  840.100060] kvm_intel: SEAMCALL TDH_MNG_KEY_CONFIG failed: 0x8000080000000000
"""


@pytest.fixture
def store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    for host in ("wren", "teal"):
        (tmp_path / "logs" / host).mkdir(parents=True)
        (tmp_path / "logs" / host / "dmesg.log").write_text(LOG)
    main(["ingest", str(tmp_path / "logs"), "--store", str(tmp_path / "store"), "--pattern", "{host}/dmesg.log", "--jobs", "1"])
    capsys.readouterr()
    return str(tmp_path / "store")


def test_an_incident_is_a_row(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fleet", "query", "SELECT stage, cause, leaf, packages FROM incidents", "--store", store, "--format", "json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows == [{"stage": "td-create", "cause": "key-generation-failed", "leaf": "TDH.MNG.KEY.CONFIG", "packages": []}] * 2


def test_the_report_and_the_metrics_count_them(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["fleet", "report", "--store", store, "--format", "json"])
    (one,) = json.loads(capsys.readouterr().out)["incidents"]
    assert (one["stage"], one["cause"], one["boots"]) == ("td-create", "key-generation-failed", 2)
    main(["fleet", "report", "--store", store])
    assert "after initialisation" in capsys.readouterr().out


def test_the_report_says_with_which_kernel_they_came(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(40):
        kernel, fails = ("6.17.8", number % 20 == 0) if number < 20 else ("6.18.2", number % 4 > 0)
        (tmp_path / "logs" / f"h{number}").mkdir(parents=True)
        text = LOG if fails else "".join(LOG.splitlines(keepends=True)[:-1])
        (tmp_path / "logs" / f"h{number}" / "dmesg.log").write_text(text.replace("6.17.8", kernel))
    store = str(tmp_path / "store")
    main(["ingest", str(tmp_path / "logs"), "--store", store, "--pattern", "{host}/dmesg.log", "--jobs", "1"])
    capsys.readouterr()
    main(["fleet", "report", "--store", store, "--format", "json"])
    (one,) = json.loads(capsys.readouterr().out)["regressions"]
    assert (one["dimension"], one["value"], one["step"]) == ("kernel", "6.18.2", "td-create (key-generation-failed)")
    main(["fleet", "report", "--store", store])
    assert "td-create (key-generation-failed): 15 of 20" in capsys.readouterr().out
