"""An archive with a log and what belongs to it: written by `tdxwhy collect`, and sosreports as they are sent."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from typing import IO

from tdxwhy.noun import NamedTuple
from tdxwhy.read.opening import Opened, Raw
from tdxwhy.read.tar import streamed
from tdxwhy.records import Loss, Place

KERNEL_LOG = "kernel.log"
TOPOLOGY = "topology.json"
# The most telling first. A sosreport's members stand below a folder of its name.
LOGS = (KERNEL_LOG, "sos_commands/kernel/dmesg", "sos_commands/logs/journalctl_--no-pager_--boot", "var/log/dmesg", "var/log/kern.log")
SIDECARS = (TOPOLOGY, "sos_commands/processor/lscpu_-ae", "proc/cpuinfo", "sos_commands/processor/lscpu")
_MOST_BYTES = 64 << 20
_MOST_MEMBERS = 200_000
# The banner stands among the first lines of a boot.
HEAD = 1 << 16


class Unpacked(NamedTuple):
    """The log and the list of CPUs out of an archive, with their names there."""

    log: bytes | None
    log_name: str
    sidecar: bytes | None
    sidecar_name: str


def pack(files: Mapping[str, str]) -> bytes:
    """Return a tar.gz with the files; the same files give the same bytes."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", filename="", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as tar:
        for name, text in sorted(files.items()):
            data = text.encode("utf-8", "replace")
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o644
            tar.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def unpack(opened: Opened) -> tuple[Unpacked, list[Loss]]:
    """Read the members that tell something; nothing is written to disk, and no member's size is believed."""
    found: dict[str, bytearray] = {}
    losses: list[Loss] = []
    try:
        with streamed(Raw(opened)) as tar:
            for count, member in enumerate(tar):
                wanted = next((name for name in (*LOGS, *SIDECARS) if _is(member.name, name)), None)
                content = tar.extractfile(member) if wanted is not None and member.isfile() else None
                if content is not None and wanted is not None:
                    _read(content, found.setdefault(wanted, bytearray()))
                if {KERNEL_LOG, TOPOLOGY} <= found.keys() or count > _MOST_MEMBERS:
                    break
    except Exception as error:  # noqa: BLE001 - over broken bytes the library raises whatever comes to it
        losses.append(Loss(f"rest of an archive that is cut or broken ({type(error).__name__})", 1, Place(opened.name)))
    log = best_log(found)
    sidecar = next((name for name in SIDECARS if name in found), "")
    return Unpacked(_bytes(found, log), log, _bytes(found, sidecar), sidecar), losses


def best_log(found: Mapping[str, bytes | bytearray]) -> str:
    """Return the name of the log to read, of several of one boot the first that begins where the boot does, "" where there is none."""
    there = [name for name in LOGS if found.get(name)]
    whole = (name for name in there if b"Linux version " in bytes(found[name][:HEAD]))
    return next(whole, there[0] if there else "")


def _read(content: IO[bytes], into: bytearray) -> None:
    """Read a member piece by piece, so that of one that is cut the beginning is kept."""
    while len(into) < _MOST_BYTES and (part := content.read(tarfile.BLOCKSIZE)):
        into += part


def _bytes(found: Mapping[str, bytearray], name: str) -> bytes | None:
    return bytes(found[name]) if name in found else None


def _is(member: str, wanted: str) -> bool:
    path = member.removeprefix("./")
    return path == wanted or ("/" in wanted and path.partition("/")[2] == wanted)
