from __future__ import annotations

import json
import random

import pytest

from tdxwhy.fleet.query import open_fleet
from tests.fleet.fleets import boot_log, ingested


def entries(host: str, at: int, good: bool, start: int) -> list[dict[str, str]]:
    """Return the entries of one boot, as journalctl shows them."""
    boot = f"{random.Random(f'{host}{at}').getrandbits(128):032x}"
    made = []
    for line in boot_log(host, at, good).splitlines():
        micro = round(float(line[1:13]) * 1_000_000)
        made.append(
            {
                "__CURSOR": f"s=1;b={boot};m={micro:x}", "__REALTIME_TIMESTAMP": str(start * 1_000_000 + micro),
                "__MONOTONIC_TIMESTAMP": str(micro), "_BOOT_ID": boot, "_TRANSPORT": "kernel", "SYSLOG_IDENTIFIER": "kernel",
                "_HOSTNAME": host, "PRIORITY": "6", "MESSAGE": line[15:],
            }
        )  # fmt: skip
    return made


def merged() -> list[dict[str, str]]:
    """Return two hosts' boots, in the order of time, as `journalctl --merge` gives them."""
    every = entries("node1", 1, True, 1_764_000_000) + entries("node2", 2, False, 1_764_000_003) + entries("node1", 3, False, 1_764_100_000)
    return sorted(every, key=lambda entry: int(entry["__REALTIME_TIMESTAMP"]))


def as_json(every: list[dict[str, str]]) -> bytes:
    return "".join(json.dumps(entry) + "\n" for entry in every).encode()


def as_export(every: list[dict[str, str]]) -> bytes:
    return "".join("".join(f"{name}={value}\n" for name, value in entry.items()) + "\n" for entry in every).encode()


@pytest.mark.parametrize(("name", "write"), [("a.json", as_json), ("a.export", as_export)])
def test_hosts_boots_and_times_come_from_the_fields(tmp_path, name, write):
    (tmp_path / name).write_bytes(write(merged()))
    summary = ingested(tmp_path / "store", tmp_path / name)
    assert (summary.boots, summary.losses) == (3, ())
    rows = open_fleet(tmp_path / "store").ask("SELECT host, epoch(started)::BIGINT, outcome, len(boot_id) FROM boots ORDER BY 2").rows
    assert rows == [
        ("node1", 1_764_000_000, "initialized", 32),
        ("node2", 1_764_000_003, "failed", 32),
        ("node1", 1_764_100_000, "failed", 32),
    ]


def test_json_and_export_of_a_boot_are_one_boot(tmp_path):
    (tmp_path / "a.json").write_bytes(as_json(merged()))
    (tmp_path / "b.export").write_bytes(as_export(merged()))
    ingested(tmp_path / "store", tmp_path / "a.json")
    ingested(tmp_path / "store", tmp_path / "b.export")
    assert open_fleet(tmp_path / "store").ask("SELECT count(*) FROM boots").rows == [(3,)]


@pytest.mark.parametrize("write", [as_json, as_export])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
def test_a_journal_cut_in_the_middle_gives_what_came(tmp_path, write, share):
    data = write(merged())
    (tmp_path / "a.json").write_bytes(data[: int(len(data) * share)])
    summary = ingested(tmp_path / "store", tmp_path / "a.json")
    assert summary.boots >= 1
    assert summary.unread == ()


def test_a_broken_entry_is_counted(tmp_path):
    lines = as_json(merged()).splitlines(keepends=True)
    lines[4] = lines[4][:-20] + b"\n"
    (tmp_path / "a.json").write_bytes(b"".join(lines))
    summary = ingested(tmp_path / "store", tmp_path / "a.json")
    assert [(what, pieces) for what, pieces, _ in summary.losses] == [("entry of JSON that is cut or broken", 1)]
    assert summary.boots == 3


def test_a_message_of_bytes_is_read(tmp_path):
    every = merged()
    for entry in every:
        entry["MESSAGE"] = list(entry["MESSAGE"].encode())
    (tmp_path / "a.json").write_bytes(as_json(every))
    assert ingested(tmp_path / "store", tmp_path / "a.json").outcomes == {"failed": 2, "initialized": 1}
