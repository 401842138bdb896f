"""Whom an incident names, on machines of one, two, four and sixteen packages, however their CPUs and ids are laid out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tdxwhy.cli import main

HEAD = """\
<6>[    2.000001] virt/tdx: BIOS enabled: private KeyID range [32, 64)
<6>[    6.000001] virt/tdx: 1050644 KB allocated for PAMT
<6>[    6.000062] virt/tdx: module initialized
"""
REFUSED = "<4>[   15.000031] kvm_intel: All packages need to have online CPU to create TD. Online CPU and retry.\n"
LAST = (
    "<4>[   15.000031] kvm_intel: TDX requires all packages to have an online CPU. "
    "Delete all TDs in order to offline all CPUs of a package.\n"
)
LAYOUTS = [(1, 8), (2, 4), (4, 4), (16, 4)]
IDS = {"dense": lambda package: package, "sparse": lambda package: 3 * package + 1}


def cpus_of(packages: int, each: int, interleaved: bool) -> list[int]:
    """The package of each CPU, by its number in a dense count."""
    return [cpu % packages if interleaved else cpu // each for cpu in range(packages * each)]


def incident(tmp_path: Path, capsys: pytest.CaptureFixture[str], log: str, table: list[tuple[int, int | None, bool]]) -> dict[str, object]:
    (tmp_path / "host.log").write_text(HEAD + log)
    rows = [{"cpu": cpu, "socket": socket, "online": online} for cpu, socket, online in table]
    (tmp_path / "lscpu.json").write_text(json.dumps({"cpus": rows}))
    assert main(["log", str(tmp_path / "host.log"), "--topology", str(tmp_path / "lscpu.json"), "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)["logs"][0]
    assert found["outcome"] == "initialized"
    assert len(found["incidents"]) == 1
    return dict(found["incidents"][0])


@pytest.mark.parametrize("ids", IDS)
@pytest.mark.parametrize("interleaved", [False, True], ids=["blocks", "interleaved"])
@pytest.mark.parametrize(("packages", "each"), LAYOUTS)
@pytest.mark.parametrize("hidden", [False, True], ids=["sockets-shown", "sockets-hidden"])
def test_a_td_refused_names_the_package_and_its_cpus(  # noqa: PLR0917
    tmp_path: Path, capsys: pytest.CaptureFixture[str], packages: int, each: int, interleaved: bool, ids: str, hidden: bool
) -> None:
    if packages == 1:
        pytest.skip("the only package always has an online CPU")
    layout = cpus_of(packages, each, interleaved)
    dark = packages - 2 if packages > 2 else 1
    table = [(cpu, None if package == dark and hidden else IDS[ids](package), package != dark) for cpu, package in enumerate(layout)]
    found = incident(tmp_path, capsys, REFUSED, table)
    assert found["causes"] == ["package-without-online-cpu"]
    assert found["cpus"] == [cpu for cpu, package in enumerate(layout) if package == dark]
    assert found["packages"] in ([[], [IDS[ids](dark)]] if hidden else [[IDS[ids](dark)]])
    if not hidden:
        assert f"package {IDS[ids](dark)}" in str(found["sentence"])


@pytest.mark.parametrize("ids", IDS)
@pytest.mark.parametrize("interleaved", [False, True], ids=["blocks", "interleaved"])
@pytest.mark.parametrize(("packages", "each"), LAYOUTS)
def test_the_last_cpu_of_a_package_is_named(  # noqa: PLR0917
    tmp_path: Path, capsys: pytest.CaptureFixture[str], packages: int, each: int, interleaved: bool, ids: str
) -> None:
    layout = cpus_of(packages, each, interleaved)
    parked = packages - 1
    mine = [cpu for cpu, package in enumerate(layout) if package == parked]
    table = [(cpu, IDS[ids](package), package != parked or cpu == mine[-1]) for cpu, package in enumerate(layout)]
    found = incident(tmp_path, capsys, LAST, table)
    assert found["stage"] == "cpu-hotplug"
    assert found["causes"] == ["last-cpu-of-package"]
    assert found["cpus"] == [mine[-1]]
    assert found["packages"] == [IDS[ids](parked)]


@pytest.mark.parametrize(("packages", "each"), LAYOUTS)
def test_a_package_that_no_line_names_stays_unnamed(tmp_path: Path, capsys: pytest.CaptureFixture[str], packages: int, each: int) -> None:
    table = [(cpu, package, True) for cpu, package in enumerate(cpus_of(packages, each, False))]
    failed = "<3>[    9.000031] kvm_intel: SEAMCALL TDH_MNG_KEY_CONFIG failed: 0x8000080000000000\n"
    found = incident(tmp_path, capsys, failed, table)
    assert found["causes"] == ["key-generation-failed"]
    assert found["packages"] == found["cpus"] == []


def test_the_header_of_a_warn_names_the_cpu_of_a_call_that_is_sent_to_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = [(cpu, package, True) for cpu, package in enumerate(cpus_of(4, 4, True))]
    failed = """\
