"""Followed boots as journal entries."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

from tdxwhy.cli import main
from tdxwhy.report import journal

ROOT = Path(__file__).resolve().parents[2]
LOG = ROOT / "samples" / "pipelines" / "kern.log"
PASTE = ROOT / "samples" / "logs" / "td-keyids-used-up" / "paste.txt"
CATALOG = ROOT / "packaging" / "systemd" / "tdxwhy.catalog"


@pytest.fixture
def listener(tmp_path, monkeypatch):
    """Stand in for the journal's socket."""
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(path))
        server.settimeout(5)
        monkeypatch.setattr(journal, "SOCKET", path)
        yield server


@pytest.fixture
def log_on_stdin(request):
    """Lay a sample on descriptor 0, which `-` means."""
    kept = os.dup(0)
    with getattr(request, "param", LOG).open() as log:
        os.dup2(log.fileno(), 0)
    yield
    os.dup2(kept, 0)
    os.close(kept)


@pytest.mark.usefixtures("log_on_stdin")
def test_a_failure_is_an_entry_with_its_message_id(listener, capsys):
    assert main(["log", "--follow", "--format", "journal", "-"]) == 1
    entries = dict(line.split("=", 1) for line in listener.recv(1 << 16).decode().splitlines())
    assert entries["MESSAGE_ID"] == journal.MESSAGE_IDS["failed"]
    assert (entries["TDXWHY_STEP"], entries["PRIORITY"]) == ("TDH.SYS.RD", "3")
    assert entries["MESSAGE"].startswith("TDX did not come up.")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("log_on_stdin", [PASTE], indirect=True)
def test_an_incident_is_an_entry_that_says_what_went_wrong_first(listener, log_on_stdin):
    assert main(["log", "--follow", "--format", "journal", "-"]) == 1
    entries = dict(line.split("=", 1) for line in listener.recv(1 << 16).decode().splitlines())
    assert (entries["MESSAGE_ID"], entries["PRIORITY"]) == (journal.INCIDENT_ID, "3")
    assert entries["MESSAGE"].startswith("Cannot create a TD, no private KeyID is free")
    assert entries["MESSAGE"].endswith("TDX came up: the TDX module was initialised.")
    assert entries["TDXWHY_ACTION"].startswith("End a TD")


def test_a_value_with_a_line_feed_cannot_forge_a_field():
    sent = journal.datagram({"MESSAGE": "a\nPRIORITY=0"})
    assert sent == b"MESSAGE\n" + (12).to_bytes(8, "little") + b"a\nPRIORITY=0\n"


@pytest.mark.usefixtures("log_on_stdin")
def test_without_a_journal_it_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(journal, "SOCKET", tmp_path / "none")
    assert main(["log", "--follow", "--format", "journal", "-"]) == 2
    assert capsys.readouterr().err.startswith(f"tdxwhy: {tmp_path / 'none'}: ")


def test_journal_wants_follow(capsys):
    assert main(["log", "--format", "journal", str(LOG)]) == 2
    assert "--follow" in capsys.readouterr().err


def test_the_catalogue_explains_each_outcome():
    assert set(re.findall(r"^-- ([0-9a-f]{32})$", CATALOG.read_text(), re.MULTILINE)) == {
        *journal.MESSAGE_IDS.values(),
        journal.INCIDENT_ID,
    }
    assert set(re.findall(r"@(\w+)@", CATALOG.read_text())) <= set(re.findall(r'"(TDXWHY_\w+)"', Path(journal.__file__).read_text()))


def test_systemd_takes_the_catalogue(tmp_path):
    run = _journalctl(tmp_path)
    assert run.returncode == 0, run.stderr
    shown = subprocess.run(["journalctl", f"--root={tmp_path}", "--dump-catalog"], capture_output=True, text=True, check=False)
    assert "TDX came up" in shown.stdout


def _journalctl(root: Path):
    (root / "usr/lib/systemd/catalog").mkdir(parents=True)
    (root / "var/lib/systemd/catalog").mkdir(parents=True)
    (root / "usr/lib/systemd/catalog/tdxwhy.catalog").write_text(CATALOG.read_text())
    try:
        return subprocess.run(["journalctl", f"--root={root}", "--update-catalog"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("journalctl is not installed")
