"""Whether a text can hold a message of a TD's life: without one the room of incidents is not even loaded."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tdxwhy.hints import TYPE_CHECKING
from tdxwhy.memo import Memo

if TYPE_CHECKING:
    from tdxwhy.read.windows import Telling

# One stands in each message of rules/incident that is a failure by itself, and none in what a kernel prints on its way to TDX
# (tests hold both).
_STEMS = tuple(
    """
    qemu-system|qemu-kvm|QEMU unsupp|QEMU binary|KVM_C|KVM_M|KVM_R|KVM_S|KVM_T|KVM: |KVM internal|KVM does|KVM seems|kvm_intel: |
    kvm_intel'|kvm: |kvm [|kvm_init_vcpu|kvm run |vm-type|hw_errors|ioctl|SEAMCALL T|SEAMCALL[T|seamldr: SEAM|HKID|kexec: |
    kexec_load f|kexec_file_load f|Machine check: T|vmx/tdx|dirty_logging|tdx_load_mmu|TDH.SYS.DIS|misc cgroup res|VMCS config|
    launch security|launchSecurity|malformed TDX|TDVF|TD_HOB|HOB: |uote|QGS|qgs|[QPL]|No certificate data|CURL error|[QCNL]|tee_att|
    TDX'|TDX (|TDX ioctl|TDX doesn|TDX forcibly|TDX requires|TDX guest|TDX protection|TDX firmware|TDX payload|TDX memory|
    TDX support|TDX cannot|TDX VM|TDX HOB|TDX 'mr|TDX capab|TDX instr|TDX specif|TDX private memory e|TDX_META|tdx.intel|'tdx|
    with TDX|nabling TDX|initialize TDX|finalize TDX|finalizing TDX|for TDX|when TDX|check TDX|built with TDX|Expected TDX|
    Unknown TDX|Unexpected TDX|region TDX|populating TDX|Invalid TDX|No TDX|TDX: |outblob|nappropriate ioctl|TDREPORT|attest|
    firmware-invalid|tdx_host|TD misc|TD doesn|TD vp_|TD exit|Td mailbox|TDExit|TDCALL|TDVMCALL|TdVmcall|tdx_guest: |tdx_mcall|
    tdx_supported|tsm/report|ops already|#VE|ve->instr|private memory.|before accepting|accept memory|AcceptMemory|HLT |
    userspace address|X2APIC_IDs|shared page|nr_shared|unshare|shared<|_find_next_bit|resettable|registers: |VFIO|vfio_reg|
    guest_memfd|memory-backend|DataSize|page aligned|unaccepted|legimit|legecy|get the report|REPORT_FATAL|cpu model|
    confidential guest|disable failed|enable failed|Invalid TSC|TSC freq|crystal|exceeds the maximum cpus|VMXON faulted|
    virtualization on CPU|
    GetReport|invalid ext|kvm/vmx|fw entries|RDSEED|injection int|End of file before|cache data for|body should be|connect to '|
    initialize kvm|tdx: error_code|gpa page|Booting Node|Registration Flow|requires TDX|KVM TDX
    """.replace("\n    ", "")
    .strip()
    .split("|")
)
_SOUGHT = (b"\\", *(stem.encode() for stem in _STEMS))


def speaks(text: str) -> bool:
    """Tell whether a text can hold a message of a TD's life."""
    return any(map(text.__contains__, _STEMS))


class Speaking(Memo[str, bool]):
    """The same of lines that come again and again, as boots print the same ones, in their numbers at most another."""

    def __init__(self) -> None:
        super().__init__(_REMEMBERED)
        self._shapes = Memo[str, bool](_REMEMBERED)
        self._searched: Telling | None = None

    def anchors(self) -> tuple[bytes, ...]:
        """Return what a scan looks for, so that no such line is passed over."""
        from tdxwhy.incident.anchors import anchors

        return anchors()

    def may_tell(self, lines: Sequence[bytes]) -> Sequence[bool]:
        """Tell of many lines as they stand, which are searched at once: none without a stem, unless it is spelt with escapes."""
        from tdxwhy.read.windows import holding

        return holding(_SOUGHT, lines)

    def may_tell_of(self, texts: Sequence[str]) -> Sequence[bool]:
        """Tell the same of texts behind stamps, which boots repeat."""
        from tdxwhy.read.windows import Telling

        if self._searched is None:
            self._searched = Telling(_SOUGHT)
        return self._searched.of(texts)

    def __missing__(self, text: str) -> bool:
        """Search a text that was not met before."""
        shape = _NUMBER.sub("0", text)
        found = self._shapes.get(shape)
        return self.keep(text, self._shapes.keep(shape, speaks(text) and _tells(text)) if found is None else found)


def _tells(text: str) -> bool:
    """Tell whether a text that speaks holds a message that counts."""
    from tdxwhy.incident.lines import as_line
    from tdxwhy.incident.signs import signs_of

    return any(sign.message.outcome != "ordinary" for sign in signs_of((as_line(text),)))


_REMEMBERED = 4096
_NUMBER = re.compile(r"[0-9][0-9a-fA-F]*(?:x[0-9a-fA-F]+)?")
