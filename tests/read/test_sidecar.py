"""Every form in which lscpu, sysfs and sosreport list CPUs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxwhy.errors import TdxwhyError
from tdxwhy.read.host.sidecar import parse_sidecar, read_sidecar
from tdxwhy.records import Topology

ROWS = [(0, 0, True), (1, 0, True), (2, None, False), (3, 1, True)]
EXPECTED = [(0, 0, "online"), (1, 0, "online"), (2, None, "offline"), (3, 1, "online")]


def facts(found: Topology) -> list[tuple[int, int | None, str]]:
    return [(cpu.number, cpu.package, cpu.presence) for cpu in found.cpus]


def as_json(old: bool) -> str:
    if not old:
        return json.dumps({"cpus": [{"cpu": c, "node": s, "socket": s, "core": c, "online": o} for c, s, o in ROWS]}, indent=3)
    rows = [{"cpu": str(c), "socket": "-" if s is None else str(s), "online": "yes" if o else "no"} for c, s, o in ROWS]
    return json.dumps({"cpus": rows})


def as_table() -> str:
    rows = [f"{c:3} {'-' if s is None else s:>4} {'-' if s is None else s:>6} {c:4} {'-'} {'yes' if o else 'no':>6}" for c, s, o in ROWS]
    return "\n".join(["CPU NODE SOCKET CORE L1d:L1i:L2:L3 ONLINE", *rows]) + "\n"


def as_parsable() -> str:
    rows = [f"{c},{c},{'' if s is None else s},{'Y' if o else 'N'}" for c, s, o in ROWS]
    return "\n".join(["# The following is the parsable format", "# CPU,Core,Socket,Online", *rows]) + "\n"


@pytest.mark.parametrize("text", [as_json(False), as_json(True), as_table(), as_parsable()])
def test_lists_of_lscpu(text: str) -> None:
    found = parse_sidecar(text, "lscpu")
    assert facts(found) == EXPECTED
    assert (found.cpu_count, found.online_count, found.package_count) == (4, 3, None)
    assert all(cpu.evidence for cpu in found.cpus)


def test_summaries_of_lscpu_know_no_packages() -> None:
    plain = "CPU(s):                4\nOn-line CPU(s) list:   0,1,3\nOff-line CPU(s) list:  2\nSocket(s):             2\n"
    fields = [{"field": "On-line CPU(s) list:", "data": "0,1,3"}, {"field": "Off-line CPU(s) list:", "data": "2"}]
    for text in (plain, json.dumps({"lscpu": fields}), json.dumps({"lscpu": fields}, indent=3)):
        assert facts(parse_sidecar(text, "lscpu")) == [(0, None, "online"), (1, None, "online"), (2, None, "offline"), (3, None, "online")]


def test_cpuinfo() -> None:
    text = "processor\t: 0\nmodel name\t: X\nphysical id\t: 0\n\nprocessor\t: 3\nphysical id\t: 1\n"
    assert facts(parse_sidecar(text, "cpuinfo")) == [(0, 0, "online"), (3, 1, "online")]


def sysfs(root: Path) -> Path:
    for cpu, package, online in ROWS:
        folder = root / f"cpu{cpu}"
        (folder / "topology").mkdir(parents=True) if package is not None else folder.mkdir(parents=True)
        if package is not None:
            (folder / "topology" / "physical_package_id").write_text(f"{package}\n")
        if cpu:
            (folder / "online").write_text("1\n" if online else "0\n")
    (root / "cpufreq").mkdir()
    return root


def test_copy_of_sysfs(tmp_path: Path) -> None:
    assert facts(read_sidecar(sysfs(tmp_path / "cpu"))) == EXPECTED


def test_unpacked_sosreport(tmp_path: Path) -> None:
    sysfs(tmp_path / "sys/devices/system/cpu")
    assert facts(read_sidecar(tmp_path)) == EXPECTED
    other = tmp_path / "other" / "sos_commands" / "processor"
    other.mkdir(parents=True)
    (other / "lscpu_-ae").write_text(as_table())
    assert facts(read_sidecar(tmp_path / "other")) == EXPECTED


def test_links_do_not_lead_out_of_a_copy(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("1\n")
    root = sysfs(tmp_path / "cpu")
    (root / "cpu9").mkdir()
    (root / "cpu9" / "online").symlink_to(tmp_path / "secret")
    assert facts(read_sidecar(root))[-1] == (9, None, "unknown")


@pytest.mark.parametrize("text", ["", "nothing of use", "{", '{"cpus": 3}', '{"cpus": [1, null, {"cpu": "x"}]}', "[" * 100_000])
def test_what_lists_no_cpu_is_said_in_one_line(text: str) -> None:
    with pytest.raises(TdxwhyError, match=r"^x: no "):
        parse_sidecar(text, "x")


def test_missing_path(tmp_path: Path) -> None:
    with pytest.raises(TdxwhyError, match="no such file"):
        read_sidecar(tmp_path / "none")
    with pytest.raises(TdxwhyError, match="neither"):
        read_sidecar(tmp_path)


@given(st.text(max_size=200))
def test_any_text_gives_a_topology_or_one_line(text: str) -> None:
    try:
        parse_sidecar(text, "x")
    except TdxwhyError as error:
        assert "\n" not in error.message


def test_ranges_are_counted_before_they_are_expanded() -> None:
    with pytest.raises(TdxwhyError, match="beyond 8191"):
        parse_sidecar("On-line CPU(s) list: " + "0-99999," * 200_000, "lscpu")
    found = parse_sidecar("On-line CPU(s) list: " + ",".join(str(cpu) for cpu in range(8192)), "lscpu")
    assert len(found.cpus) == 8192
    assert {len(one.quote) <= 240 for cpu in found.cpus for one in cpu.evidence} == {True}


def test_of_a_folder_a_large_file_is_read_as_far_as_it_is_a_list(tmp_path: Path) -> None:
    rows = [{"cpu": number, "socket": number // 64, "online": True} for number in range(512)]
    (tmp_path / "topology.json").write_text(json.dumps({"cpus": rows}))
    assert len(read_sidecar(tmp_path).cpus) == 512
