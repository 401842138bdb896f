"""What `tdxwhy collect` gathers, scrubs, packs, and what comes back out of the bundle."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tdxwhy.errors import NothingToJudge, TdxwhyError
from tdxwhy.read.host.bundle import pack
from tdxwhy.read.host.collect import collect, kernel_log, own_log
from tdxwhy.read.host.scrub import Scrubber
from tdxwhy.read.log import LogReader

LOG = "<5>[    0.000000] Linux version 6.18.0 (b@f)\n<6>[    1.500000] virt/tdx: module initialized\n<30>[    2.000000] systemd[1]: x\n"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    for name, text in {
        "proc/cmdline": "root=UUID=81566805-1111-4000-8000-92ddce113ace kvm_intel.tdx=1\n",
        "proc/sys/kernel/hostname": "rack7\n",
        "proc/cpuinfo": "processor\t: 0\nmodel name\t: X\nmicrocode\t: 0x2b\n\nprocessor\t: 1\n",
        "sys/devices/system/cpu/cpu0/topology/physical_package_id": "0\n",
        "sys/devices/system/cpu/cpu1/online": "0\n",
        "sys/module/kvm_intel/parameters/tdx": "Y\n",
        "sys/class/dmi/id/bios_version": "1.2\n",
        "sys/class/dmi/id/product_serial": "SECRET\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def dmesg(arguments: Sequence[str]) -> bytes | None:
    return LOG.encode() if arguments[0] == "dmesg" else None


def nothing(arguments: Sequence[str]) -> bytes | None:
    return None


def test_bundle_comes_back_with_its_topology(machine: Path) -> None:
    packed = pack(collect(root=machine, run=dmesg).files)
    reader = LogReader(io.BytesIO(packed), "bundle.tar.gz")
    (boot,) = list(reader)
    assert [record.text for record in boot.records] == ["Linux version 6.18.0 (b@f)", "virt/tdx: module initialized"]
    assert boot.records[1].place.source == "bundle.tar.gz:kernel.log"
    assert reader.topology is not None
    assert [(cpu.number, cpu.package, cpu.presence) for cpu in reader.topology.cpus] == [(0, 0, "online"), (1, None, "offline")]


def test_the_same_facts_give_the_same_bytes(machine: Path) -> None:
    assert pack(collect(root=machine, run=dmesg).files) == pack(collect(root=machine, run=dmesg).files)


def test_names_are_scrubbed_unless_asked_not_to(machine: Path) -> None:
    found = collect(root=machine, run=dmesg)
    assert "81566805" not in found.files["command-line.txt"]
    assert "kvm_intel.tdx=1" in found.files["command-line.txt"]
    assert "SECRET" not in "".join(found.files.values())
    assert "sys/module/kvm_intel/parameters/tdx Y" in found.files["facts.txt"]
    assert "81566805" in collect(keep_names=True, root=machine, run=dmesg).files["command-line.txt"]


def test_what_could_not_be_read_is_said(tmp_path: Path) -> None:
    found = collect(root=tmp_path, run=nothing)
    assert "kernel.log" not in found.files
    assert any("kernel log" in line for line in found.missing)
    assert "kernel log" in found.files["missing.txt"]
    with pytest.raises(TdxwhyError, match="cannot be read"):
        own_log(tmp_path, nothing)


def test_the_journal_is_asked_where_the_ring_has_wrapped(tmp_path: Path) -> None:
    rows = [
        {"MESSAGE": "Linux version 6.18.0", "PRIORITY": "5", "_TRANSPORT": "kernel", "_SOURCE_MONOTONIC_TIMESTAMP": "0"},
        {"MESSAGE": "a", "PRIORITY": "6", "_TRANSPORT": "kernel", "_SOURCE_MONOTONIC_TIMESTAMP": "1500000"},
    ]

    def run(arguments: Sequence[str]) -> bytes | None:
        return b"<6>[    1.500000] a\n" if arguments[0] == "dmesg" else "\n".join(map(json.dumps, rows)).encode()

    assert kernel_log(tmp_path, run, []) == "<5>[    0.000000] Linux version 6.18.0\n<6>[    1.500000] a\n"


def test_scrubber_gives_the_same_name_the_same_number() -> None:
    scrubber = Scrubber(["rack7.example.org"])
    one = scrubber.scrub("rack7 rack7.example.org rack77 52:54:00:12:34:56 52:54:00:12:34:57 52:54:00:12:34:56")
    assert one == "host host rack77 00:00:5e:00:53:01 00:00:5e:00:53:02 00:00:5e:00:53:01"
    assert scrubber.scrub("usb 1-1: SerialNumber: AB12-9") == "usb 1-1: SerialNumber: S1"
    assert scrubber.scrub("systemd[1]: Hostname set to <node-4>.") == "systemd[1]: Hostname set to <host>."
    kept = "virt/tdx: SEAMCALL (0x0000000000000024) failed: 0xc000050500000000, CMR: [0x100000, 0x77800000), build_date 20240407"
    assert scrubber.scrub(kept) == kept


def test_scrubber_takes_addresses_and_leaves_versions_and_counts_what_it_took() -> None:
    scrubber = Scrubber(["rack7"])
    one = scrubber.scrub("rack7: inet 10.1.2.3/24 fe80::1ff:fe23:4567:890a, server 203.0.113.9 port 5, 127.0.0.1 ::1, a.b@lab.example")
    assert one == "host: inet 192.0.2.1/24 2001:db8::3, server 192.0.2.2 port 5, 127.0.0.1 ::1, user1@example.org"
    kept = "BIOS 2.4.1.0 03/14/2026, gcc 13.2.0.1, pci 0000:00:04.0: [8086:09a4], 20:03:01, TDX module 1.5.05.46"
    assert scrubber.scrub(kept) == kept
    assert dict(scrubber.counts) == {"IP address": 3, "host name": 1, "mail address": 1}


def archive(**files: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:xz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name.replace("__", "/"))
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return out.getvalue()


def test_a_packed_sosreport_is_read() -> None:
    table = b"CPU SOCKET ONLINE\n0 0 yes\n1 - no\n"
    data = archive(**{"sos-x__sos_commands__kernel__dmesg": LOG.encode(), "sos-x__sos_commands__processor__lscpu_-ae": table})
    reader = LogReader(io.BytesIO(data), "sos.tar.xz")
    assert len(list(reader)) == 1
    assert reader.topology is not None and reader.topology.cpu_count == 2


def test_hostile_archives() -> None:
    link = io.BytesIO()
    with tarfile.open(fileobj=link, mode="w:gz") as tar:
        member = tarfile.TarInfo("kernel.log")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(member)
    for data in (link.getvalue(), archive(**{"etc__passwd": b"x"})):
        with pytest.raises(NothingToJudge):
            list(LogReader(io.BytesIO(data), "x.tar.gz"))
    with pytest.raises(TdxwhyError, match="cut or broken"):
        list(LogReader(io.BytesIO(pack({"kernel.log": LOG})[:30]), "x.tar.gz"))
    cut = archive(**{"kernel.log": LOG.encode() * 2000})
    reader = LogReader(io.BytesIO(cut[: len(cut) - 40]), "x.tar.xz")
    assert list(reader) or reader.losses
