"""Inputs made to hurt a reader. The samples under samples/hostile are written by it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable

BANNER = "[    0.000000] Linux version 6.16.3-lab (build@lab) (gcc 14.2.0) #1 SMP\n"
FAILED = "[    9.870001] virt/tdx: SEAMCALL (0x0000000000000022) failed: 0xc000050500000000\n"
TITLE = "\x1b]0;owned\x07\x1b[31mvirt\x1b[2J/tdx"
TURNED = b"\x1bP+q544e\x1b\\\x9b31m\xe2\x80\xae\x08\x08\n"
COUNTS = (
    b"[99999999999999999999.999999] virt/tdx: a\n<99999>[    1.000000] virt/tdx: b\n9999999,1,99999999999999999999,-;virt/tdx: c\n"
    b"[    1.000000] smp: Brought up 1 node, 999999999999999999999 CPUs\n"
    b"[    1.000000] CPU topo: Allowing 4000000000 present CPUs plus 0 hotplug CPUs\n"
)
END = "[    9.870020] virt/tdx: module initialization failed (-5)\n"
LOG = BANNER + "[    1.204511] virt/tdx: BIOS enabled: private KeyID range [32, 64)\n" + FAILED + END


def tar_of(*members: tuple[str, bytes, bytes]) -> bytes:
    """Pack members given by name, type and content (or the target of a link)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, kind, content in members:
            member = tarfile.TarInfo(name)
            member.type = kind
            if kind == tarfile.REGTYPE:
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
            else:
                member.linkname = content.decode()
                tar.addfile(member)
    return out.getvalue()


def zipped(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def stamped(count: int, time: Callable[[int], int]) -> bytes:
    return "".join(f"[{time(n):5}.000000] usb {n}: x\n" for n in range(count)).encode()


# Name: content, exit status of `tdxwhy log`, what it is.
HOSTILE: dict[str, tuple[bytes, int, str]] = {
    "empty.log": (b"", 3, "nothing in it"),
    "binary.bin": (bytes(range(256)) * 16, 3, "no text at all"),
    "blank.log": (b"\n" * 400, 3, "only line ends"),
    "long-line.log.gz": (zipped(LOG.encode() + b"[   10.0] " + b"A" * 10_000_000 + b"\n"), 1, "a line of 10 MB"),
    "long-line-first.log.gz": (zipped(b"B" * 10_000_000 + b"\n" + LOG.encode()), 1, "a line of 10 MB before the log"),
    "bomb.log.gz": (zipped(LOG.encode() + b"\0" * 40_000_000), 1, "40 MB of NUL behind a log"),
    "bomb.log.xz": (lzma.compress(LOG.encode() + b"\n" * 40_000_000), 1, "40 MB of line ends behind a log"),
    "bomb.log.bz2": (bz2.compress(LOG.encode() + b" " * 40_000_000), 1, "a line of 40 MB of blanks"),
    "cut.log.gz": (zipped((LOG * 40).encode())[:-40], 1, "breaks off"),
    "padded.log.gz": (zipped(LOG.encode()) + bytes(5000), 1, "NULs behind the end, as a block device leaves them"),
    "no-gzip.log.gz": (b"\x1f\x8b" + b"x" * 200, 2, "the magic of gzip and nothing behind it"),
    "escapes.log": (
        LOG.replace("virt/tdx", TITLE).encode() + TURNED,
        1,
        "escape sequences and marks that turn text",
    ),
    "nul.log": (LOG.replace(" ", "\0 ").encode(), 1, "NUL bytes between all words, as a serial line makes them at power-on"),
    "latin-1.log": (LOG.encode() + "[   10.0] usb: Gerät\n".encode("latin-1"), 1, "no UTF-8"),
    "html.log": ((LOG + "[   10.0] virt/tdx: <script>alert(1)</script>&amp; TDX\n").encode(), 1, "HTML in a message"),
    "deep-quotes.log": (("> " * 20_000 + LOG.replace("\n", "\n" + "> " * 500)).encode(), 1, "quoted 20,000 deep"),
    "brackets.log": (b"[" * 30_000 + b"\n" + b"[ " * 15_000 + b"\n" + LOG.encode(), 1, "brackets that could begin stamps"),
    "deep.json": (b'{"MESSAGE":' * 5_000 + b"\n" + b"[" * 5_000 + b"\n" + LOG.encode(), 1, "JSON nested 5,000 deep"),
    "torn.json": (
        b'{"MESSAGE": "virt/tdx: module init\n{"MESSAGE": [1, 2, "x"], "_BOOT_ID": 7}\n{"dmesg": 3}\n',
        3,
        "broken JSON",
    ),
    "huge-field.export": (b"__CURSOR=x\nMESSAGE\n" + b"\xff" * 8 + b"virt/tdx: module initialized\n\n", 3, "a field that claims 16 EiB"),
    "back-and-forth.log": (stamped(3000, lambda n: n % 2 * 50 + 1), 3, "3,000 steps back in time"),
    "same-time.log": (stamped(6000, lambda n: 5), 3, "6,000 lines of the same time"),
    "huge-numbers.log": (COUNTS, 3, "numbers that no kernel counts to"),
    "link.tar": (tar_of(("kernel.log", tarfile.SYMTYPE, b"/etc/passwd")), 3, "an archive whose log is a link"),
    "outside.tar": (
        tar_of(("../../kernel.log", tarfile.REGTYPE, b"x"), ("/etc/kernel.log", tarfile.REGTYPE, b"x")),
        3,
        "paths that lead out",
    ),
    "cut.tar": (tar_of(("kernel.log", tarfile.REGTYPE, LOG.encode() * 4))[:1700], 1, "an archive that breaks off inside the log"),
}
