"""`tdxwhy model`: the reference model of a kernel as a picture, the kernels that are modelled, or a draft read off a kernel's source."""

from __future__ import annotations

import argparse
import sys

from tdxwhy.cli.parsing import Parser
from tdxwhy.errors import TdxwhyError


def parser() -> argparse.ArgumentParser:
    """Return the arguments of `tdxwhy model`."""
    made = Parser(prog="tdxwhy model", description="Show what a kernel does to initialise TDX, step by step.")
    made.add_argument("generation", nargs="?", metavar="GENERATION", help="without it: the kernels that are modelled; or: extract TREE")
    made.add_argument(
        "tree", nargs="?", metavar="TREE", help="with extract: the kernel tree, or folder of C files, to draft a generation of"
    )
    made.add_argument("--against", metavar="NAME", help="with extract: compare the draft with a modelled kernel, scenario by scenario")
    made.add_argument("--format", choices=["text", "svg", "dot", "mermaid"], default="text")
    return made


def run(args: argparse.Namespace) -> int:
    """Print the picture, or the list."""
    from tdxwhy.replay.data import generation, generations

    if args.generation == "extract":
        return _extract(args)
    if args.tree is not None or args.against is not None:
        raise TdxwhyError("only extract takes a TREE and --against", "tdxwhy model extract TREE")
    if args.generation is not None:
        from tdxwhy.report.model_picture import picture

        sys.stdout.write(picture(generation(args.generation), args.format))
        return 0
    for one in generations().values():
        names = ", ".join((one.name, *one.aliases))
        sys.stdout.write(f"{names:24} {'covered' if one.covered else 'not covered':12} {one.kernels}\n")
    return 0


def _extract(args: argparse.Namespace) -> int:
    """Draft a generation file; with --against, list where it parts from a modelled kernel, exit 1 if anywhere."""
    from pathlib import Path

    from tdxwhy.extract.draft import as_toml, draft
    from tdxwhy.source.kernel_tree import read_kernel

    if args.tree is None:
        raise TdxwhyError("extract wants a TREE", "tdxwhy model extract TREE")
    made = draft(read_kernel(args.tree), Path(args.tree).name or "tree")
    if args.against is None:
        sys.stdout.write(as_toml(made))
        return 0
    from tdxwhy.extract.against import compare, reason
    from tdxwhy.replay.data import generation

    found = compare(as_toml(made), generation(args.against))
    for each in made.unseen:
        sys.stdout.write(f"not followed: {each}\n")
    for difference in found.differences:
        sys.stdout.write(f"{difference.title}: {reason(difference)}\n")
    sys.stdout.write(f"{found.scenarios - len(found.differences)} of {found.scenarios} scenarios agree with {args.against}\n")
    return 1 if found.differences else 0
