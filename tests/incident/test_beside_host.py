"""What a paste shows of a host or a guest beside its kernel log, and what of it is no incident of its own."""

from __future__ import annotations

import pytest

from tdxwhy.api import diagnose

REFUSED = (
    "[    0.000000] virt/tdx: BIOS enabled: private KeyID range [8, 16)\n"
    "[    0.000000] virt/tdx: initialization failed: Hibernation support is enabled\n"
)
KVM = "[    9.100000] kvm_intel: tdx: no TDX private KeyIDs available\n"
KATA = "kata[7]: Expected TDX protection, found NoProtection\n"
COUNT = "user@td:~$ {}\n{}\n"
OUTBLOB = "/sys/kernel/config/tsm/report/r/outblob"


def stages(text: str) -> list[str]:
    return [one.stage for one in diagnose(text.encode()).incidents]


def test_kvm_repeats_what_the_failed_initialisation_said() -> None:
    assert stages(REFUSED + KVM + KATA) == ["vmm"]
    assert stages(KVM + KATA) == ["kvm-load", "vmm"]
    assert stages(REFUSED + KVM) == ["kvm-load"]


@pytest.mark.parametrize("word", ["Inappropriate", "inappropriate"])
def test_an_ioctl_that_the_driver_does_not_have(word: str) -> None:
    (found,) = diagnose(f"quote-tool: ioctl TDX_CMD_GET_QUOTE failed: {word} ioctl for device\n".encode()).incidents
    assert (found.stage, found.errno) == ("td-quote", -25)
    assert not stages(f"stty: 'standard input': {word} ioctl for device\n")


@pytest.mark.parametrize("command", [f"cat {OUTBLOB} | wc -c", f"wc -c < {OUTBLOB}", f"stat -c %s {OUTBLOB}", f"sudo cat {OUTBLOB}|wc -c"])
def test_a_quote_that_is_counted(command: str) -> None:
    report = diagnose(COUNT.format(command, 0).encode())
    assert [one.stage for one in report.incidents] == ["td-quote"]
    assert report.incidents[0].evidence[0].quote.endswith(command)
    assert (report.judged.diagnosis.role, report.judged.diagnosis.outcome) == ("guest", "not-attempted")
    assert not stages(COUNT.format(command, 8000))


@pytest.mark.parametrize(
    ("line", "is_off"),
    [
        ("0x87 KEYID_PARTITIONING = 0000000000000000", True),
        ("MSR 0x87: 0x000000000000003f", True),
        ("0x87 KEYID_PARTITIONING = 000000200000001f", False),
        ("0x1401 = 0000000000000000", True),
        ("0x1401 = 0000003ffe000c00", False),
    ],
)
def test_a_table_of_registers(line: str, is_off: bool) -> None:
    text = f"[    0.000000] Linux version 6.17.8\n[    0.000000] x86/tme: enabled by BIOS\n\n{line}\n"
    assert (diagnose(text.encode()).judged.diagnosis.outcome == "disabled-by-bios") is is_off


def test_a_cpu_that_names_itself_in_capitals() -> None:
    cpu = "[    0.300000] smpboot: CPU0: INTEL(R) XEON(R) GOLD 6530 (family: 0x6, model: 0xcf, stepping: 0x2)\n"
    told = diagnose(f"{cpu}[    0.900000] virt/tdx: TDX not supported by the host platform\n".encode()).judged.diagnosis
    assert told.causes[0].id == "bios-tdx-disabled"


def test_the_last_words_of_a_td_that_libvirt_prints_are_read_on_its_host() -> None:
    line = "virtqemud[31]: 31: info : panic td4: tdx: error_code='0x0' message='TD misconfiguration: SEPT #VE has to be disabled'\n"
    assert diagnose(line.encode()).judged.diagnosis.role == "host"


def test_a_virtual_machine_in_which_kvm_was_asked_for_tds_is_a_host_that_cannot() -> None:
    text = "[    0.000000] Hypervisor detected: VMware\n[    8.100000] kvm_intel: TDX not supported by the host platform\n"
    assert diagnose(text.encode()).judged.diagnosis.role == "host"
    assert diagnose(text.splitlines()[0].encode()).judged.diagnosis.role == "guest"


def test_what_an_update_proves_is_said_of_an_update() -> None:
    told = diagnose(b"$ cat /sys/class/firmware/tdx_module/error\ntransferring:firmware-invalid\n").judged.diagnosis
    assert told.outcome == "initialized"
    assert "update" in told.reason
    assert "memory" not in told.reason


def test_kvm_in_a_virtual_machine_attempts_nothing() -> None:
    line = b"[    3.600000] kvm_intel: TDX requires baremetal. Not Supported on VMM guest.\n"
    report = diagnose(line)
    assert report.judged.diagnosis.outcome == "not-attempted"
    assert report.judged.diagnosis.causes[0].id == "platform-not-supported"
    assert report.incidents
