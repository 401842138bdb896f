"""What a paste does not settle is said to be open, with what settles it; what it shows settles it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tdxwhy.cli import main
from tdxwhy.incident import tables
from tdxwhy.incident.incidents import incidents_of
from tdxwhy.incident.lines import lines_of
from tdxwhy.incident.nouns import Host
from tdxwhy.incident.rows import ProgramMessage
from tests.incident.test_messages import SPEAKERS, rendered

REFUSED = "{}: TDX requires all packages to have an online CPU. Delete all TDs in order to offline all CPUs of a package."
BY_KVM, BY_CORE = "[ 903.000001] " + REFUSED.format("kvm_intel"), "[ 903.000001] " + REFUSED.format("virt/tdx")
TYPED = "$ sudo chcpu -d 31\nchcpu: CPU 31 disable failed: Device or resource busy\n"
TABLE = "$ lscpu -e=CPU,SOCKET,ONLINE\nCPU SOCKET ONLINE\n" + "".join(
    f"{cpu} {cpu // 16} {'yes' if cpu < 17 else 'no'}\n" for cpu in range(32)
)
LEAKED = "[ 800.000001] kvm_intel: tdh_mng_vpflushdone() failed. HKID 22 is leaked.\n"
VMXON = "VMXON faulted, MSR_IA32_FEAT_CTL (0x3a) = 0x1"
UP = "[    0.000000] virt/tdx: BIOS enabled: private KeyID range [16, 32)\n[    2.000001] virt/tdx: TDX-Module initialized\n"


def told(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> dict[str, object]:
    path = tmp_path / "paste.txt"
    path.write_text(text)
    main(["log", str(path), "--format", "json"])
    return dict(json.loads(capsys.readouterr().out)["logs"][0])


@pytest.mark.parametrize(
    ("text", "causes"),
    [
        (BY_KVM, ["last-cpu-of-package", "keyid-leaked"]),
        (BY_CORE, ["last-cpu-of-package", "keyid-leaked"]),
        (TYPED + BY_CORE, ["last-cpu-of-package", "keyid-leaked"]),
        (TYPED.replace("31", "16") + BY_CORE + "\n" + TABLE, ["last-cpu-of-package"]),
        ("$ virsh list\n Id   Name     State\n-------------------\n 3    td-3     running\n\n" + TYPED + BY_CORE, ["last-cpu-of-package"]),
        (TYPED + LEAKED + BY_CORE + "\n$ pgrep -c qemu\n0\n", ["keyid-leaked"]),
    ],
)
def test_a_cpu_that_may_not_go_offline(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, causes: list[str]) -> None:
    found = told(tmp_path, capsys, text + "\n")["incidents"]
    assert isinstance(found, list)
    one = next(one for one in found if one["stage"] == "cpu-hotplug")
    assert one["causes"] == causes
    assert bool(one["settles"]) is (len(causes) > 1)
    if len(causes) > 1:
        assert any("misc.current" in asked for asked in one["settles"])


@pytest.mark.parametrize("told_by", ["Socket 0: CPUs 0-15, socket 1: CPUs 16-31.", "2 sockets (0-15 socket 0, 16-31 are on socket 1)"])
def test_packages_that_a_reporter_tells_of_are_known(tmp_path: Path, capsys: pytest.CaptureFixture[str], told_by: str) -> None:
    (one,) = told(tmp_path, capsys, f"{told_by}\n{TYPED}{BY_CORE}\n")["incidents"]  # type: ignore[misc]
    assert (one["packages"], one["cpus"]) == ([1], [31])


def test_vmxon_that_faults_on_a_cpu_started_late_is_no_failed_initialisation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    started = "[ 5520.001120] smpboot: Booting Node 1 Processor 70 APIC 0x9c\n"
    fault = f"[ 5520.010441] ------------[ cut here ]------------\n[ 5520.010447] {VMXON}\n"
    found = told(tmp_path, capsys, started + fault)
    assert found["outcome"] == "unknown"
    (one,) = found["incidents"]  # type: ignore[misc]
    assert (one["stage"], one["causes"], one["cpus"]) == ("cpu-hotplug", ["cpu-not-in-vmx"], [70])
    header = "[ 5520.010460] WARNING: arch/x86/virt/hw.c:86 at x86_vmx_cpu_vmxon+0x7a/0x90, CPU#71: cpuhp/71/461\n"
    found = told(tmp_path, capsys, UP + fault + header)
    assert found["outcome"] == "initialized"
    assert [one["cpus"] for one in found["incidents"]] == [[71]]  # type: ignore[attr-defined]
    assert told(tmp_path, capsys, UP.splitlines()[0] + f"\n[    2.000001] {VMXON}\n")["outcome"] == "failed"


def test_a_driver_whose_name_begins_as_the_kernels_is_none_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    others = "[   15.0] tdx_reader: initialization failed (-19)\n[   15.1] toradex-tdx 1-0041: tdx: firmware failed to load, error -2\n"
    found = told(tmp_path, capsys, UP + others)
    assert (found["outcome"], found["incidents"]) == ("initialized", [])


def test_too_many_cpus_are_refused_for_the_td_that_is_created(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = "qemu-system-x86_64: Number of SMP cpus requested (160) exceeds the maximum cpus supported by KVM (128)\n"
    (one,) = told(tmp_path, capsys, f"{line}<launchSecurity type='tdx'/>\n")["incidents"]  # type: ignore[misc]
    assert (one["stage"], one["causes"]) == ("td-create", ["cpu-count"])


def test_a_guest_without_a_quote_service_sends_its_reader_to_the_host(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = "[  622.331207] tdx_guest: GetQuote request failed, status:8000000000000001\n"
    (one,) = told(tmp_path, capsys, line)["incidents"]  # type: ignore[misc]
    assert one["causes"] == ["qgs-unreachable"]
    assert any("on the host" in asked for asked in one["settles"])


# Lines with several causes of which something in the line itself tells one: a code, an errno, a status, an address, or that a hypervisor
# would have to be seen for the other.
TOLD_BY_THE_LINE = {
    "a hypervisor is seen by other lines": {"kvm.movdir64b-required", "kvm.selfsnoop-required", "virt.selfsnoop-required"},
    "its errno": {"kvm.modprobe-einval", "qemu.ioctl-return.series", "qemu.vcpu-create"},
    "its address": {"kvm.access-before-accept"},
    "its status": {"kvm.vp-enter-ret", "kvm.oot.td-exit", "virt.sys-disable"},
    "its code": {"qgs.config", "qgs.curl", "qgs.ql-logic"},
    "it is the line of that fault": {"cgroup.tdx-less-than-0"},
    "the others are told by the quote service's own lines": {"guest.quote.hypercall", "guest.quote.timeout"},
    "it is found beside others only": {"guest.outblob-empty-file", "qemu.create-vm"},
}


@pytest.mark.parametrize(
    "message", [one for one in tables.messages() if len(one.causes) > 1 and one.outcome != "ordinary"], ids=lambda one: one.id
)
def test_a_line_alone_that_has_several_causes_is_left_open(message: ProgramMessage) -> None:
    if message.id in set().union(*TOLD_BY_THE_LINE.values()):
        return
    text = f"{SPEAKERS.get(message.component, '')}{message.prefix}{message.example or rendered(message)}"
    (one, *_) = incidents_of(lines_of([(1, text)], "paste", {}), Host())
    assert 1 < len(one.causes) <= 3
    assert one.is_open
    assert one.settles
    assert "it may be" in one.sentence


QGSD = "Sep 09 10:00:01 h qgsd[33]: "
GUEST = "[   40.551000] tdx_guest: GetQuote hypercall failed, status:8000000000000001\n"


@pytest.mark.parametrize(
    ("served", "causes"),
    [
        ("tee_att_get_quote_size return 0x11001", ["platform-not-registered", "sgx-enclave-not-loadable", "quote-cache-stale"]),
        ("Error returned from the p_sgx_get_quote_config API. 0xe011", ["platform-not-registered"]),
        ("body should be [-2130706432] bytes!", ["qgs-message-format"]),
        ("Added a new connection, now [1]", ["qgs-message-format", "pccs-unreachable"]),
    ],
)
def test_a_quote_service_that_served_a_request_can_be_reached(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], served: str, causes: list[str]
) -> None:
    (one,) = told(tmp_path, capsys, f"{GUEST}{QGSD}{served}\n")["incidents"]  # type: ignore[misc]
    assert one["causes"] == causes
    (alone,) = told(tmp_path, capsys, GUEST)["incidents"]  # type: ignore[misc]
    assert alone["causes"] == ["qgs-unreachable"]


MODPROBE = "# modprobe kvm_intel tdx=1\nmodprobe: ERROR: could not insert 'kvm_intel': Input/output error\n"


def test_kvm_that_hands_on_the_errno_of_a_failed_initialisation_is_no_incident(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    failed = told(tmp_path, capsys, MODPROBE + UP.replace("TDX-Module initialized", "module initialization failed (-5)"))
    assert (failed["outcome"], failed["incidents"]) == ("failed", [])
    (one,) = told(tmp_path, capsys, MODPROBE + UP)["incidents"]  # type: ignore[misc]
    assert (one["stage"], one["errno"]) == ("kvm-load", -5)


def test_a_cpu_that_fails_in_an_update_is_no_failed_initialisation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    update = "# cat /sys/class/firmware/tdx_module/error\nprogramming:firmware-invalid\n"
    call = "[88101.330417] virt/tdx: SEAMCALL (0x0000000000000023) failed: 0xc000050e00000000\n"
    found = told(tmp_path, capsys, update + call)
    (one,) = found["incidents"]  # type: ignore[misc]
    assert (found["outcome"], one["stage"], one["seamcall"]["name"]) == ("initialized", "module-update", "TDH.SYS.LP.INIT")
    assert told(tmp_path, capsys, call.replace("88101", "    3"))["outcome"] == "failed"


def test_packages_that_a_reporter_tells_of_are_those_of_a_cpu_in_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = "[  800.000001] smpboot: Booting Node 1 Processor 61 APIC 0xba\n"
    log += "[  800.100001] virt/tdx: SEAMCALL (0x0000000000000023) failed: 0x8000020000000001\n"
    (one,) = told(tmp_path, capsys, f"{UP}{log}\nCPUs 0-31 are on socket 0, 32-63 on socket 1.\n")["incidents"]  # type: ignore[misc]
    assert (one["packages"], one["cpus"]) == ([1], [61])


def test_what_stands_behind_a_kvm_without_tdx_is_open_where_the_host_is_silent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = "qemu-system-x86_64: vm-type TDX not supported by KVM\n"
    silent = UP.splitlines()[0] + "\nkernel 6.17.8\n"
    (one,) = told(tmp_path, capsys, silent + line)["incidents"]  # type: ignore[misc]
    assert one["causes"] == ["kvm-tdx-off", "tdx-not-requested", "seam-not-enabled"]
    assert any("cmdline" in asked for asked in one["settles"])


def test_an_update_after_which_the_version_can_be_read_left_the_module(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = f"{UP}seamldr: SEAMCALL (0x8000000000000001) failed: 0x8000050d00000000\ntdx_module/error: programming:firmware-invalid\n"
    (one,) = told(tmp_path, capsys, f"{call}tdx_host/version          1.5.20\n")["incidents"]  # type: ignore[misc]
    assert one["module_usable"] is True
    (one,) = told(tmp_path, capsys, f"{call}cat: /sys/devices/faux/tdx_host/version: No such device or address\n")["incidents"]  # type: ignore[misc]
    assert (one["module_usable"], one["errno"]) == (False, -6)


UNCORRECTED = "mce: [Hardware Error]: CPU 3: Machine Check: 0 Bank 7: bd80000000100134\n"
UNCORRECTED += "mce: [Hardware Error]: PROCESSOR 0:c06f2 TIME 1788190000 SOCKET 1 APIC 6 microcode 21000201\n"


def test_a_machine_check_is_an_incident_beside_a_td_that_died_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    died = "kvm: TD vp_enter_ret 0xe000060400000000\n"
    found = told(tmp_path, capsys, UNCORRECTED + died)["incidents"]
    assert [(one["stage"], one["causes"]) for one in found] == [  # type: ignore[attr-defined]
        ("memory-error", ["td-machine-check"]),
        ("td-run", ["td-machine-check"]),
    ]
    assert [(one["packages"], one["cpus"]) for one in found] == [([1], [3])] * 2  # type: ignore[attr-defined]
    assert told(tmp_path, capsys, UP + UNCORRECTED)["incidents"] == []  # of something else on the machine
    corrected = told(tmp_path, capsys, UNCORRECTED.replace("bd8", "9c8") + died)["incidents"]
    assert [one["stage"] for one in corrected] == ["td-run"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Kernel panic - not syncing: TD misconfiguration: SEPT_VE_DISABLE attibute must be set.", "SEPT_VE_DISABLE"),
        ("kvm_intel: TDX instr fetch to shared GPA = 0x800100000 @ RIP = 0xffff800000103a10", "shared GPA"),
        ("TDX: Failed to accept memory", "accept memory"),
    ],
)
def test_a_sentence_says_what_the_guest_ran_into(tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, words: str) -> None:
    (one,) = told(tmp_path, capsys, f"{line}\n")["incidents"]  # type: ignore[misc]
    assert words in one["sentence"]


def test_any_reader_of_a_quote_is_answered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read = 'could not read report property "outblob": read /sys/kernel/config/tsm/report/e1/outblob: input/output error\n'
    (one,) = told(tmp_path, capsys, read)["incidents"]  # type: ignore[misc]
    assert (one["stage"], one["errno"]) == ("td-quote", -5)
    assert len(one["causes"]) > 1


def test_a_command_that_was_typed_states_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typed = "$ sudo modprobe kvm_intel tdx=1\n$ qemu-system-x86_64 -object tdx-guest,id=t\n"
    typed += "qemu-system-x86_64: vm-type TDX not supported by KVM\n"
    (one,) = told(tmp_path, capsys, typed + "$ uname -r\n6.17.8\n")["incidents"]  # type: ignore[misc]
    assert one["causes"][0] == "kvm-tdx-off"


@pytest.mark.parametrize(
    ("text", "outcome", "causes"),
    [
        ("cloud-hypervisor: Failed to initialize TDX\n", "unknown", ["vmm-abi-mismatch", "td-params-refused"]),
        (
            "qemu: -object tdx-guest,id=t\nqemu-system-x86_64: ioctl(KVM_CREATE_VM) failed: Invalid argument\n",
            "unknown",
            ["kvm-tdx-off", "vmm-abi-mismatch"],
        ),
        ("qemu: -object tdx-guest,id=t\nqemu-system-x86_64: ioctl(KVM_CREATE_VM) failed: Too many open files\n", "unknown", []),
        ("qemu-system-x86_64: kvm_init_vcpu: kvm_create_vcpu failed (0): Cannot allocate memory\n", "unknown", ["out-of-memory"]),
        ("[    9.000001] kvm_intel: SEAMCALL TDH_MNG_INIT failed: 0xc0000b0800000001, rcx 0x0\n", "initialized", ["td-params-refused"]),
    ],
)
def test_what_a_call_answers_is_told_by_its_errno(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, outcome: str, causes: list[str]
) -> None:
    found = told(tmp_path, capsys, text)
    (one,) = found["incidents"]  # type: ignore[misc]
    assert (found["outcome"], one["causes"]) == (outcome, causes)


def test_a_kernels_own_failure_is_none_of_a_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(tmp_path, capsys, "<6>[    9.059431] tdx: Failed to initialize TDX module.  Shut it down.\n")
    assert (found["outcome"], found["incidents"]) == ("failed", [])


def test_names_keep_their_capitals_inside_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        "# dmesg | grep -i -e tdx -e tme\n[    0.000000] x86/tme: not enabled by BIOS\n"
        "[    2.000001] virt/tdx: TDX not supported by the host platform\n"
        "[   13.000001] kvm_intel: TDX not supported by the host platform\n"
        "# qemu-system-x86_64 -object tdx-guest,id=x\nqemu-system-x86_64: vm-type TDX not supported by KVM\n"
        "# lscpu | grep Model.name\nModel name:    INTEL(R) XEON(R) GOLD 6548Y+\n"
    )
    sentences = [one["sentence"] for one in told(tmp_path, capsys, text)["incidents"]]  # type: ignore[attr-defined]
    assert any("the host's log says: TDX is switched off in firmware" in one for one in sentences)
