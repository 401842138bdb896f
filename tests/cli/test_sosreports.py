"""A sosreport is one host with one boot, however it is handed over; archives of plain logs are read member by member."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest

from tdxwhy.cli import main

NAME = "sosreport-node17-2026-11-20-abcdefg"
LINES = [
    (0.0, "Linux version 6.16.9 (b@f) (gcc 15.2.0) #1 SMP"),
    (0.0, "Command line: ro nohibernate kvm_intel.tdx=1"),
    (0.7, "smp: Brought up 2 nodes, 8 CPUs"),
    (1.5, "virt/tdx: BIOS enabled: private KeyID range [32, 64)"),
    (9.5, "virt/tdx: SEAMCALL (0x0000000000000021) failed: 0xc000090000000000"),
    (9.6, "virt/tdx: module initialization failed (-5)"),
    (30.0, "eth0: link up"),
]
DMESG = "".join(f"[{time:12.6f}] {text}\n" for time, text in LINES)
JOURNAL = "".join(f"Nov 20 08:00:{int(time):02} node17 kernel: {text}\n" for time, text in LINES)
WRAPPED = "".join(DMESG.splitlines(keepends=True)[3:])
FILES = {
    "etc/fstab": "/dev/sda1 / ext4 defaults 0 1\n",
    "date": "Fri Nov 20 08:10:00 UTC 2026\n",
    "sos_commands/kernel/dmesg": DMESG,
    "sos_commands/logs/journalctl_--no-pager_--boot": JOURNAL,
    "sos_commands/processor/lscpu_-ae": "CPU SOCKET ONLINE\n" + "".join(f"{cpu} {cpu // 4} yes\n" for cpu in range(8)),
    "sos_commands/processor/lscpu": "Architecture: x86_64\nVendor ID: GenuineIntel\n",
    "sos_reports/manifest.json": '{"version": "4.8"}\n',
    "var/log/dmesg": DMESG,
}


def handed_over(kind: str, into: Path, files: dict[str, str] = FILES, name: str = NAME) -> Path:
    members = {f"{name}/{path}" if name else path: text.encode() for path, text in files.items()}
    if kind == "folder":
        for path, data in members.items():
            (into / path).parent.mkdir(parents=True, exist_ok=True)
            (into / path).write_bytes(data)
        return into / name
    where = into / f"case.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(where, "w") as packed:
            for path, data in members.items():
                packed.writestr(path, data)
        return where
    with tarfile.open(where, "w:xz") as tar:
        for path, data in members.items():
            info = tarfile.TarInfo(path)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return where


@pytest.mark.parametrize("kind", ["folder", "zip", "tar.xz"])
def test_log_reports_one_boot(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log", "--format", "json", str(handed_over(kind, tmp_path))]) == 1
    (log,) = json.loads(capsys.readouterr().out)["logs"]
    assert (log["outcome"], log["steps"]) == ("failed", ["TDH.SYS.INIT"])
    assert log["topology"]["packages"] == 2


@pytest.mark.parametrize("kind", ["folder", "zip", "tar.xz"])
def test_ingest_keeps_one_boot_of_one_host(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = str(tmp_path / "store")
    assert main(["ingest", "--quiet", "--jobs", "1", "--store", store, str(handed_over(kind, tmp_path))]) == 0
    assert "1 boot: 1 failed" in capsys.readouterr().out
    assert main(["fleet", "query", "--store", store, "SELECT host, started, outcome FROM boots", "--format", "json"]) == 0
    told = capsys.readouterr().out
    assert "node17" in told
    assert "2026-11-20" in told


def test_the_log_that_begins_where_its_boot_does_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = FILES | {"sos_commands/kernel/dmesg": WRAPPED}
    assert main(["log", "--format", "json", str(handed_over("folder", tmp_path, files))]) == 1
    (log,) = json.loads(capsys.readouterr().out)["logs"]
    assert log["kernel"] == "6.16.9"


@pytest.mark.parametrize("kind", ["zip", "tar.xz", "folder"])
def test_plain_logs_in_an_archive_are_read_one_by_one(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {
        "a/one.log": DMESG,
        "a/copy.log": DMESG,
        "b/two.log": DMESG.replace("6.16.9", "6.17.1"),
        "b/lscpu.txt": "CPU(s): 8\n",
        "x.json": "{}\n",
    }
    assert main(["log", "--brief", str(handed_over(kind, tmp_path, files, "logs"))]) == 1
    said = capsys.readouterr()
    assert [line.split(" kernel=")[1].split()[0] for line in said.out.splitlines()] == ["6.16.9", "6.17.1"]
    assert "1 copy of a log left out" in said.err
    assert "2 files without a line of a kernel log left out" in said.err


@pytest.mark.parametrize("text", ["x\n", "{}\n", "Fri Nov 20 08:10:00 UTC 2026\n", "CPU(s): 8\nVendor ID: GenuineIntel\n", "a,b\n1,2\n"])
def test_not_logs_are_no_boots(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "file").write_text(text)
    assert main(["log", str(tmp_path / "d")]) == 3
    assert capsys.readouterr().out == ""
    assert main(["ingest", "--quiet", "--jobs", "1", "--store", str(tmp_path / "store"), str(tmp_path / "d")]) == 3
