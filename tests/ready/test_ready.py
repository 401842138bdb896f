"""A machine asked before anybody tries: copies of its /proc and /sys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tdxwhy.cli import main
from tdxwhy.ready.examine import examine, numbers
from tdxwhy.replay.forecast import generation_of


def machine(root: Path, *, offline: tuple[int, ...] = (), packages: int = 2, each: int = 2, **files: str) -> Path:
    cpus = packages * each
    base = root / "sys/devices/system/cpu"
    for cpu in range(cpus):
        (base / f"cpu{cpu}" / "topology").mkdir(parents=True)
        if cpu:
            (base / f"cpu{cpu}" / "online").write_text("0\n" if cpu in offline else "1\n")
        if cpu not in offline:
            (base / f"cpu{cpu}" / "topology" / "physical_package_id").write_text(f"{cpu // each}\n")
    defaults = {
        "proc/sys/kernel/osrelease": "6.16.1\n",
        "proc/cmdline": "ro nohibernate kvm_intel.tdx=1\n",
        "proc/cpuinfo": "vendor_id : GenuineIntel\nflags : vmx x2apic sgx tdx_host_platform\n",
        "commands/msr.txt": "0x1401 3ffe000c00\n",
    }
    for name, text in {**defaults, **{key.replace("__", "/"): value for key, value in files.items()}}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def obstacles(root: Path) -> list[str]:
    return [one.id for one in examine(root).obstacles]


def test_a_machine_that_is_ready(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ready", "--root", str(machine(tmp_path))]) == 0
    out = capsys.readouterr().out
    assert "every CPU is online: initialisation will succeed (2 packages)" in out
    assert "error" not in out


def test_what_cannot_be_seen_is_not_called_ready(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ready", "--root", str(machine(tmp_path, commands__msr="").parent / tmp_path.name)]) == 0
    (tmp_path / "commands/msr.txt").unlink()
    assert main(["ready", "--root", str(tmp_path)]) == 3
    out = capsys.readouterr().out
    assert "it cannot be seen: Is SEAM on and locked?" in out
    assert "$ sudo modprobe msr; sudo rdmsr -a 0x1401" in out


def test_a_package_without_an_online_cpu(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ready", "--root", str(machine(tmp_path, packages=4, each=3, offline=(3, 4, 5)))]) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "a package that nothing names has no online CPU (CPUs 3-5)" in out
    assert "$ chcpu -e 3-5" in out
    assert "1 package that nothing names has no online CPU (CPUs 3-5): initialisation will fail at TDH.SYS.CONFIG" in out
    assert "package 1 " not in out.lower()
    assert "virt/tdx: SEAMCALL (0x000000000000002d) failed: 0xc000050c00000000" in out


def test_cpus_that_nothing_places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ready", "--root", str(machine(tmp_path, packages=3, offline=(2, 3)))]) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "2 CPUs are offline (2-3; the machine does not show in which package): initialisation will fail at TDH.SYS.CONFIG" in out


def test_what_a_command_line_leaves_out(tmp_path: Path) -> None:
    root = machine(tmp_path, proc__cmdline="ro maxcpus=2\n", sys__power__disk="[platform] shutdown\n")
    assert {"hibernation-enabled", "tdx-not-requested", "limits", "model"} <= set(obstacles(root))
    foreseen = examine(root).foresight
    assert foreseen is not None
    assert any(line.text.endswith("Hibernation support is enabled") for line in foreseen.simulation.lines)


def test_no_command_that_cannot_work(tmp_path: Path) -> None:
    root = machine(tmp_path, offline=(3,), proc__cmdline="ro nohibernate kvm_intel.tdx=1 nr_cpus=3\n")
    fixes = [one.fix for one in examine(root).obstacles if one.id == "cpu-not-initialized"]
    assert fixes == ["boot without nr_cpus=3"]


def test_package_ids_of_eight_and_more(tmp_path: Path) -> None:
    found = examine(machine(tmp_path, packages=9, each=1))
    assert "package-id-beyond-module" in {one.id for one in found.obstacles}
    assert found.foresight is not None and found.foresight.sentence.startswith("package 8 comes first")


def test_not_a_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ready", "--root", str(tmp_path)]) == 2
    assert "neither a running Linux" in capsys.readouterr().err
    assert main(["ready", "--root", str(tmp_path / "none")]) == 2
    (tmp_path / "text").write_text("no archive")
    assert main(["ready", "--root", str(tmp_path / "text")]) == 2
    assert "no tar archive" in capsys.readouterr().err


def test_generation_by_version_number() -> None:
    releases = ("7.3.4", "7.0.1", "6.16.0", "6.8.0-1006-intel", "6.2.0-mvp", "6.12.48+deb13-amd64")
    assert [generation_of(one).name for one in releases] == ["7.2", "6.18", "6.16", "6.8", "v8", "6.8"]


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ready", "--root", str(machine(tmp_path, offline=(3,))), "--format", "json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["obstacles"][0]["id"] == "cpu-not-initialized"
    assert answer["lines"][-1]["text"] == "virt/tdx: module initialization failed (-5)"


def test_a_machine_without_tdx(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = machine(tmp_path, proc__cpuinfo="vendor_id : GenuineIntel\nflags : vmx x2apic\n")
    assert main(["ready", "--root", str(root), "--generation", "7.1"]) == 1
    out = capsys.readouterr().out
    assert "no tdx_host_platform flag" in out
    assert "will succeed" not in out


def test_a_kernel_of_debian_has_no_tdx_host_code_unless_it_shows(tmp_path: Path) -> None:
    def found(name: str, flags: str) -> list[str]:
        info = f"vendor_id : GenuineIntel\nflags : {flags}\n"
        return obstacles(machine(tmp_path / name, proc__sys__kernel__osrelease="7.3.4+deb14-amd64\n", proc__cpuinfo=info))

    assert found("without", "vmx x2apic")[0] == "kernel-without-tdx"
    assert "kernel-without-tdx" not in found("with", "vmx x2apic tdx_host_platform")


def test_hostile_trees(tmp_path: Path) -> None:
    root = machine(tmp_path / "tree", boot__config="CONFIG_INTEL_TDX_HOST=y\n", proc__sys__kernel__osrelease="../../../secret\x1b[2J\n")
    secret = tmp_path / "secret"
    secret.write_text("AuthenticAMD")
    (root / "proc/cpuinfo").unlink()
    (root / "proc/cpuinfo").symlink_to(secret)
    found = examine(root)
    assert found.facts.found["release"].value.isprintable()
    assert "cpu-vendor" not in found.facts.found
    (root / "proc/cpuinfo").unlink()
    (root / "proc/cpuinfo").write_bytes(b"\xff\x00" * 5000 + b"\nvendor_id : " + b"9" * 100_000)
    (root / "commands/msr.txt").write_text("0x1401 zz\nzz 1\n0x87 " + "f" * 99 + "\n")
    (root / "sys/fs/cgroup").mkdir(parents=True)
    (root / "sys/fs/cgroup/misc.capacity").write_text("tdx " + "9" * 5000)
    examine(root)


def test_versions_compare_as_numbers() -> None:
    assert numbers("6.8.0-1028-intel") < numbers("6.16") < numbers("10.1-rc3")
    assert numbers("8.2.2-Debian 2:8.2.2+ds") < numbers("10.1")


def test_simulate_promises_nothing_on_a_machine_without_tdx(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    amd = tmp_path / "lscpu.txt"
    amd.write_text("Architecture: x86_64\nCPU(s): 2\nOn-line CPU(s) list: 0-1\nVendor ID: AuthenticAMD\nSocket(s): 1\n")
    guest = tmp_path / "guest.txt"
    guest.write_text(amd.read_text().replace("AuthenticAMD", "GenuineIntel") + "Hypervisor vendor: KVM\n")
    bare = tmp_path / "topology.json"
    bare.write_text('{"cpus": [{"cpu": 0, "socket": 0, "online": true}]}')
    root = machine(tmp_path / "tree", proc__cpuinfo="vendor_id : AuthenticAMD\nflags : svm\n")
    for path, words in (
        (amd, "has no TDX"),
        (guest, "virtual machine"),
        (root / "sys/devices/system/cpu", "has no TDX"),
        (root, "has no TDX"),
    ):
        assert main(["simulate", "--topology", str(path)]) == 1
        said = capsys.readouterr().out
        assert words in said
        assert "will succeed" not in said
    assert main(["simulate", "--topology", str(bare)]) == 0
    assert "where firmware, kernel and module are fit" in capsys.readouterr().out
