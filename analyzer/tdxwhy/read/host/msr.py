"""Model-specific registers of this machine, as the driver msr shows them to root; in a bundle a line each: number, value."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tdxwhy.digits import is_whole

# Where a bundle keeps them.
MSRS = "commands/msr.txt"
_MOST_CPUS = 8192


def read_msr(number: int, root: Path = Path("/")) -> str | None:
    """Return the value of a register as hexadecimal digits, that of CPU 0 and, where another differs, the first such with its CPU.

    None where none can be read: no driver, no privileges, or no such register.
    """
    values: dict[int, str] = {}
    for cpu in _cpus(root):
        value = _of_cpu(root / f"dev/cpu/{cpu}/msr", number)
        if value is not None:
            values[cpu] = value
    if not values:
        return None
    first = values[min(values)]
    other = next((f" ({value} on CPU {cpu})" for cpu, value in values.items() if value != first), "")
    return first + other


def parsed(text: str) -> dict[int, str]:
    """Read back what a bundle keeps: a line each such as `0x1401 3ffe000c00`."""
    found = {}
    for line in text.splitlines():
        number, _, value = line.partition(" ")
        with suppress(ValueError):
            found[int(number, 16)] = value.strip()
    return found


def _cpus(root: Path) -> Iterable[int]:
    with suppress(OSError):
        names = os.listdir(root / "dev/cpu")  # noqa: PTH208 - the names are wanted, not their paths
        return sorted(int(name) for name in names if is_whole(name, 5))[:_MOST_CPUS]
    return ()


def _of_cpu(path: Path, number: int) -> str | None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        data = os.pread(handle, 8, number)
    except OSError:
        return None
    finally:
        os.close(handle)
    return f"{int.from_bytes(data, 'little'):x}" if len(data) == 8 else None
