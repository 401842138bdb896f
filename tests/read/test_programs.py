"""The logs of this machine's programs, from a root of our own: what is there is read, what cannot be is said, nothing is waited for."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tdxwhy.cli import inputs, main
from tdxwhy.read.host import collect, programs

UP = "[    2.410092] virt/tdx: BIOS enabled: private KeyID range [124, 128)\n[   11.804419] virt/tdx: module initialized\n"
FULL = "qemu-system-x86_64: TDX ioctl KVM_TDX_INIT_VM failed, hw_errors: 0x0: No space left on device\n"
QGSD = b"qgsd[1]: About to start main loop\n"
LIBVIRT = "var/log/libvirt/qemu"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / LIBVIRT
    made.mkdir(parents=True)
    return made


def write(folder: Path, name: str, text: str, age: int = 0) -> None:
    (folder / name).write_text(text)
    os.utime(folder / name, (1_700_000_000 - age, 1_700_000_000 - age))


def test_what_is_there_is_read(folder: Path, tmp_path: Path) -> None:
    write(folder, "td1.log", FULL)
    write(folder, "td1.xml", "no log")
    assert programs.own_programs(tmp_path, lambda _: QGSD) == ([(f"/{LIBVIRT}/td1.log", FULL), ("qgsd", QGSD.decode())], [])


def test_a_machine_without_these_programs_is_complained_of_for_nothing(tmp_path: Path) -> None:
    assert programs.own_programs(tmp_path, lambda _: b"") == ([], [])


def test_the_newest_logs_are_read_and_the_end_of_each(folder: Path, tmp_path: Path) -> None:
    for age in range(30):
        write(folder, f"td{age}.log", "an old line of it\n" * 20_000 + FULL, age)
    found, missing = programs.own_programs(tmp_path, lambda _: b"")
    assert [name for name, _ in found] == [f"/{LIBVIRT}/td{age}.log" for age in range(4)]
    assert all(len(text) <= 1 << 16 and text.endswith(FULL) for _, text in found)
    assert missing == []


def test_what_cannot_be_read_is_said_and_hides_no_other(folder: Path, tmp_path: Path) -> None:
    (folder / "folder.log").mkdir()
    (folder / "gone.log").symlink_to("nowhere")
    os.mkfifo(folder / "pipe.log")
    write(folder, "td1.log", FULL)
    found, missing = programs.own_programs(tmp_path, lambda _: None)
    assert found == [(f"/{LIBVIRT}/td1.log", FULL)]
    assert sorted(missing) == [
        f"/{LIBVIRT}/folder.log: is a directory",
        f"/{LIBVIRT}/gone.log: no such file or directory",
        f"/{LIBVIRT}/pipe.log: not a regular file",
        "the journal of qgsd: journalctl is missing or failed",
    ]


def test_a_folder_that_may_not_be_listed_is_said(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> list[Path]:
        raise PermissionError(13, "Permission denied", str(path))

    write(folder, "td1.log", FULL)
    monkeypatch.setattr(Path, "iterdir", refuse)  # a test may be run by root, whom no mode keeps out
    assert programs.own_programs(tmp_path, lambda _: b"") == ([], [f"/{LIBVIRT}: permission denied"])


def test_log_without_a_file_joins_them_to_this_machines_kernel_log(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, "td1.log", FULL)
    (folder / "td2.log").mkdir()
    read = programs.own_programs
    monkeypatch.setattr(programs, "own_programs", lambda: read(tmp_path, lambda _: QGSD))
    monkeypatch.setattr(collect, "own_log", lambda: UP)
    monkeypatch.setattr(collect, "own_topology", lambda: collect.of_cpus([]))
    monkeypatch.setattr("tdxwhy.cli.log.named_or_waiting", lambda _: [inputs.THIS_MACHINE])
    assert main(["log", "--format", "json"]) == 1
    told = capsys.readouterr()
    (found,) = json.loads(told.out)["logs"][0]["incidents"]
    assert found["causes"] == ["keyids-exhausted"]
    assert "3 TDs at a time" in found["sentence"]
    assert f"/{LIBVIRT}/td1.log" in json.dumps(found["evidence"])
    assert told.err == f"tdxwhy: /{LIBVIRT}/td2.log: is a directory\n"
