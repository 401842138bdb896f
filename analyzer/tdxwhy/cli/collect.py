"""`tdxwhy collect`: this machine's facts in one file that another person's `tdxwhy log` reads."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tdxwhy.cli.complaints import complain
from tdxwhy.cli.parsing import Parser
from tdxwhy.errors import TdxwhyError, reason
from tdxwhy.ranges import counted
from tdxwhy.read.host.bundle import pack
from tdxwhy.read.host.collect import collect
from tdxwhy.read.host.scrub import LEFT, PLURAL
from tdxwhy.read.host.tree import tree_of


def parser() -> argparse.ArgumentParser:
    """Return the arguments of `tdxwhy collect`."""
    made = Parser(
        own=True,
        prog="tdxwhy collect",
        description="Write the kernel log, command line, CPU topology, KVM parameters, kernel options, registers and versions of "
        "this machine into one file. `tdxwhy log FILE` and `tdxwhy ready --root FILE` read it anywhere. Host names, UUIDs, MAC, IP and "
        "mail addresses and serial numbers are replaced, and what was replaced is said.",
    )
    made.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        dest="bundle",
        default="tdxwhy-bundle.tar.gz",
        help="where to write, - for standard output (default: %(default)s)",
    )
    made.add_argument("--keep-names", action="store_true", help="keep host names, UUIDs, addresses and serial numbers")
    return made


def _more() -> dict[str, str]:
    """Return what `tdxwhy ready` looks at."""
    from tdxwhy.ready.bring import brought
    from tdxwhy.ready.examine import wanted

    return brought(tree_of(Path("/"), wanted()))


def run(args: argparse.Namespace) -> int:
    """Write the bundle; 0 even if some facts could not be read (stderr says which), 2 if there is no kernel log or it cannot be written."""
    machine = collect(args.keep_names, more=_more())
    for line in machine.missing:
        complain(f"not collected: {line}")
    if not args.keep_names:
        replaced = ", ".join(counted(count, kind, PLURAL.get(kind, "")) for kind, count in machine.scrubbed.items())
        complain(f"replaced: {replaced or 'no name'}; {LEFT}")
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
