"""Files that somebody names are read with a limit and written in the place of a link, and TOML exhausts nobody."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from tdxwhy.errors import TdxwhyError
from tdxwhy.files import read_bytes, shown, toml, write_text


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "9" * 5000,
        "a = 0x" + "f" * 5000,
        "a = 1" + "_1" * 5000,
        "a." * 20_000 + "a = 1",
        "[" + "a . " * 3000 + "a]",
        '"x".' * 500 + "a = 1",
        "a = " + "[" * 5000,
    ],
)
def test_toml_that_is_made_to_exhaust_its_reader_is_one_line(text: str) -> None:
    with pytest.raises(ValueError) as told:
        toml(text)
    assert "\n" not in str(told.value)


def test_usual_toml_is_parsed() -> None:
    assert toml('a.b.c = 1\n[x.y]\nd = "......"\ne = """\n' + "-" * 500 + '"""\n')["a"] == {"b": {"c": 1}}


def test_a_file_is_read_up_to_a_limit(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"12345")
    assert read_bytes(tmp_path / "x", 5) == b"12345"
    with pytest.raises(TdxwhyError, match="larger than"):
        read_bytes(tmp_path / "x", 4)
    with pytest.raises(TdxwhyError, match="no such file"):
        read_bytes(tmp_path / "y", 4)


def test_a_link_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("victim")
    for target in ("victim", "missing", "/dev/full"):
        link = tmp_path / f"out-{target.strip('/').replace('/', '-')}"
        link.symlink_to(target)
        write_text(link, "mine")
        assert not link.is_symlink()
        assert link.read_text() == "mine"
    assert (tmp_path / "victim").read_text() == "victim"
    assert not (tmp_path / "missing").exists()
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_devices_and_pipes_are_written(tmp_path: Path) -> None:
    write_text(Path("/dev/null"), "x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    with pytest.raises(TdxwhyError, match="no space left"):
        write_text(Path("/dev/full"), "x")
    os.mkfifo(tmp_path / "pipe")
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_text()))
    reader.start()
    write_text(tmp_path / "pipe", "through")
    reader.join()
    assert got == ["through"]


@pytest.mark.parametrize("name", ["a\n::set-output name=x::y", "\x1b]0;x\x07", "a\u202eb", "\udcff.log", "\ud800", "a\tb\r"])
def test_a_name_can_be_shown(name: str) -> None:
    assert shown(name).isprintable()
    shown(name).encode()
    assert shown("Gerät 7.log") == "Gerät 7.log"


def test_a_pipe_to_which_nobody_writes_is_no_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(TdxwhyError, match="pipe: nobody writes to this pipe"):
        read_bytes(pipe, 100)


def test_a_pipe_is_read_whenever_somebody_begins_to_write(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(b"late"), daemon=True)
    writer.start()
    assert read_bytes(pipe, 100) == b"late"
    writer.join()
