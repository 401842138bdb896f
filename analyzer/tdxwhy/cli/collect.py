"""`tdxwhy collect`: this machine's facts in one file that another person's `tdxwhy log` reads."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tdxwhy.cli.complaints import complain
from tdxwhy.cli.parsing import Parser
from tdxwhy.errors import TdxwhyError, reason
from tdxwhy.read.host.bundle import pack
from tdxwhy.read.host.collect import collect


def parser() -> argparse.ArgumentParser:
    """Return the arguments of `tdxwhy collect`."""
    made = Parser(
        own=True,
        prog="tdxwhy collect",
        description="Write the kernel log, command line, CPU topology, KVM parameters and module versions of this machine into one file. "
        "`tdxwhy log FILE` reads it anywhere. Host names, UUIDs, MAC addresses and serial numbers are replaced.",
    )
    made.add_argument(
        "-o", "--output", metavar="FILE", dest="bundle", default="tdxwhy-bundle.tar.gz", help="where to write, - for stdout (%(default)s)"
    )
    made.add_argument("--keep-names", action="store_true", help="keep host names, UUIDs, MAC addresses and serial numbers")
    return made


def run(args: argparse.Namespace) -> int:
    """Write the bundle; 0 even if some facts could not be read (stderr says which), 2 if there is no kernel log or it cannot be written."""
    machine = collect(args.keep_names)
    for line in machine.missing:
        complain(f"not collected: {line}")
    packed = pack(machine.files)
    if args.bundle == "-":
        sys.stdout.buffer.write(packed)
    else:
        try:
            Path(args.bundle).write_bytes(packed)
        except OSError as error:
            raise TdxwhyError(f"{args.bundle}: {reason(error)}") from error
        sys.stdout.write(f"{args.bundle}\n")
    return 0 if "kernel.log" in machine.files else 2
