"""A machine asked before anybody tries: copies of its /proc and /sys."""

from tdxwhy.cli import main
from tdxwhy.replay.ready import generation_of, ready


def machine(root, *, offline=(), packages=2, each=2, **files):
    cpus = packages * each
    base = root / "sys/devices/system/cpu"
    for cpu in range(cpus):
        (base / f"cpu{cpu}" / "topology").mkdir(parents=True)
        if cpu:
            (base / f"cpu{cpu}" / "online").write_text("0\n" if cpu in offline else "1\n")
        if cpu not in offline:
            (base / f"cpu{cpu}" / "topology" / "physical_package_id").write_text(f"{cpu // each}\n")
    (base / "present").write_text(f"0-{cpus - 1}\n")
    (base / "possible").write_text(f"0-{cpus - 1}\n")
    online = ",".join(str(cpu) for cpu in range(cpus) if cpu not in offline)
    (base / "online").write_text(online + "\n")
    (base / "offline").write_text(",".join(map(str, offline)) + "\n")
    defaults = {
        "proc/sys/kernel/osrelease": "6.12.1\n",
        "proc/cmdline": "ro nohibernate kvm_intel.tdx=1\n",
        "proc/cpuinfo": "flags : vmx tdx_host_platform\n",
    }
    for name, text in {**defaults, **{key.replace("__", "/"): value for key, value in files.items()}}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_machine_that_is_ready(tmp_path, capsys):
    assert main(["ready", "--root", str(machine(tmp_path))]) == 0
    out = capsys.readouterr().out
    assert "Every CPU is online: initialisation will succeed (2 packages)." in out
    assert "error" not in out


def test_a_package_without_an_online_cpu(tmp_path, capsys):
    assert main(["ready", "--root", str(machine(tmp_path, packages=4, each=3, offline=(3, 4, 5)))]) == 1
    out = capsys.readouterr().out
    assert "a package that nothing names has no online CPU (CPUs 3-5)" in out
    assert "fix: chcpu -e 3-5" in out
    assert "1 package that nothing names has no online CPU (CPUs 3-5): initialisation will fail at TDH.SYS.CONFIG" in out
    assert "package 1" not in out.lower()
    assert "virt/tdx: SEAMCALL (0x000000000000002d) failed: 0xc000050c00000000" in out


def test_cpus_that_nothing_places(tmp_path, capsys):
    assert main(["ready", "--root", str(machine(tmp_path, packages=3, offline=(2, 3)))]) == 1
    out = capsys.readouterr().out
    assert "2 CPUs are offline (2-3; the machine does not show in which package): initialisation will fail at TDH.SYS.CONFIG" in out


def test_what_a_command_line_leaves_out(tmp_path):
    root = machine(tmp_path, proc__cmdline="ro maxcpus=2\n", sys__power__disk="[platform] shutdown\n")
    found = {one.id for one in ready(root).obstacles}
    assert {"hibernation-enabled", "tdx-not-requested", "cpus-limited", "will-fail"} <= found
    assert ready(root).foresight.simulation.lines[-1].text.endswith("Hibernation support is enabled")


def test_package_ids_of_eight_and_more(tmp_path):
    found = ready(machine(tmp_path, packages=9, each=1))
    assert "package-id-beyond-module" in {one.id for one in found.obstacles}
    assert found.foresight.sentence.startswith("package 8 comes first")


def test_not_a_machine(tmp_path, capsys):
    assert main(["ready", "--root", str(tmp_path)]) == 2
    assert "neither a running Linux" in capsys.readouterr().err


def test_generation_by_version_number():
    assert [generation_of(one).id for one in ("7.3.4", "7.0.1", "6.16.0", "6.8.0-1006-intel", "6.2.0-mvp")] == [
        "7.1",
        "6.16",
        "6.16",
        "6.8",
        "v8",
    ]


def test_json(tmp_path, capsys):
    import json

    assert main(["ready", "--root", str(machine(tmp_path, offline=(3,))), "--format", "json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["obstacles"][0]["id"] == "cpu-not-initialized"
    assert answer["lines"][-1]["text"] == "virt/tdx: module initialization failed (-5)"


def test_a_machine_without_tdx(tmp_path, capsys):
    assert main(["ready", "--root", str(machine(tmp_path, proc__cpuinfo="flags : vmx\n")), "--generation", "7.1"]) == 1
    out = capsys.readouterr().out
    assert "no tdx_host_platform flag" in out
    assert "will succeed" not in out
    assert "virt/tdx: TDX not supported by the host platform" in out


def test_a_kernel_of_debian_has_no_tdx_host_code_unless_it_shows(tmp_path):
    def found(name, info):
        root = machine(tmp_path / name, proc__sys__kernel__osrelease="7.3.4+deb14-amd64\n", proc__cpuinfo=info)
        return {one.id for one in ready(root).obstacles}

    assert "kernel-of-debian" in found("without", "flags : vmx\n")
    assert "kernel-of-debian" not in found("with", "flags : vmx tdx_host_platform\n")
