"""Nothing is asked that is there: every fact that an answer may ask for, in every form in which people paste it."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import basename, dirname

import pytest

from tdxwhy.incident.evidence import PastedEvidence, gather
from tdxwhy.incident.lines import lines_of
from tdxwhy.incident.tables import causes, questions
from tdxwhy.know import tables
from tdxwhy.read.asked import told
from tdxwhy.read.mended import mended

_TDX = "/sys/module/kvm_intel/parameters/tdx"
_CGROUP = "/sys/fs/cgroup"
_CPU = "/sys/devices/system/cpu"
_HOST = "/sys/devices/faux/tdx_host"
_CONFIG = "/boot/config-6.17.0-9-generic"
_QGSD = "● qgsd.service - Intel(R) TD Quoting Generation Service\n     Active: "
_MPA = "[01-10-2025 09:00:00] INFO: Registration Flow - Registration status indicates registration is completed successfully"
_UNAME = "Linux node3 6.17.0-9-generic #9-Ubuntu SMP PREEMPT_DYNAMIC Tue Sep 2 10:00:00 UTC 2025 x86_64 GNU/Linux"
_IMAGE = "BOOT_IMAGE=/vmlinuz-6.17.0-9-generic root=/dev/sda2 ro quiet"

# What is brought, the command, what it prints.
FACTS = (
    ("parameter", f"cat {_TDX}", "N"),
    ("parameter", f"cat {_TDX}", "Y"),
    ("parameter", f"cat {_TDX}", f"cat: {_TDX}: No such file or directory"),
    ("parameter", "systool -vm kvm_intel", '    tdx                 = "N"'),
    ("kernel-release", "uname -r", "6.17.0-9-generic"),
    ("kernel-release", "uname -a", _UNAME),
    ("kernel-release", "uname -sr", "Linux 6.17.0-9-generic"),
    ("kernel-release", "cat /proc/version", "Linux version 6.17.0-9-generic (buildd@lcy02) (gcc 14) #9 SMP"),
    ("kernel-release", "cat /proc/sys/kernel/osrelease", "6.17.0-9-generic"),
    ("kernel-release", "hostnamectl", "           Kernel: Linux 6.17.0-9-generic"),
    ("command-line", "cat /proc/cmdline", _IMAGE),
    ("command-line", "cat /proc/cmdline", "root=/dev/sda2 ro quiet nohibernate"),
    ("command-line", "cat /proc/cmdline", "ro console=ttyS0,115200 kvm_intel.tdx=1"),
    ("kernel-config", f"grep CONFIG_INTEL_TDX_HOST {_CONFIG}", "CONFIG_INTEL_TDX_HOST=y"),
    ("kernel-config", "grep TDX /boot/config-$(uname -r)", "CONFIG_INTEL_TDX_GUEST=y\n# CONFIG_INTEL_TDX_HOST is not set"),
    ("kernel-config", "zgrep KVM_INTEL_TDX /proc/config.gz", "# CONFIG_KVM_INTEL_TDX is not set"),
    ("kvm-loaded", "lsmod | grep kvm", "kvm_intel             499712  0\nkvm                  1441792  1 kvm_intel"),
    ("msr-1401", "rdmsr 0x1401", "3ffe000c00"),
    ("msr-1401", "rdmsr -a 0x1401", "3ffe000c00\n3ffe000c00"),
    ("msr-87", "rdmsr -p 0 0x87", "0"),
    ("msr-3a", "rdmsr 0x3a", "60005"),
    ("msr-982", "rdmsr 0x982", "8000000100000003"),
    ("qemu-version", "qemu-system-x86_64 --version", "QEMU emulator version 10.1.2"),
    ("qemu-version", "dpkg -l qemu-system-x86", "ii  qemu-system-x86 1:10.1.0+ds-5ubuntu2 amd64 QEMU full system emulation binaries (x86)"),
    ("qemu-version", "rpm -q qemu-kvm", "qemu-kvm-10.1.0-5.el10.x86_64"),
    ("libvirt-version", "virsh version", "Compiled against library: libvirt 11.6.0\nUsing library: libvirt 11.6.0"),
    ("libvirt-version", "libvirtd --version", "libvirtd (libvirt) 11.6.0"),
    ("libvirt-version", "virsh --version", "11.6.0"),
    ("libvirt-version", "rpm -q libvirt-daemon", "libvirt-daemon-11.6.0-2.el10.x86_64"),
    ("qgs-version", "dpkg -l tdx-qgs", "ii  tdx-qgs 1.23.100.0-noble1 amd64 Intel(R) TDX QGS"),
    ("qgs-version", "rpm -q tdx-qgs", "tdx-qgs-1.23.100.0-1.el9.x86_64"),
    ("qgsd-status", "systemctl is-active qgsd", "inactive"),
    ("qgsd-status", "systemctl status qgsd", f"{_QGSD}active (running) since Wed 2025-10-01 09:00:00 UTC; 2h ago"),
    ("qgsd-status", "systemctl status qgsd", f"{_QGSD}failed (Result: exit-code) since Wed 2025-10-01 09:00:00 UTC; 2h ago"),
    ("qgsd-listens", "ss -lp | grep 4050", 'v_str LISTEN 0 0 *:4050 *:* users:(("qgs",pid=812,fd=5))'),
    ("pccs-status", "systemctl is-active pccs", "active"),
    ("pccs-status", "systemctl is-active pccs", "failed"),
    ("qcnl-conf", "cat /etc/sgx_default_qcnl.conf", '{\n  "pccs_url": "https://localhost:8081/sgx/certification/v4/"\n}'),
    ("registration", "tail -3 /var/log/mpa_registration.log", _MPA),
    ("registration", "rdmsr 0xa0", "1861"),
    ("sgx", "ls -l /dev/sgx_enclave", "crw-rw---- 1 root sgx 10, 125 Oct  1 09:00 /dev/sgx_enclave"),
    ("sgx", "ls /dev/sgx_enclave", "ls: cannot access '/dev/sgx_enclave': No such file or directory"),
    ("capacity", f"cat {_CGROUP}/misc.capacity", "tdx 63"),
    ("capacity", f"cat {_CGROUP}/misc.capacity", "sev 0\ntdx 15"),
    ("running-tds", f"cat {_CGROUP}/misc.current", "tdx 3"),
    ("running-tds", "virsh list", " Id   Name   State\n------------------\n 3    td1    running"),
    ("running-tds", "virsh list", " Id   Name   State\n------------------"),
    ("running-tds", "pgrep -c qemu", "0"),
    ("running-tds", "pgrep -c qemu-system", "3"),
    ("running-tds", "ps aux | grep -c [q]emu", "0"),
    ("cgroup", f"cat {_CGROUP}/machine.slice/misc.max", "tdx 2"),
    ("cgroup", f"cat {_CGROUP}/machine.slice/misc.max", "tdx max"),
    ("cpus", "lscpu -e=CPU,SOCKET,ONLINE", "CPU SOCKET ONLINE\n  0      0    yes\n  1      1     no"),
    ("cpus", f"cat {_CPU}/offline", "4-7"),
    ("cpus", "lscpu | grep -i -e socket -e line", "On-line CPU(s) list:                  0-127\nSocket(s):   2"),
    ("hypervisor", "systemd-detect-virt", "kvm"),
    ("hypervisor", "systemd-detect-virt", "none"),
    ("hypervisor", "lscpu | grep -i hyper", "Hypervisor vendor:                    KVM"),
    ("hypervisor", "dmidecode -s system-product-name", "Standard PC (Q35 + ICH9, 2009)"),
    ("hypervisor", "cat /sys/class/dmi/id/product_name", "PowerEdge R760"),
    ("module-version", f"cat {_HOST}/version", "1.5.24"),
    ("update-slots", f"cat {_HOST}/seamldr/num_remaining_updates", "3"),
    ("dma-limit", "cat /sys/module/vfio_iommu_type1/parameters/dma_entry_limit", "65535"),
    ("modprobe-configuration", "grep -r tdx /etc/modprobe.d", "/etc/modprobe.d/tdx.conf:options kvm_intel tdx=1"),
    ("modprobe-configuration", "cat /etc/modprobe.d/tdx.conf", "options kvm_intel tdx=Y"),
    ("cpu-flag", "grep -o -m1 tdx_host_platform /proc/cpuinfo", "tdx_host_platform"),
    ("kernel-log", "dmesg | grep -i tdx", "[    2.6] virt/tdx: BIOS enabled: private KeyID range [32, 64)"),
    ("leaks", "dmesg | grep -i leaked", "[  902.1] kvm_intel: tdh_mng_key_freeid() failed. HKID 41 is leaked."),
    ("mce", "dmesg | grep -i mce", "[  900.1] mce: [Hardware Error]: CPU 12: Machine Check Exception: 5 Bank 1: bd80000000100134"),
)

# {c}: the command; {A}: its answer on lines of its own.
ABOVE = (
    "$ {c}\n{A}",
    "me@host:~$ {c}\n{A}\nme@host:~$ ",
    "[root@host ~]# {c}\n{A}",
    "{c}\n{A}",
    "$ sudo {c}\n{A}",
    "sudo {c}\n{A}",
    "# {c}\n{A}",
    "host:~ # {c}\n{A}",
    "bash-5.2# {c}\n{A}",
    "➜  ~ {c}\n{A}",
    "❯ {c}\n{A}",
    "host% {c}\n{A}",
    "+ {c}\n{A}",
    "PS /root> {c}\n{A}",
    "[10:22:01] root@host:~# {c}\n{A}",
    "(base) me@host:~$ {c}\n{A}",
    "> $ {c}\n{A}",
    "### {c}\n{A}",
    "### `{c}`\n\n{A}",
    "`{c}`:\n{A}",
    "Output of `{c}`:\n\n{A}",
    "Output of {c}:\n{A}",
    "**{c}**\n{A}",
    "---- {c} ----\n{A}",
    "=== {c} ===\n{A}",
    "{c}:\n{A}",
    "# output of: {c}\n{A}",
    "1. `{c}`\n{A}",
    "2) {c}\n{A}",
    "- `{c}`:\n{A}",
    "$ ssh root@node3 {c}\n{A}",
    "$ ssh node3 '{c}'\n{A}",
    'ssh node3 "{c}"\n{A}',
    "$ kubectl debug node/w3 -it --image=busybox -- chroot /host {c}\n{A}",
    "$ kubectl exec -n tdx pod/agent -- {c}\n{A}",
    "$ docker run --rm --privileged tools {c}\n{A}",
    "$ {c} && date\n{A}",
    "$ echo x; {c}\n{A}",
    "$ {c}\n\n{A}\n",
    "$ ansible tdx -b -m shell -a '{c}'\nnode3 | CHANGED | rc=0 >>\n{A}",
    "`{c}`:\n\n```\n{A}\n```",
    "```\n$ {c}\n```\n\n```\n{A}\n```",
    "<details><summary>{c}</summary>\n\n```\n{A}\n```\n</details>",
)
# {a}: the answer on the same line.
BESIDE = (
    "`{c}` says {a}",
    "`{c}` says `{a}`",
    "{c} gives {a}",
    "- {c} returns `{a}`.",
    '`{c}` shows "{a}"',
    "{c}: {a}",
    "{c} -> {a}",
    "`{c}` → `{a}`",
    "{c} => {a}",
    "{c} = {a}",
    "| {c} | {a} |",
    "| `{c}` | `{a}` |",
    '  "{c}": "{a}",',
    "{c} - {a}",
    "$ {c}   # {a}",
)
# {p}: the file, {d} and {b}: its directory and its name there.
OF_FILES = (
    "==> {p} <==\n{A}",
    "{p}\n{A}",
    "`{p}`\n{A}",
    "--- {p} ---\n{A}",
    "## {p}\n{A}",
    "# {p}\n{A}",
    "{p} contains:\n{A}",
    "::::::::::::::\n{p}\n::::::::::::::\n{A}",
    "$ cat sosreport-node3-2025-10-01-abc{p}\n{A}",
    "==> sosreport-node3-2025-10-01-abc{p} <==\n{A}",
    "$ head -n1 {p}\n{A}",
    "$ tail -n +1 {p} /proc/uptime\n==> {p} <==\n{A}\n\n==> /proc/uptime <==\n1 2",
    "$ more {p} | cat\n{A}",
    "$ sudo less {p}\n{A}",
    "$ echo $(<{p})\n{A}",
    "$ for f in {p}; do echo $f; cat $f; done\n{p}\n{A}",
    "$ cat /proc/uptime {p}\n1 2\n{A}",
    "$ bat -p {p}\n{A}",
    "$ cat /host{p}\n{A}",
)
BESIDE_FILES = (
    "{p}:{a}",
    "$ sudo grep -H . {p}\n{p}:{a}",
    "$ grep -r . {d}\n{p}:{a}",
    "{p}: {a}",
    "{p} = {a}",
    "{p} is {a}",
    "`{p}` reads `{a}`",
    "| {p} | {a} |",
    '  "{p}": "{a}",',
    "{p}\t{a}",
)


def _forms(command: str, answer: str) -> Iterator[str]:
    file = command.removeprefix("cat ") if command.startswith("cat /") and "No such file" not in answer else ""
    kinds = [ABOVE, *([BESIDE] if "\n" not in answer else []), *([OF_FILES] if file else [])]
    kinds += [BESIDE_FILES] if file and "\n" not in answer else []
    for kind in kinds:
        for form in kind:
            if "\t" in form and " " in answer:  # where the file's name ends is not told
                continue
            yield form.format(c=command, A=answer, a=answer.strip(), p=file, d=dirname(file), b=basename(file))


def _shown(text: str) -> PastedEvidence:
    return gather(lines_of(list(enumerate(mended(text).split("\n"), 1)), "paste", {}))


@pytest.mark.parametrize(("brings", "command", "answer"), FACTS)
def test_whatever_is_pasted_in_whatever_form_is_there(brings: str, command: str, answer: str) -> None:
    missed = [form for form in _forms(command, answer) if brings not in _shown(f"This is what I have:\n\n{form}\n\nwhat now?\n").brought]
    assert not missed


def test_every_fact_that_is_asked_for_has_an_example_here_or_a_row_of_lines() -> None:
    asked = {row.brings for cause in causes().values() for row in cause.settle} | {row.brings for row in questions()}
    by_command = {row.brings for row in tables.shown() if row.command and row.brings}
    assert (asked & by_command) - {one[0] for one in FACTS} <= {"qgsd-journal", "tdx-lines"}


@pytest.mark.parametrize(
    "line",
    [
        f"If `cat {_TDX}` says N, load kvm_intel with tdx=1.",
        f"`cat {_TDX}` should say Y",
        f"wenn {_TDX} = N",
        "rdmsr 0x1401 must be 0",
        "cat is not there: N",
        "Please send what uname -r says",
    ],
)
def test_what_ought_to_be_or_may_be_is_no_answer(line: str) -> None:
    assert not list(told(line))
    assert not _shown(f"{line}\n").brought & {"parameter", "msr-1401", "kernel-release"}
