"""`tdxwhy model`: the reference model of a kernel as a picture, or the kernels that are modelled."""

from __future__ import annotations

import argparse
import sys


def parser() -> argparse.ArgumentParser:
    """Return the arguments of `tdxwhy model`."""
    made = argparse.ArgumentParser(prog="tdxwhy model", description="Show what a kernel does to initialise TDX, step by step.")
    made.add_argument("generation", nargs="?", metavar="GENERATION", help="without it: the kernels that are modelled")
    made.add_argument("--format", choices=["text", "svg", "dot", "mermaid"], default="text")
    return made


def run(args: argparse.Namespace) -> int:
    """Print the picture, or the list."""
    from tdxwhy.replay.generation import generation, generations

    if args.generation is not None:
        from tdxwhy.report.model_picture import picture

        sys.stdout.write(picture(generation(args.generation), args.format))
        return 0
    for one in generations().values():
        names = ", ".join((one.name, *one.aliases))
        sys.stdout.write(f"{names:24} {'covered' if one.covered else 'not covered':12} {one.kernels}\n")
    return 0
