"""Which lines look as if they were about TDX, whatever their wording."""

from __future__ import annotations

from tdxwhy.lazy import lazy

# A stem as a word of its own. `tdx` inside a path, a release name (5.19.0-tdx.v1) or a host name (tdx-host) is none.
_STEM = lazy(
    r"\bTDX(?![\w-]{0,64}-\d)(?:\b|_)"
    r"|(?<![\w.@+-])(?:virt/|x86/)?tdx(?:[:\s'\")\],]|_\w|$)"
    r"|\bTDX_\w|\bTD[HG][._](?:SYS|MNG|VP|MEM|PHYMEM|MR|EXT)\b|\btdh_\w"
    r"|\bSEAMCALL|\bseamcall\b|\bP?-?SEAM_?(?:LDR|RR)\b|\bSEAM\b|(?<![\w.-])seam(?:ldr)?:"
    r"|\bPAMTs?\b|\bTDMRs?\b|\bKeyIDs?\b|\bTrust Domain\b"
)
# What a person typed, what a program says under its own name, and paths: a stem in these makes no kernel message ...
_TYPED = lazy(
    r"^[\w.@/-]+\[\d+\]: |^[$#>%]\s|BOOT_IMAGE=|\.(?:ko|so|img|fd|qcow2)\b"
    r"|\b(?:e?grep|dmesg|journalctl|rdmsr|modprobe|insmod|qemu-system\S{0,64})\s"
)
# A program's name and its process before what it says, as syslog has it; a name alone, which is not the kernel's own.
_PROCESS = lazy(r"(?!kernel\[)[\w.@/-]{1,128}\[\d{1,9}\]: ")
_NAMED = lazy(r"(?!kernel: )[\w.@/-]{1,128}: ")
# What a driver says of its device, or under a name that only begins as those of the kernel's TDX code do: it speaks of something else.
_DRIVER = lazy(
    r"[\w.-]{1,64} [\da-f]{1,8}(?:[-:.][\da-f]{1,8}){1,4}: "
    r"|(?!tdx_(?:module|host|guest|core|init|enable|cpu|sys|mcall|load|tdmr|pamt|config|global|online|add|get|read_|check))tdx_\w{1,40}: "
)
# ... unless the line begins as the kernel's own do.
_OURS = lazy(r"(?:x86/)?(?:virt/)?tdx: |TDX: |seam(?:ldr)?: |kvm(?:_intel)?: |SEAMCALL")
# Who shows how a line ought to look says so before it.
_WISHED = lazy(r"(?i:expect|want|should|example|e\.g|normal|correct|desired|good)[\w.]{0,8}: ")
_KERNEL_PREFIX = lazy(r"[A-Za-z][\w./-]*(?:\[\d+\])?: ")


# Every stem holds one of these: a test by substring is ten times faster than the expression.
_CORES = ("TDX", "tdx", "SEAM", "seam", "PAMT", "TDMR", "TDH", "TDG", "tdh_", "KeyID", "Trust Domain")


def may_look_like_tdx(text: str) -> bool:
    """Tell quickly whether `looks_like_tdx` is worth asking."""
    for core in _CORES:  # noqa: SIM110 - asked of every line: a generator costs as much as the question
        if core in text:
            return True
    return False


def looks_like_tdx(text: str) -> bool:
    """Tell whether the text carries one of the stems and was not typed by a person."""
    if _STEM.search(text) is None:
        return False
    if _OURS.match(text) is not None:
        return True
    driver = _DRIVER.match(text)
    if driver is not None and _STEM.search(text[driver.end() :].removeprefix("tdx: ")) is None:
        return False
    return _TYPED.search(text) is None


def is_of_program(text: str, facility: int | None) -> bool:
    """Tell whether a program wrote a line: syslog names it and its process before the text, or says that the line is not the kernel's."""
    if _PROCESS.match(text) is None and not (facility and _NAMED.match(text)):
        return False
    return _OURS.match(text) is None


def has_kernel_prefix(text: str) -> bool:
    """Tell whether the text begins as kernel messages do, with a subsystem and a colon: prose seldom does."""
    return _KERNEL_PREFIX.match(text) is not None and _WISHED.match(text) is None
