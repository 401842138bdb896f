"""`tdxwhy model`: the reference model of a kernel as a picture, the kernels that are modelled, a draft off source, and what changes."""

from __future__ import annotations

import argparse
import sys

from tdxwhy.cli.parsing import Parser
from tdxwhy.errors import TdxwhyError

_PICTURES = ("text", "svg", "dot", "mermaid")
_REPORTS = ("text", "json", "markdown", "html")


def parser() -> argparse.ArgumentParser:
    """Return the arguments of `tdxwhy model`."""
    made = Parser(
        prog="tdxwhy model",
        description="Show what a kernel does to initialise TDX, step by step; read it off a kernel's source; say what changes between two.",
        epilog="A kernel is a modelled one (6.16), a generation file, a source tree, or REPOSITORY@REVISION, which needs no checkout.",
    )
    made.add_argument(
        "generation", nargs="?", metavar="GENERATION", help="without it: the kernels that are modelled; or: extract TREE, diff A B"
    )
    made.add_argument(
        "tree", nargs="?", metavar="TREE", help="with extract: the tree, or REPOSITORY@REVISION; with diff: the kernel before"
    )
    made.add_argument("other", nargs="?", metavar="OTHER", help="with diff: the kernel after; not with REPOSITORY@BASE..HEAD")
    made.add_argument("--against", metavar="NAME", help="with extract: compare the draft with a modelled kernel, scenario by scenario")
    made.add_argument("--extends", metavar="NAME", help="with extract: write only what the modelled kernel NAME does not do")
    made.add_argument("--format", choices=list(dict.fromkeys((*_PICTURES, *_REPORTS))), default="text", help="how to print it")
    return made


def run(args: argparse.Namespace) -> int:
    """Print the picture, the list, a draft, or what changes."""
    from tdxwhy.replay.data import generations

    _check(args)
    if args.generation == "extract":
        return _extract(args)
    if args.generation == "diff":
        return _diff(args)
    if args.generation is not None:
        from tdxwhy.cli.complaints import taken_for
        from tdxwhy.replay.forecast import generation_named
        from tdxwhy.report.model_picture import picture

        kernel = generation_named(args.generation)
        taken_for(args.generation, kernel.name)
        sys.stdout.write(picture(kernel, args.format))
        return 0
    for one in generations().values():
        names = ", ".join((one.name, *one.aliases))
        sys.stdout.write(f"{names:24} {'covered' if one.covered else 'not covered':12} {one.kernels}\n")
    return 0


def _check(args: argparse.Namespace) -> None:
    verb = args.generation if args.generation in ("extract", "diff") else ""
    if args.against is not None and verb != "extract":
        raise TdxwhyError("only extract takes --against", "tdxwhy model extract TREE --against NAME")
    if args.extends is not None and verb != "extract":
        raise TdxwhyError("only extract takes --extends", "tdxwhy model extract TREE --extends NAME")
    if args.tree is not None and not verb:
        raise TdxwhyError("only extract and diff take a TREE", "tdxwhy model extract TREE")
    if args.other is not None and verb != "diff":
        raise TdxwhyError("only diff takes two kernels", "tdxwhy model diff A B")
    allowed = {"diff": _REPORTS, "extract": ("text",)}.get(verb, _PICTURES)
    if args.format not in allowed:
        raise TdxwhyError(f"--format {args.format} is not for this", f"known here: {', '.join(allowed)}")


def _extract(args: argparse.Namespace) -> int:
    """Draft a generation file; with --against, list where it parts from a modelled kernel, exit 1 if anywhere."""
    from tdxwhy.extract.draft import as_toml, draft
    from tdxwhy.source.kernel_tree import name_of, read_kernel

    if args.tree is None:
        raise TdxwhyError("extract wants a TREE", "tdxwhy model extract TREE")
    made = draft(read_kernel(args.tree), name_of(args.tree))
    if args.extends is not None:
        from tdxwhy.extract.kernels import extending

        sys.stdout.write(extending(made, args.extends))
        return 0
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


def _diff(args: argparse.Namespace) -> int:
    """Say what changes for users from one kernel to another."""
    from tdxwhy.extract.difference import difference
    from tdxwhy.extract.kernels import kernel, of_range
    from tdxwhy.report import model_diff as report
    from tdxwhy.report.terminal import painter

    if args.tree is None:
        raise TdxwhyError("diff wants two kernels, or REPOSITORY@BASE..HEAD", "tdxwhy model diff 6.16 7.1")
    before, after = (args.tree, args.other) if args.other is not None else of_range(args.tree)
    found = difference(kernel(before), kernel(after))
    if args.format == "json":
        text = report.as_json(found)
    elif args.format == "text":
        text = report.as_text(found, painter(sys.stdout))
    else:
        text = report.as_page(found, "model-diff.md" if args.format == "markdown" else "model-diff.html")
    sys.stdout.write(text)
    return 0
