"""A large log holds what a small one does: the lines of a case between megabytes of other programs' lines come to the same incidents."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tdxwhy.cli import main
from tdxwhy.incident.anchors import anchors
from tdxwhy.read.windows import Telling

SAMPLES = Path(__file__).parents[2] / "samples" / "logs"
CASES = (
    "td-keyids-used-up",
    "td-vm-type-undecided",
)
FOUND = ("stage", "component", "causes", "errno", "count", "packages", "cpus", "keyids", "sentence", "settles")


def syslog(number: int) -> str:
    at = f"{number // 60 % 60:02}:{number % 60:02}"
    return f"Dec 01 10:{at} node7 kubelet[{1000 + number % 7}]: sync loop took {number % 997} ms, pod {number}"


def monotonic(number: int) -> str:
    return f"[{number // 10 + 90:5}.{number % 10}00001] node7 systemd[1]: unit-{number}.service: Deactivated successfully"


def entry(number: int) -> str:
    micros = str((number + 9000) * 100_000)
    fields = {"_TRANSPORT": "journal", "SYSLOG_IDENTIFIER": "kubelet", "PRIORITY": "6", "_PID": "1003", "__MONOTONIC_TIMESTAMP": micros}
    return json.dumps({**fields, "MESSAGE": f"sync loop took {number % 997} ms, pod {number}"})


def padding(line: Callable[[int], str], size: int) -> Iterator[str]:
    number = 0
    while size > 0:
        text = line(number)
        yield text
        size, number = size - len(text) - 1, number + 1


def incidents(path: Path | bytes, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    if isinstance(path, bytes):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(path)))
    main(["log", "-" if isinstance(path, bytes) else str(path), "--format", "json"])
    return list(json.loads(capsys.readouterr().out)["logs"][0]["incidents"])


def told(found: list[dict[str, object]], offset: int = 0) -> list[dict[str, object]]:
    """Return what must not differ; lines as they are counted in the case."""
    rows = []
    for one in found:
        row = {name: one[name] for name in FOUND}
        assert isinstance(one["first"], int)
        assert isinstance(one["last"], int)
        rows.append({**row, "first": one["first"] - offset, "last": one["last"] - offset})
    return rows


UP = """\
[    0.000000] Linux version 6.16.1 (a@b) (gcc 14.2.0) #1 SMP
[    2.000001] virt/tdx: BIOS enabled: private KeyID range [32, 64)
[    6.000062] virt/tdx: module initialized"""
QEMU = "qemu-system-x86_64[{pid}]: KVM_TDX_INIT_VM failed: No space left on device"
# What speaks in one line, each of another program; no stem of TDX stands in most of them.
SPOKEN = (
    "qemu-system-x86_64[4711]: error: kvm run failed Input/output error",
    "qemu-system-x86_64[4711]: KVM: unknown exit, hardware reason e0000091",
    "qemu-system-x86_64[4711]: -accel kvm: vm-type tdx not supported by KVM",
    "qemu-system-x86_64[4711]: VFIO_MAP_DMA failed: No space left on device",
    "qemu-system-x86_64[4711]: TDX: get-quote: failed to read GetQuote header.",
    "libvirtd[812]: internal error: process exited while connecting to monitor: qemu-system-x86_64: TDX is not supported",
    "qgsd[771]: [QPL] No certificate data for this platform.",
    "qgsd[771]: [QCNL] Encountered CURL error: (7) Couldn't connect to server",
    "qgsd[771]: tee_att_get_quote_size return 0x11001",
    "qgsd[771]: Failed to get quote config. Error code is 0xb011",
    "kata[99]: 0/3 nodes are available: 3 Insufficient tdx.intel.com/keys.",
    "cloud-hypervisor[33]: error: Feature 'tdx' is broken",
    "td-console[5]: TdVmcall(MAPGPA) failed with 80000000000000",
    "td-console[5]: Failed to AcceptMemory with Device Error",
    "td-console[5]: EFI stub: ERROR: Failed to allocate unaccepted memory config table",
    "mpa[12]: ERROR: Registration Flow - PLATFORM_ESTABLISHMENT or TCB_RECOVERY failed. Error code: 402",
)


def of_form(form: str, text: str, number: int) -> str:
    program, _, said = text.partition(": ")
    name, _, pid = program.rstrip("]").partition("[")
    if form == "json":
        fields = {"_TRANSPORT": "journal", "SYSLOG_IDENTIFIER": name, "PRIORITY": "3", "_PID": pid}
        return json.dumps({**fields, "__MONOTONIC_TIMESTAMP": str((number + 9000) * 100_000), "MESSAGE": said})
    if form == "export":
        fields = {"_TRANSPORT": "journal", "SYSLOG_IDENTIFIER": name, "PRIORITY": "3", "_PID": pid, "MESSAGE": said}
        return "".join(f"{key}={value}\n" for key, value in {"__MONOTONIC_TIMESTAMP": str((number + 9000) * 100_000), **fields}.items())
    return f"Dec 01 10:00:{number % 60:02} node7 {text}" if form == "syslog" else f"[{number // 10 + 90:5}.{number % 10}00002] node7 {text}"


def export(number: int) -> str:
    return of_form("export", f"kubelet[1003]: sync loop took {number % 997} ms, pod {number}", number)


FILLING: dict[str, Callable[[int], str]] = {"syslog": syslog, "monotonic": monotonic, "json": entry, "export": export}


@pytest.mark.parametrize(("text", "form"), [(text, tuple(FILLING)[number % len(FILLING)]) for number, text in enumerate(SPOKEN)])
def test_one_message_of_a_program_in_a_large_journal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, form: str, text: str
) -> None:
    filling = list(padding(FILLING[form], 1_200_000))
    middle = len(filling) // 2
    filling[middle] = of_form(form, text, middle)
    large, small = tmp_path / "large.log", tmp_path / "small.log"
    large.write_text("\n".join(filling) + "\n")
    near = filling[middle - 20 : middle + 20]
    small.write_text("\n".join(near) + "\n")
    expected = incidents(small, capsys, monkeypatch)
    found = incidents(large, capsys, monkeypatch)
    assert expected
    lines = filling[: middle - 20]
    assert told(found, sum(line.count("\n") + 1 for line in lines)) == told(expected)


@pytest.mark.parametrize(("form", "where"), [("plain", "before"), ("gz", "behind"), ("pipe", "around")])
@pytest.mark.parametrize("case", CASES)
def test_a_paste_between_a_large_journal(  # noqa: PLR0917 - what pytest gives
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, case: str, where: str, form: str
) -> None:
    paste = SAMPLES / case / "paste.txt"
    before = list(padding(syslog, 1_300_000)) if where != "behind" else []
    behind = list(padding(syslog, 1_300_000)) if where != "before" else []
    text = "\n".join([*before, paste.read_text().rstrip("\n"), *behind]) + "\n"
    large = tmp_path / ("case.gz" if form == "gz" else "case.txt")
    large.write_bytes(gzip.compress(text.encode()) if form == "gz" else text.encode())
    found = incidents(text.encode() if form == "pipe" else large, capsys, monkeypatch)
    assert told(found, len(before)) == told(incidents(paste, capsys, monkeypatch))


@pytest.mark.parametrize("copies", [12_000])
def test_a_flood_of_one_failure_is_said_once_with_its_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, copies: int
) -> None:
    log = tmp_path / "journal.log"
    with log.open("w") as file:
        file.write(UP + "\n")
        for number in range(copies):
            file.write(of_form("syslog", QEMU.format(pid=2000 + number), number) + "\n")
            file.write(syslog(number) + "\n")
    (one,) = incidents(log, capsys, monkeypatch)
    assert (one["causes"], one["count"], one["first"], one["last"]) == (["keyids-exhausted"], copies, 4, 2 + 2 * copies)


def test_what_follows_a_flood_is_not_hidden_by_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = "[{at:5}.000001] virt/tdx: SEAMCALL (0x0000000000000008) failed: 0x8000020000000000"
    failed = "[90000.000001] virt/tdx: SEAMCALL (0x0000000000000008) failed: 0xc000080300000000"
    log = tmp_path / "dmesg.log"
    log.write_text("\n".join([UP, *(busy.format(at=100 + n) for n in range(30_000)), failed, ""]))
    calls = [call for one in incidents(log, capsys, monkeypatch) for call in one["calls"]]  # type: ignore[attr-defined]
    assert {call["status"] for call in calls} == {"0x8000020000000000", "0xc000080300000000"}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc")
def test_memory_stays_bounded_whatever_a_flood_says(tmp_path: Path) -> None:
    log = tmp_path / "journal.log"
    with log.open("w") as file:
        file.write(UP + "\n")
        for number in range(50_000):
            file.write(of_form("syslog", QEMU.format(pid=2000 + number), number) + f" (domain vm-{number * 7919 % 100_003:x})\n")
    told = "import sys; from tdxwhy.cli import main; main(sys.argv[1:]); print(open('/proc/self/status').read())"
    ran = subprocess.run([sys.executable, "-c", told, "log", str(log)], capture_output=True, text=True, check=False)
    (peak,) = (line.split()[1] for line in ran.stdout.splitlines() if line.startswith("VmHWM"))
    assert int(peak) < 60 << 10
    assert "50000 times" in ran.stdout


@pytest.mark.parametrize("form", ["syslog", "json", "export"])
def test_ingest_finds_what_one_program_says_in_a_large_journal(tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    filling = list(padding(FILLING[form], 1_200_000))
    for place in (3000, 4000):
        filling[place] = of_form(form, SPOKEN[6], place)
    (tmp_path / "journal.log").write_text("\n".join(filling) + "\n")
    main(["ingest", str(tmp_path / "journal.log"), "--store", str(tmp_path / "store")])
    capsys.readouterr()
    main(["fleet", "query", "select stage, cause, count from incidents", "--store", str(tmp_path / "store"), "--format", "json"])
    (row,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (row["stage"], row["count"]) == ("td-quote", 2)


def test_boots_with_the_same_kernel_lines_are_told_apart_by_their_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for host, said in (("a", SPOKEN[6]), ("b", "qgsd[771]: all is well")):
        kernel = [{"_TRANSPORT": "kernel", "PRIORITY": "6", "_HOSTNAME": host, "_BOOT_ID": host * 32} for _ in range(3)]
        rows = [
            {**one, "_SOURCE_MONOTONIC_TIMESTAMP": f"{n * 10**6}", "MESSAGE": text.partition("] ")[2]}
            for n, (one, text) in enumerate(zip(kernel, UP.splitlines(), strict=True))
        ]
        program = {"_TRANSPORT": "stdout", "SYSLOG_IDENTIFIER": "qgsd", "__MONOTONIC_TIMESTAMP": "9000000", "MESSAGE": said[11:]}
        lines = [*rows, {**program, "_HOSTNAME": host, "_BOOT_ID": host * 32}]
        (tmp_path / f"{host}.json").write_text("".join(json.dumps(one) + "\n" for one in lines))
    main(["ingest", str(tmp_path / "a.json"), str(tmp_path / "b.json"), "--store", str(tmp_path / "store")])
    capsys.readouterr()
    main(["fleet", "query", "select stage from incidents", "--store", str(tmp_path / "store"), "--format", "json"])
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_windows_of_which_most_lines_tell_are_read_without_a_search() -> None:
    assert Telling(anchors()).sound
