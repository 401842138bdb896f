"""Messages that stand in a paste and are no incident: of manuals, alarms, tests, sources, other technologies, or over."""

from __future__ import annotations

import pytest

from tdxwhy.api import diagnose

LEAK = "kvm_intel: tdh_mng_vpflushdone() failed. HKID 70 is leaked."
NO_KEY = "TDX ioctl KVM_TDX_INIT_VM failed, hw_errors: 0x0: No space left on device"


@pytest.mark.parametrize(
    "text",
    [
        f'If the kernel log has "{LEAK}" reboot in the next window.',
        f"The handbook of our team says:\n> {LEAK}",
        f" * fixed: KeyIDs are kept ({LEAK})",
        f"    annotations: {{summary: '{LEAK}'}}",
        'PASS: got expected "Invalid attributes 0x1 for TDX VM (KVM supported: 0x10000000)"',
        f'Yesterday I had "{NO_KEY}", after stopping two VMs it works. Thanks!',
        '+		pr_err("tdh_mng_key_freeid() failed. HKID %d is leaked.\\n", hkid);',
        "KVM: entry failed, hardware error 0x80000021\nEAX=00000000 EBX=00000000 ECX=00000000 EDX=00000663",
        "sev_kvm_init: failed to initialize ret=-25 fw_error=0\nqemu-system-x86_64: failed to initialize kvm: Operation not permitted",
        "qemu-system-x86_64: VFIO_MAP_DMA failed: Invalid argument",
        "qemu-system-x86_64: -accel kvm: vm-type SEV-SNP not supported by KVM",
        "KVM internal error. Suberror: 1\nextra data[0]: 0x0000000000000000",
    ],
)
def test_it_is_none(text: str) -> None:
    assert not diagnose(f"{text}\n".encode()).incidents


def test_an_update_that_failed_is_no_failed_initialisation() -> None:
    assert diagnose(b"[88120.100400] virt/tdx: TDX module update failed\n").judged.diagnosis.outcome == "unknown"


@pytest.mark.parametrize(
    "text", [f"[  900.1] {LEAK}", f'I get "{NO_KEY}" and it still does not work.', f'"{NO_KEY}" it says, but the other VM works.']
)
def test_it_is_one(text: str) -> None:
    assert diagnose(f"{text}\n".encode()).incidents
