"""Write records in every form in which logs reach us. The samples under samples/formats are written by it."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

BOOT = datetime(2025, 9, 2, 10, 0, tzinfo=UTC)
HOST = "rack7"
NAMES = ("emerg", "alert", "crit", "err", "warn", "notice", "info", "debug")
BOOT_ID = "4f2c8a7e9b1d4c3fa5e6d7c8b9a01234"


class Line(NamedTuple):
    """What the kernel printed: microseconds since boot, level, text."""

    micro: int
    level: int
    text: str


LINES = (
    Line(0, 5, "Linux version 6.16.3-lab (build@lab) (gcc (GCC) 14.2.0, GNU ld 2.44) #1 SMP PREEMPT_DYNAMIC"),
    Line(0, 6, "Command line: BOOT_IMAGE=/vmlinuz root=/dev/vda2 ro nohibernate kvm_intel.tdx=1"),
    Line(412_000, 6, "CPU topo: Allowing   8 present CPUs plus   0 hotplug CPUs"),
    Line(731_000, 6, "smp: Brought up 2 nodes, 8 CPUs"),
    Line(1_204_511, 6, "virt/tdx: BIOS enabled: private KeyID range [32, 64)"),
    Line(1_204_519, 6, "virt/tdx: Disable ACPI S3. Turn off TDX in the BIOS to use ACPI S3."),
    Line(2_000_100, 6, "usb 1-1: new high-speed USB device number 2 using xhci_hcd"),
    Line(9_870_001, 3, "virt/tdx: SEAMCALL (0x0000000000000022) failed: 0xc000050500000000"),
    Line(9_870_010, 3, "virt/tdx: RCX 0x0000000000000000 RDX 0x9100000100000008 R08 0x0000000000000000"),
    Line(9_870_013, 3, "virt/tdx: R09 0x0000000000000000 R10 0x0000000000000000 R11 0x0000000000000000"),
    Line(9_870_020, 3, "virt/tdx: module initialization failed (-5)"),
    Line(10_400_000, 6, "EXT4-fs (vda2): re-mounted with options: errors=remount-ro."),
)


def _seconds(line: Line, width: int = 12) -> str:
    return f"{line.micro // 10**6}.{line.micro % 10**6:06}".rjust(width)


def _wall(line: Line) -> datetime:
    return BOOT + timedelta(microseconds=line.micro)


def _each(write: Callable[[Line], str], end: str = "\n") -> Callable[[Sequence[Line]], bytes]:
    return lambda lines: "".join(write(line) + end for line in lines).encode()


def _plain(line: Line) -> str:
    return f"[{_seconds(line)}] {line.text}"


def _relative(lines: Sequence[Line]) -> bytes:
    out, before = [], None
    for line in lines:
        same = before is not None and line.micro // 60_000_000 == before // 60_000_000
        stamp = f"{'+' + _seconds(Line(line.micro - (before or 0), 0, ''), 0):>12}" if same else f"{_wall(line):%b%e %H:%M}"
        out.append(f"[{stamp}] {line.text}\n")
        before = line.micro
    return "".join(out).encode()


def _delta(lines: Sequence[Line]) -> bytes:
    before = 0
    out = []
    for line in lines:
        out.append(f"[{_seconds(line)} <{_seconds(Line(line.micro - before, 0, ''))}>] {line.text}\n")
        before = line.micro
    return "".join(out).encode()


def _entry(line: Line) -> dict[str, str]:
    return {
        "__CURSOR": f"s=0;i={line.micro:x}",
        "__REALTIME_TIMESTAMP": str(int(_wall(line).timestamp() * 10**6)),
        "__MONOTONIC_TIMESTAMP": str(line.micro + 2_000_000),
        "_BOOT_ID": BOOT_ID,
        "_HOSTNAME": HOST,
        "_TRANSPORT": "kernel",
        "PRIORITY": str(line.level),
        "SYSLOG_FACILITY": "0",
        "SYSLOG_IDENTIFIER": "kernel",
        "_SOURCE_MONOTONIC_TIMESTAMP": str(line.micro),
        "MESSAGE": line.text,
    }


def _export(lines: Sequence[Line]) -> bytes:
    out = b""
    for line in lines:
        for key, value in _entry(line).items():
            data = value.encode()
            binary = key == "MESSAGE" and line.level == 3
            out += key.encode() + (b"\n" + len(data).to_bytes(8, "little") + data if binary else b"=" + data) + b"\n"
        out += b"\n"
    return out


def _dmesg_json(lines: Sequence[Line]) -> bytes:
    entries = ",".join(
        "{\n" + f'         "pri": {line.level},\n         "time": {_seconds(line)},\n         "msg": {json.dumps(line.text)}\n      ' + "}"
        for line in lines
    )
    return f'{{\n   "dmesg": [\n      {entries}\n   ]\n}}\n'.encode()


def _kmsg(lines: Sequence[Line]) -> bytes:
    out = []
    for seq, line in enumerate(lines, 100):
        text = "".join(c if " " <= c <= "~" and c != "\\" else "".join(f"\\x{b:02x}" for b in c.encode()) for c in line.text)
        out.append(f"{line.level},{seq},{line.micro},-,caller=T1;{text}\n")
        if "usb" in text:
            out.append(" SUBSYSTEM=usb\n DEVICE=c189:1\n")
    return "".join(out).encode()


def _netconsole(lines: Sequence[Line]) -> bytes:
    out = []
    for seq, line in enumerate(lines, 100):
        head = f"6.16.3-lab,{line.level},{seq},{line.micro},-"
        half = len(line.text) // 2
        if len(line.text) > 60:
            out.append(f"{head},ncfrag=0/{len(line.text)};{line.text[:half]}\n{head},ncfrag={half}/{len(line.text)};{line.text[half:]}\n")
        else:
            out.append(f"{head};{line.text}\n")
    return "".join(out).encode()


def _serial(lines: Sequence[Line]) -> bytes:
    noise = '\x1b[2J\x1b[1;1HBdsDxe: starting Boot0003 "lab"\r\n  Booting `lab\'\r\n\x00\x00\r\n'
    body = "".join(f"\x1b[32m[{_seconds(line)}]\x1b[0m \x1b[33m{line.text}\x1b[0m\r\n" for line in lines)
    return (noise + body + "\r\nrack7 login: \x07").encode() + b"\n"


def _pstore(lines: Sequence[Line]) -> bytes:
    half = len(lines) // 2
    write = _each(lambda line: f"<{line.level}>{_plain(line)}")
    return b"Panic#1 Part1\n" + write(lines[half:]) + b"Panic#1 Part2\n" + write(lines[:half])


def _wrapped(width: int) -> Callable[[Sequence[Line]], bytes]:
    def write(lines: Sequence[Line]) -> bytes:
        out = []
        for line in lines:
            text = _plain(line)
            out += [text[start : start + width] for start in range(0, len(text), width)]
        return ("\n".join(out) + "\n").encode()

    return write


def _zstd(data: bytes) -> bytes:
    import zstandard

    return zstandard.compress(data)


def _issue(lines: Sequence[Line]) -> bytes:
    log = _each(_plain)(lines).decode()
    return f"TDX does not come up here. What now?\n\n```\n{log}```\n\nThe board is new.\n".encode()


STAMPED: dict[str, Callable[[Sequence[Line]], bytes]] = {
    "plain": _each(_plain),
    "plain-crlf": _each(_plain, "\r\n"),
    "level": _each(lambda line: f"<{line.level}>{_plain(line)}"),
    "caller": _each(lambda line: f"[{_seconds(line)}][{'T1':>6}] {line.text}"),
    "dmesg-x": _each(lambda line: f"kern  :{NAMES[line.level]:<6}: {_plain(line)}"),
    "dmesg-d": _delta,
    "dmesg-json": _dmesg_json,
    "kmsg": _kmsg,
    "netconsole-extended": _netconsole,
    "syslog": _each(lambda line: f"{_wall(line):%b %e %H:%M:%S} {HOST} kernel: {_plain(line)}"),
    "syslog-iso": _each(lambda line: f"{_wall(line).isoformat()} {HOST} kernel: {_plain(line)}"),
    "syslog-rfc5424": _each(lambda line: f"<{line.level}>1 {_wall(line).isoformat()} {HOST} kernel - - - {_plain(line)}"),
    "journal-short-monotonic": _each(lambda line: f"[{_seconds(line)}] {HOST} kernel: {line.text}"),
    "journal-json": _each(lambda line: json.dumps(_entry(line))),
    "journal-json-pretty": _each(lambda line: json.dumps(_entry(line), indent=8)),
    "journal-export": _export,
    "serial": _serial,
    "pstore": _pstore,
    "lava": _each(lambda line: f'- {{"dt": "{_wall(line).isoformat()}", "lvl": "target", "msg": "{_plain(line)}"}}'),
    "job-log": _each(lambda line: f"{_wall(line):%Y-%m-%dT%H:%M:%S}.1234567Z {_plain(line)}"),
    "issue": _issue,
    "mail": _each(lambda line: f"> > {_plain(line)}"),
    "grep-n": _each(lambda line: f"dmesg.txt:17:{_plain(line)}"),
    "shell": lambda lines: b"user@rack7:~$ sudo dmesg\n" + _each(_plain)(lines) + b"user@rack7:~$ exit\n",
    "terminal-80": _wrapped(80),
    "utf-16": lambda lines: b"\xff\xfe" + _each(_plain, "\r\n")(lines).decode().encode("utf-16-le"),
    "gz": lambda lines: gzip.compress(_each(_plain)(lines), mtime=0),
    "xz": lambda lines: lzma.compress(_each(_plain)(lines)),
    "bz2": lambda lines: bz2.compress(_each(_plain)(lines)),
    "zst": lambda lines: _zstd(_each(_plain)(lines)),
}
UNSTAMPED: dict[str, Callable[[Sequence[Line]], bytes]] = {
    "dmesg-t": _each(lambda line: line.text),
    "dmesg-T": _each(lambda line: f"[{_wall(line):%a %b %e %H:%M:%S %Y}] {line.text}"),
    "dmesg-H": _relative,
    "dmesg-iso": _each(lambda line: f"{_wall(line):%Y-%m-%dT%H:%M:%S},{line.micro % 10**6:06}+00:00 {line.text}"),
    "journal-short": _each(lambda line: f"{_wall(line):%b %d %H:%M:%S} {HOST} kernel: {line.text}"),
    "journal-short-iso": _each(lambda line: f"{_wall(line):%Y-%m-%dT%H:%M:%S+00:00} {HOST} kernel: {line.text}"),
    "journal-short-full": _each(lambda line: f"{_wall(line):%a %Y-%m-%d %H:%M:%S UTC} {HOST} kernel: {line.text}"),
    "journal-short-unix": _each(lambda line: f"{_wall(line).timestamp():.6f} {HOST} kernel: {line.text}"),
    "placeholder": _each(lambda line: f"[..] {line.text}"),
    "netconsole": _each(lambda line: f"<{line.level}>{line.text}"),
}
LEVELLED = {
    *("level", "dmesg-x", "dmesg-json", "kmsg", "netconsole", "netconsole-extended", "syslog-rfc5424", "pstore"),
    *("journal-json", "journal-json-pretty", "journal-export"),
}
FORMS_FOR_MUTATION = {name: write for name, write in (*STAMPED.items(), *UNSTAMPED.items()) if name not in ("xz", "bz2")}