<4>[    9.000001] ------------[ cut here ]------------
<4>[    9.000002] WARNING: CPU: 6 PID: 381 at arch/x86/kvm/vmx/tdx.c:2212 tdx_do_tdh_mng_key_config+0x6d/0x90 [kvm_intel]
<4>[    9.000003] ---[ end trace 0000000000000000 ]---
<3>[    9.000031] kvm_intel: SEAMCALL TDH_MNG_KEY_CONFIG failed: 0x8000080000000000
"""
    found = incident(tmp_path, capsys, failed, table)
    assert (found["packages"], found["cpus"]) == ([2], [6])


def test_a_cpu_that_smpboot_named_before_a_refused_lp_init(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = [(cpu, package, cpu != 13) for cpu, package in enumerate(cpus_of(4, 4, False))]
    failed = """\
<6>[ 4000.000001] smpboot: Booting Node 3 Processor 13 APIC 0x32
<3>[ 4000.000031] virt/tdx: SEAMCALL (0x0000000000000023) failed: 0xc000092000000000
"""
    found = incident(tmp_path, capsys, failed, table)
    assert (found["stage"], found["causes"]) == ("cpu-hotplug", ["cpu-not-initialized"])
    assert (found["packages"], found["cpus"]) == ([3], [13])


TABLE = "CPU SOCKET ONLINE\n" + "".join(f"{cpu:3} {cpu % 3:6} yes\n" for cpu in range(12))


def pasted(tmp_path: Path, capsys: pytest.CaptureFixture[str], paste: str) -> dict[str, object]:
    (tmp_path / "paste.txt").write_text(paste)
    main(["log", str(tmp_path / "paste.txt"), "--format", "json"])
    return dict(json.loads(capsys.readouterr().out)["logs"][0])


def test_what_the_kernel_states_is_not_excluded_by_an_older_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = pasted(tmp_path, capsys, f"last week:\n$ lscpu -e=CPU,SOCKET,ONLINE\n{TABLE}\ntoday:\n{HEAD}{REFUSED}")["incidents"]
    assert found["causes"] == ["package-without-online-cpu"]


def test_a_list_of_cpus_behind_the_table_tells_which_went(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = "$ cat /sys/devices/system/cpu/offline\n1-2,4,7,10\n"
    (found,) = pasted(tmp_path, capsys, f"$ lscpu -e=CPU,SOCKET,ONLINE\n{TABLE}\n{answer}$ dmesg\n{HEAD}{REFUSED}")["incidents"]
    assert (found["packages"], found["cpus"]) == ([1], [1, 4, 7, 10])


def test_remarks_of_the_loader_of_modules_are_no_incident(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    remark = "[    3.4] kvm_intel: module verification failed: signature and/or required key missing - tainting kernel\n"
    assert pasted(tmp_path, capsys, remark + HEAD)["incidents"] == []
